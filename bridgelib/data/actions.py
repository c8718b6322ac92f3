"""Actions as training sees them: the motion that was reached, and a gripper that is open or closed."""

import numpy as np

from bridgelib.config.algorithms.parts import Angles
from bridgelib.data.angles import wrapped
from bridgelib.data.dimensions import ANGLES
from bridgelib.raw.gripper import CLOSED_BELOW, OPEN_ABOVE


def relabelled_actions(state: np.ndarray, actions: np.ndarray, angles: Angles = "wrapped") -> np.ndarray:
    """Actions of one trajectory, relabelled with what the robot did.

    The first six numbers are the next state minus the state; the seventh is the binarised gripper command.

    Args:
        state: [T+1, 7] float32; x, y, z in metres, roll, pitch, yaw in radians, gripper.
        actions: [T, 7] float32, as commanded.
        angles: "wrapped": a rotation across ±π is what it is, in [-π, π). "plain": it is a turn of almost 2π, as the
            predecessor has it.

    Returns:
        [T, 7] float32.
    """
    # what was reached, not commanded: the arm lags behind, and only this agrees with the frames
    motion = np.diff(state[:, :6], axis=0)
    if angles == "wrapped":
        motion[:, ANGLES] = wrapped(motion[:, ANGLES])
    gripper = binarised_gripper(actions[:, 6])  # the command: the gripper's state stops at what it holds
    return np.concatenate([motion, gripper[:, None]], axis=1, dtype=np.float32)


def binarised_gripper(commands: np.ndarray) -> np.ndarray:
    """Gripper commands as 1 (open) or 0 (closed).

    A command above 0.95 is open, one below 0.05 closed; one in between takes the value that is reached after it.
    Where the trajectory ends in between, nothing is reached: those last commands all take the very last as it is.
    In plain Python:

        reached = commands[-1]
        for t in reversed(range(T)):
            if commands[t] > 0.95 or commands[t] < 0.05:
                reached = float(commands[t] > 0.95)
            binarised[t] = reached

    Args:
        commands: [T] float32.

    Returns:
        [T] float32.
    """
    length = len(commands)
    is_open = commands > OPEN_ABOVE
    is_settled = is_open | (commands < CLOSED_BELOW)
    settled_at = np.where(is_settled, np.arange(length), length)
    next_settled = np.minimum.accumulate(settled_at[::-1])[::-1]  # T where nothing is reached any more
    reached = np.append(is_open.astype(np.float32), commands[-1:].astype(np.float32))
    return reached[next_settled]
