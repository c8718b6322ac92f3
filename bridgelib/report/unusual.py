"""How unusual a trajectory is among those of its task: by its length, speed, gripper, and likeness to the others."""

from collections.abc import Sequence

import numpy as np

POINTS = 16  # of a path, whatever its length

FEATURES = ("length", "speed", "gripper", "path")
"""What is compared: transitions; metres a step; how far the gripper goes; metres from the task's median path."""

_FLOORS = np.array([1.0, 1e-3, 0.2, 0.01])  # less than this is no difference
NOTABLE = 3.5
"""A score from which a trajectory counts as unusual (Iglewicz & Hoaglin 1993, "How to detect and handle outliers")."""


def features(trajectories: Sequence[tuple[np.ndarray, np.ndarray]]) -> np.ndarray:
    """The features of each trajectory.

    Args:
        trajectories: N of them, each with its states, float32 [T+1, 7], and its actions, float32 [T, 7].

    Returns:
        float64 [N, 4]; see `FEATURES`.
    """
    paths = np.array([_path(state[:, :3]) for state, _ in trajectories])  # [N, POINTS, 3]
    apart = np.linalg.norm(paths - np.median(paths, axis=0), axis=-1).mean(axis=-1)
    rows = [
        (
            len(actions),
            np.linalg.norm(np.diff(state[:, :3], axis=0), axis=-1).mean(),
            np.abs(np.diff(state[:, 6])).sum(),
        )
        for state, actions in trajectories
    ]
    return np.column_stack([np.array(rows, np.float64), apart])


def scores(table: np.ndarray) -> np.ndarray:
    """How far each feature is from that of most: modified z-scores, float64 [N, 4], signed.

    0.6745 (x - median) / MAD, in which the MAD is not less than what counts as a difference.

    Args:
        table: float64 [N, 4]; see `features`.
    """
    away = table - np.median(table, axis=0)
    spread = np.maximum(np.median(np.abs(away), axis=0), _FLOORS)
    return 0.6745 * away / spread


def _path(places: np.ndarray) -> np.ndarray:
    """Places [T+1, 3] at POINTS moments, spread evenly over the time: float64 [POINTS, 3]."""
    moments = np.linspace(0, len(places) - 1, POINTS)
    steps = np.arange(len(places))
    return np.column_stack([np.interp(moments, steps, column) for column in places.T])
