"""Demonstrations of a few numbers."""

import numpy as np

from bridgelib.evaluation.offline.demonstrated import Demonstrated


def demonstrated(lengths, gripper=None) -> Demonstrated:
    """Trajectories of these lengths; all numbers of action i are i, but for the gripper where it is given."""
    count = sum(lengths)
    actions = np.repeat(np.arange(count, dtype=np.float32)[:, None], 7, axis=1)
    if gripper is not None:
        actions[:, 6] = gripper
    return Demonstrated(np.array(lengths), actions)
