"""Windows over a trajectory: the frames an observation looks back on, the actions a sample predicts ahead."""

import numpy as np


def history_frames(step: np.ndarray, horizon: int) -> np.ndarray:
    """The last `horizon` frames up to each step, oldest first; before the start the first frame repeats.

    Args:
        step: int64 [B]; number of the transition in its trajectory.
        horizon: Frames per observation, 1 or more.

    Returns:
        int64 [B, horizon]; frame numbers in the trajectory.
    """
    return np.maximum(step[:, None] + np.arange(1 - horizon, 1), 0)


def action_chunk(step: np.ndarray, length: np.ndarray, horizon: int) -> np.ndarray:
    """The next `horizon` actions from each step on; beyond the end the last action repeats.

    Args:
        step: int64 [B]; number of the transition in its trajectory.
        length: int64 [B]; number of transitions of its trajectory.
        horizon: Actions per sample, 1 or more.

    Returns:
        int64 [B, horizon]; action numbers in the trajectory.
    """
    return np.minimum(step[:, None] + np.arange(horizon), length[:, None] - 1)
