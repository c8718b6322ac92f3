"""A trained policy as an actor: it gets the observations and the goal that a robot would give it."""

from collections.abc import Mapping, Sequence

import numpy as np

from bridgelib.evaluation.environment import Environment, Observation
from bridgelib.evaluation.rollouts import WIDTH
from bridgelib.policy.memory import Memory
from bridgelib.policy.policy import Policy


class PolicyActor:
    """A policy in many scenes at once: one call of the network for all that must predict.

    Args:
        policy: As `bridgelib.policy.load` gives it.
        instructions: For a policy that follows instructions: the seed of a scene chooses one of these; none of them
            for the scenes' own instructions.
    """

    def __init__(self, policy: Policy, instructions: Sequence[str] = ()):
        self._policy, self._instructions = policy, instructions
        self._black = np.zeros(policy.spec.image_shape, np.uint8)  # the image for a blind policy, which needs no camera
        self._memories: list[Memory] = []
        self._goals: list[Mapping[str, np.ndarray]] = []

    def begin(self, environments: Sequence[Environment]) -> None:
        """See `Actor`."""
        self._memories = [self._policy.begin() for _ in environments]
        self._goals = [self._goal(environment) for environment in environments]

    def _goal(self, environment: Environment) -> Mapping[str, np.ndarray]:
        match self._policy.spec.goal:
            case "image":
                return self._policy.goals(goal=self._policy.prepare(environment.goal_image()))
            case "language":
                told = self._instructions
                instruction = told[environment.seed % len(told)] if told else environment.instruction
                return self._policy.goals(instruction=instruction)
            case _:
                return {}

    def act(self, observations: Sequence[Observation | None]) -> list[np.ndarray | None]:
        """See `Actor`."""
        acting = {number: seen for number, seen in enumerate(observations) if seen is not None}
        for number, seen in acting.items():
            image = self._policy.prepare(seen["image"]) if "image" in seen else self._black
            self._memories[number].see(image, np.asarray(seen["state"], np.float32))
        self._predict([number for number in acting if self._memories[number].must_predict])
        return [
            self._memories[number].next_action() if observation is not None else None
            for number, observation in enumerate(observations)
        ]

    def _predict(self, numbers: Sequence[int]) -> None:
        """Predict for these scenes; the batch is filled up to WIDTH, so that the network is compiled once."""
        if not numbers:
            return
        rows = [*numbers, *[numbers[-1]] * (WIDTH - len(numbers))]
        images, proprio = zip(*(self._memories[row].observed() for row in rows), strict=True)
        goals = {key: np.stack([self._goals[row][key] for row in rows]) for key in self._goals[rows[0]]}
        predictions = self._policy.predict_batch(np.stack(images), np.stack(proprio), goals)
        for number, actions in zip(numbers, predictions, strict=False):
            self._memories[number].predicted(actions)
