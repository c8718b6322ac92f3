"""What a simulator must offer so that policies can be rolled out in it, and our own behind it."""

from collections.abc import Mapping
from typing import Protocol

import numpy as np

from bridgelib.sim.demonstrations import goal_image
from bridgelib.sim.scene import Scene

Observation = Mapping[str, np.ndarray]


class Environment(Protocol):
    """One scene of one task. Another simulator is put behind these seven names, and nothing else is asked of it.

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

    def distance(self) -> float:
        """How far from done, in metres: of the object from where it belongs."""

    def goal_image(self) -> np.ndarray:
        """A picture of the task done in this very scene, uint8 [h, w, 3]."""


class SimulatedEnvironment:
    """A scene of `bridgelib.sim` as an `Environment`.

    Args:
        task: A key of `bridgelib.sim.tasks.TASKS`.
        seed: Of the scene.
        image_size: Height and width of the camera's images in pixels; those of the demonstrations.
    """

    def __init__(self, task: str, seed: int, image_size: tuple[int, int]):
        self.scene = Scene(task, seed, image_size)
        self.seed, self.instruction = seed, self.scene.task.instructions[0]
        self.reset, self.step = self.scene.reset, self.scene.step
        self.success, self.distance = self.scene.success, self.scene.distance

    def goal_image(self) -> np.ndarray:
        """The last frame of the expert's episode in this scene."""
        return goal_image(self.scene.task.name, self.seed, self.scene.image_size)
