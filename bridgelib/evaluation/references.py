"""The references that a policy is compared with in the same scenes, from the best to the worst.

expert      the scripted demonstrator, which knows where everything is
replay      its actions in the very scene, carried out again without looking
relabelled  the same, but the actions that training sees: the motion that was reached, an open or closed gripper
nearest     the action of the most similar training image
random      actions drawn from the training split
"""

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from bridgelib.data.actions import relabelled_actions
from bridgelib.evaluation.environment import Observation, SimulatedEnvironment
from bridgelib.evaluation.neighbours import NeighbourIndex
from bridgelib.sim import expert
from bridgelib.sim.scene import Scene


class Scripted:
    """An actor that follows a list of actions in each scene without looking, and then holds still.

    Args:
        actions: Scene -> its actions, float [7] each; drawn one at a time, so the expert may look into the scene.
    """

    def __init__(self, actions: Callable[[SimulatedEnvironment], Iterator[np.ndarray]]):
        self._actions = actions

    def begin(self, environments: Sequence[SimulatedEnvironment]) -> None:
        """See `Actor`."""
        self._running = [self._actions(environment) for environment in environments]
        self._last = [np.zeros(7)] * len(environments)

    def act(self, observations: Sequence[Observation | None]) -> list[np.ndarray | None]:
        """See `Actor`."""
        return [None if seen is None else self._next(number) for number, seen in enumerate(observations)]

    def _next(self, number: int) -> np.ndarray:
        still = np.append(np.zeros(6), self._last[number][6])
        self._last[number] = next(self._running[number], still)
        return self._last[number]


def demonstrator() -> Scripted:
    """The expert."""
    return Scripted(lambda environment: expert.actions(environment.scene))


def replayer(relabel: bool = False) -> Scripted:
    """The actions of a demonstration in the very scene, as TFRecords hold them or as training relabels them."""

    def actions(environment: SimulatedEnvironment) -> Iterator[np.ndarray]:
        scene = Scene(environment.scene.task.name, environment.seed, environment.scene.image_size)
        states, commanded = [scene.state.copy()], []
        for action in expert.actions(scene):
            commanded.append(action)
            scene.move(action)
            states.append(scene.state.copy())
        stored = np.array(commanded, np.float32)
        return iter(relabelled_actions(np.array(states, np.float32), stored) if relabel else stored)

    return Scripted(actions)


def random_actor(actions: np.ndarray) -> Scripted:
    """Actions drawn with replacement from those given, float32 [N, 7]; the scene's seed decides which."""

    def drawn(environment: SimulatedEnvironment) -> Iterator[np.ndarray]:
        generator = np.random.Generator(np.random.Philox(environment.seed))
        while True:
            yield actions[generator.integers(len(actions))]

    return Scripted(drawn)


class Nearest:
    """The action of the training image that is most like the present one.

    Args:
        known: The training images with their actions, float32 [N, 7].
    """

    def __init__(self, known: NeighbourIndex):
        self._known = known

    def begin(self, environments: Sequence[SimulatedEnvironment]) -> None:
        """See `Actor`; it remembers nothing."""

    def act(self, observations: Sequence[Observation | None]) -> list[np.ndarray | None]:
        """See `Actor`."""
        acting = [number for number, seen in enumerate(observations) if seen is not None]
        actions: list[np.ndarray | None] = [None] * len(observations)
        if acting:
            images = np.stack([seen["image"] for seen in observations if seen is not None])
            for number, row in zip(acting, self._known.nearest(images), strict=True):
                actions[number] = self._known.actions[row]
        return actions
