"""Angles turn round: their differences, and where a list of them lies on both sides of ±π."""

import numpy as np

HALF_TURN = np.nextafter(np.float32(np.pi), np.float32(0))
"""The largest float32 below π."""

_FOLLOWED_BEYOND = 3.2  # radians: no angle that turns round is larger, whatever the rounding


def wrapped(differences: np.ndarray) -> np.ndarray:
    """Differences of angles in radians brought to [-π, π): float32 of the same shape, [...].

    Those that lie there already stay as they are, to the last bit.
    """
    turns = np.floor(np.asarray(differences, np.float64) / (2 * np.pi) + 0.5)  # half a turn is -π, not π
    shorter = np.clip(differences - 2 * np.pi * turns, -HALF_TURN, HALF_TURN)
    return np.where(crosses(differences), shorter, differences).astype(np.float32)


def crosses(differences: np.ndarray) -> np.ndarray:
    """Whether differences of angles, taken as plain numbers, leave [-π, π): bool of the same shape."""
    return np.abs(differences) > HALF_TURN


def straddle(angles: np.ndarray) -> bool:
    """Whether angles, float [N] in radians, lie on both sides of ±π, so that their mean and spread mean nothing.

    They do where the shortest arc that holds them all runs through ±π. Angles that were followed beyond ±π do not.
    """
    ordered = np.sort(angles)
    if not len(ordered) or np.abs(ordered[[0, -1]]).max() > _FOLLOWED_BEYOND:
        return False
    gap_at_half_turn = ordered[0] + 2 * np.pi - ordered[-1]
    largest_gap_elsewhere = np.diff(ordered, prepend=ordered[0]).max()
    return bool(gap_at_half_turn < min(np.pi / 2, largest_gap_elsewhere))
