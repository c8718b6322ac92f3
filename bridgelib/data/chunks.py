"""Windows over a trajectory: the frames an observation looks back on, the actions a sample predicts ahead.

Action chunks: Zhao et al. 2023, "ACT"; with a history of observations: Chi et al. 2023, "Diffusion Policy".
"""

import numpy as np


def history_frames(step: np.ndarray, horizon: int) -> np.ndarray:
    """The last `horizon` frames up to each step, oldest first; before the start the first frame repeats.

    Args:
        step: int64 [B]; number of the transition in its trajectory.
        horizon: Frames per observation, 1 or more.

    Returns:
        int64 [B, horizon]; frame numbers in the trajectory.
    """
    # repeated, not left out: at the start of an episode a robot has no more frames than that either
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


def demonstrated(step: np.ndarray, length: np.ndarray, horizon: int) -> np.ndarray:
    """Which actions of these chunks were demonstrated, and do not lie beyond the end: bool [B, horizon].

    Takes what `action_chunk` takes.
    """
    return step[:, None] + np.arange(horizon) < length[:, None]


def held_still(actions: np.ndarray, shown: np.ndarray, no_motion: np.ndarray) -> np.ndarray:
    """Chunks that stand still beyond the end: there nothing moves, and the gripper stays as last commanded.

    Args:
        actions: float32 [B, horizon, A], normalised; the last action repeats beyond the end, the gripper's is its last
            number.
        shown: bool [B, horizon]; see `demonstrated`.
        no_motion: float32 [A]; an action of zeros in the robot's units, normalised.

    Returns:
        float32 [B, horizon, A].
    """
    # actions are motions, so repeating the last one would move on; the gripper's is a state, and repeating it holds
    still = np.concatenate([np.broadcast_to(no_motion[:-1], actions[..., :-1].shape), actions[..., -1:]], axis=-1)
    return np.where(shown[..., None], actions, still)
