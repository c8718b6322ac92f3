"""What a simulator must offer so that policies can be rolled out in it, and our own behind it."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

import numpy as np

from bridgelib.errors import ConfigError
from bridgelib.sim.goals import goal_image
from bridgelib.sim.plan import FIRST_DEMONSTRATION_SEED
from bridgelib.sim.scene import Scene

Observation = Mapping[str, np.ndarray]


class Environment(Protocol):
    """One scene of one task. To put another simulator behind this, offer these names; nothing else is asked for.

    Attributes:
        seed: Draws the scene: the same seed is the same scene, and the same actions lead to the same end.
        instruction: What is to be done, in words.
    """

    seed: int
    instruction: str

    def reset(self) -> Observation:
        """Begin the episode anew: `image` uint8 [h, w, 3] in RGB, `state` float [P] in metres, radians, 1 = open."""

    def step(self, action: np.ndarray) -> Observation:
        """Carry out an action, float [A] as BridgeData has them; the observation after it."""

    def success(self) -> bool:
        """Whether the task is done now."""

    def other_success(self) -> bool:
        """Whether something else is done now that the scene allows as well; False where it allows nothing else."""

    def distance(self) -> float:
        """How far from done, in metres: of the object from where it belongs."""

    def goal_image(self) -> np.ndarray:
        """A picture of the task done in this very scene, uint8 [h, w, 3]."""


class SimulatedEnvironment:
    """A scene of `bridgelib.sim` as an `Environment`.

    Args:
        task: A key of `bridgelib.sim.tasks.TASKS`.
        seed: The seed of the scene, below those of demonstrations.
        image_size: Height and width of the camera's images in pixels; those of the demonstrations.
        camera: Whether observations have an image. Rendering takes longest, so actors that do not look go without.

    Attributes:
        scene: The whole state of the scene, for the scripted expert; no policy is shown it.

    Raises:
        ConfigError: There is no such task, or a demonstration may have this seed.
    """

    def __init__(self, task: str, seed: int, image_size: tuple[int, int], camera: bool = True):
        if not 0 <= seed < FIRST_DEMONSTRATION_SEED:
            allowed = f"from 0 to {FIRST_DEMONSTRATION_SEED - 1}: others are of demonstrations"
            raise ConfigError("seed of a scene", given=seed, allowed=allowed, do="choose seeds below")
        self.seed, self._made = seed, (task, seed, image_size)
        self.scene = Scene(*self._made)
        self.instruction, self._camera = self.scene.task.instructions[0], camera

    def reset(self) -> Observation:
        """See `Environment`."""
        self.scene = Scene(*self._made)
        return self._observation()

    def step(self, action: np.ndarray) -> Observation:
        """See `Environment`."""
        self.scene.move(action)
        return self._observation()

    def success(self) -> bool:
        """See `Environment`."""
        return self.scene.success()

    def other_success(self) -> bool:
        """See `Environment`."""
        return self.scene.other_success()

    def distance(self) -> float:
        """See `Environment`."""
        return self.scene.distance()

    def _observation(self) -> Observation:
        return self.scene.observation() if self._camera else {"state": self.scene.state.copy()}

    def goal_image(self) -> np.ndarray:
        """The last frame of the expert's episode in this scene."""
        return goal_image(*self._made)


def refuse_without_scenes(tasks: Iterable[str], seeds: Sequence[int], image_size: tuple[int, int]) -> None:
    """Refuse tasks, seeds and sizes that no scene can have, before the first scene begins.

    Args:
        tasks, seeds, image_size: As `SimulatedEnvironment` takes them; one seed or more.

    Raises:
        ConfigError: There is no such task, or a demonstration may have one of the seeds.
    """
    for task in tasks:
        for seed in (min(seeds), max(seeds)):
            SimulatedEnvironment(task, seed, image_size, camera=False)
