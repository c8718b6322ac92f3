"""An agent whose actions tell what it was asked, and a spec around it."""

import numpy as np

from bridgelib.data.statistics import Moments, Statistics
from bridgelib.policy import PolicySpec

MEAN, STD = np.arange(7) / 10, np.arange(1, 8) / 100
STATISTICS = Statistics(
    action=Moments(MEAN, STD, MEAN - 1, MEAN + 1),
    proprio=Moments(MEAN + 5, STD, MEAN, MEAN + 9),
    trajectories=3,
    transitions=30,
)


class FakeAgent:
    """Predicts for step t of a chunk: dimension 0 is the mean of the newest image plus t. Keeps what it was given."""

    def __init__(self, chunk: int | None = None):
        self.chunk, self.asked = chunk, []

    def sample_actions(self, observations, goals=None):
        self.asked.append((observations, goals))
        images = observations["image"]
        newest = images[:, -1] if images.ndim == 5 else images
        actions = np.zeros((len(images), self.chunk or 1, 7), np.float32)
        actions[:, :, 0] = newest.mean(axis=(1, 2, 3))[:, None] + np.arange(self.chunk or 1)
        return actions if self.chunk else actions[:, 0]


def spec(**changes) -> PolicySpec:
    values = {
        "algorithm": "bc",
        "config": {"agent_kwargs": {"use_proprio": False}, "encoder": "", "encoder_kwargs": {}},
        "image_shape": (4, 4, 3),
        "proprio_size": 7,
        "action_size": 7,
        "history": None,
        "chunk": None,
        "goal": "none",
        "language_size": None,
        "normalisation": "normal",
        "statistics": STATISTICS,
        "step": 1,
    }
    return PolicySpec(**{**values, **changes})


def image(value: int, size: int = 4) -> np.ndarray:
    return np.full((size, size, 3), value, np.uint8)
