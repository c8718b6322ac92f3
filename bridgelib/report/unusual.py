"""How unusual a trajectory is among those of its task: by its length, speed, gripper, and likeness to the others."""

import numpy as np

POINTS = 16  # of a path, whatever its length

FEATURES = ("length", "speed", "gripper", "path")
"""What is compared: transitions; metres a step; how far the gripper goes; metres from the task's median path."""

_FLOORS = np.array([1.0, 1e-3, 0.2, 0.01])  # less than this is no difference
_RARE = 0.1
NOTABLE = 3.5
"""A score from which a trajectory counts as unusual (Iglewicz & Hoaglin 1993, "How to detect and handle outliers")."""


def features(state: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """The features of N trajectories of one transition or more.

    Args:
        state: float32 [F, 7]; their states, one trajectory after the other.
        offsets: int64 [N+1]; where each begins, and F.

    Returns:
        float64 [N, 4]; see `FEATURES`.
    """
    lengths = np.diff(offsets) - 1
    steps = np.abs(np.diff(state.astype(np.float64), axis=0, append=0))  # [F, 7]
    steps[offsets[1:] - 1] = 0  # from the end of one to the beginning of the next
    speed = np.add.reduceat(np.linalg.norm(steps[:, :3], axis=-1), offsets[:-1]) / lengths
    gripper = np.add.reduceat(steps[:, 6], offsets[:-1])
    moments = offsets[:-1, None] + np.rint(np.linspace(0, lengths, POINTS, axis=-1)).astype(np.int64)  # [N, POINTS]
    paths = state[moments, :3]
    apart = np.linalg.norm(paths - np.median(paths, axis=0), axis=-1).mean(axis=-1)
    return np.column_stack([lengths, speed, gripper, apart])


def scores(table: np.ndarray) -> np.ndarray:
    """How far each feature is from that of most: modified z-scores, float64 [N, 4], signed.

    0.6745 (x - median) / MAD, in which the MAD is not less than what counts as a difference. What more than one in ten
    do is not unusual, however far it is from what most do, such as a second grasp where the first one missed; so on
    either side no more than that tenth scores above `NOTABLE`.

    Args:
        table: float64 [N, 4]; see `features`.
    """
    away = table - np.median(table, axis=0)
    least = np.maximum(np.median(np.abs(away), axis=0), _FLOORS)
    above, below = (np.maximum(least, 0.6745 * _common(side) / NOTABLE) for side in (away, -away))
    return 0.6745 * away / np.where(away > 0, above, below)


def _common(away: np.ndarray) -> np.ndarray:
    """How far all but a tenth go at most to the positive side; float64 [N, 4] -> [4]."""
    return np.quantile(np.maximum(away, 0), 1 - _RARE, axis=0, method="lower")
