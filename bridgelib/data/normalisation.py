"""Actions and proprio in units that networks like, and back."""

from typing import Protocol, get_args

import numpy as np

from bridgelib.config.algorithms.parts import Normalisation
from bridgelib.errors import ConfigError, did_you_mean

KINDS = get_args(Normalisation)


class Moments(Protocol):
    """What the training side says about one quantity; float64 [dimensions] each."""

    mean: np.ndarray
    std: np.ndarray
    min: np.ndarray
    max: np.ndarray
    floor: np.ndarray


class Affine:
    """x -> (x - offset) / scale, cut to [0, 1] where the kind is "bounds"; float32 out.

    A dimension that never varies in the training side has scale 1: it is moved to 0, and nothing divides by zero. One
    that hardly varies has the scale of the moments' floor: else what differs in the last bit would be as large as
    motion is elsewhere, and a hundredth of a radian a hundred thousand.
    """

    def __init__(self, moments: Moments | None, kind: str):
        if kind == "normal":
            self._offset, scale = np.asarray(moments.mean), np.asarray(moments.std)
        elif kind == "bounds":
            self._offset, scale = np.asarray(moments.min), np.asarray(moments.max) - np.asarray(moments.min)
        else:
            self._offset, scale = np.float64(0), np.float64(1)
        self._scale = scale if kind == "none" else divisor(scale, moments.floor)
        self._cut = kind == "bounds"

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
    return np.where(spread == 0, 1.0, floored)


class Normaliser:
    """Normalises actions and proprio with the statistics of the training side.

    Args:
        statistics: Has `action` and `proprio`, each `Moments`; may be None for the kind "none".
        kind: "normal" for mean 0 and standard deviation 1, "bounds" for [0, 1] between minimum and maximum (values
            outside are cut), "none" for values as they are.

    Attributes:
        action, proprio: An `Affine` each, with `forward` and `inverse`.

    Raises:
        ConfigError: Another kind.
    """

    def __init__(self, statistics, kind: str):
        if kind not in KINDS:
            hint = did_you_mean(kind, KINDS) or "choose one of the allowed kinds"
            raise ConfigError("dataset_kwargs.normalization_type", given=kind, allowed=KINDS, do=hint)
        self.kind = kind
        self.action = Affine(getattr(statistics, "action", None), kind)
        self.proprio = Affine(getattr(statistics, "proprio", None), kind)
