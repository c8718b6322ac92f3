"""Goal images: what a scene looks like when its task is done."""

import numpy as np

from bridgelib.sim import expert
from bridgelib.sim.scene import Scene


def goal_image(task: str, seed: int, image_size: tuple[int, int]) -> np.ndarray:
    """The last frame of the expert's own episode, the only one that is rendered.

    Args:
        task: A key of TASKS.
        seed: Draws the episode.
        image_size: Height and width in pixels.

    Returns:
        uint8 [H, W, 3].

    Raises:
        ConfigError: There is no such task.
    """
    scene = Scene(task, seed, image_size)
    for action in expert.actions(scene):
        scene.move(action)
    return scene.observation()["image"]
