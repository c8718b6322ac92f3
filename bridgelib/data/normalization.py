"""Actions and proprio in units that networks like, and back."""

from typing import get_args

import numpy as np

from bridgelib.config.algorithms.parts import Normalization
from bridgelib.data.statistics import Moments, Statistics
from bridgelib.errors import ConfigError, did_you_mean

KINDS = get_args(Normalization)


class LinearNormalizer:
    """x -> (x - offset) / scale, cut to [0, 1] where the kind is "bounds"; float32 out.

    A dimension that never varies in the training split has scale 1: it is moved to 0, and nothing divides by zero. One
    that hardly varies has the scale of the moments' floor: else what differs in the last bit would be as large as
    motion is elsewhere, and a hundredth of a radian a hundred thousand.
    """

    def __init__(self, moments: Moments | None, kind: str):
        self._offset, self._scale, self._cut = np.zeros(()), np.ones(()), kind == "bounds"
        if kind != "none":
            assert moments is not None, f"{kind} without statistics"
            self._offset = np.asarray(moments.min if self._cut else moments.mean)
            scale = np.asarray(moments.max) - self._offset if self._cut else np.asarray(moments.std)
            self._scale = divisor(scale, moments.floor)

    def forward(self, values: np.ndarray) -> np.ndarray:
        """[..., dimensions] in the robot's units -> float32 of the same shape, normalised."""
        normalised = (np.asarray(values, np.float64) - self._offset) / self._scale
        return (np.clip(normalised, 0, 1) if self._cut else normalised).astype(np.float32)

    def inverse(self, values: np.ndarray) -> np.ndarray:
        """[..., dimensions] normalised -> float32 of the same shape, in the robot's units."""
        return (np.asarray(values, np.float64) * self._scale + self._offset).astype(np.float32)


def divisor(spread: np.ndarray, floor: np.ndarray) -> np.ndarray:
    """What numbers of this spread are divided by, float64 [dimensions]: at least the floor, and 1 where there is none.

    By size, not by sign: the predecessor's published "bounds" are mean and deviation, and run backwards.
    """
    floored = np.where(np.abs(spread) < floor, floor, spread)
    return np.where(spread == 0, 1.0, floored)  # tests the spread: the floor hides a 0


class Normalizer:
    """Normalises actions and proprio with the statistics of the training split.

    Args:
        statistics: Of the training split; may be None for the kind "none".
        kind: "normal" for mean 0 and standard deviation 1, "bounds" for [0, 1] between minimum and maximum (values
            outside are cut), "none" for values as they are.

    Attributes:
        action, proprio: An `LinearNormalizer` each, with `forward` and `inverse`.

    Raises:
        ConfigError: Another kind.
    """

    def __init__(self, statistics: Statistics | None, kind: str):
        if kind not in KINDS:
            hint = did_you_mean(kind, KINDS) or "choose one of the allowed kinds"
            raise ConfigError("dataset_kwargs.normalization_type", given=kind, allowed=KINDS, do=hint)
        self.kind = kind
        self.action = LinearNormalizer(statistics.action if statistics else None, kind)
        self.proprio = LinearNormalizer(statistics.proprio if statistics else None, kind)
