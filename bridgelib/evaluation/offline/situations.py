"""The inputs of a policy at a transition, observation and goal, as a robot would give them."""

from functools import cache
from typing import NamedTuple

import numpy as np

from bridgelib.data.chunks import history_frames
from bridgelib.errors import DataError
from bridgelib.evaluation.offline.data_split import DataSplit
from bridgelib.policy.policy import Policy

TOLD = {
    "none": "nothing",
    "image": "the last frame of the trajectory, as goal image",
    "language": "the first instruction of the trajectory",
}
"""How the policy is told what to do, by the goal of its spec."""


class Situation(NamedTuple):
    """B situations, as `Policy.predict_batch` takes them."""

    images: np.ndarray
    proprio: np.ndarray
    goals: dict[str, np.ndarray]


class Situations:
    """The situations of one split's transitions.

    A goal-conditioned policy is given the last frame of the trajectory, whatever nearer goals it was trained with,
    because a robot is given a picture of the end. Before the start of a trajectory its first frame repeats.

    Args:
        policy: The policy.
        split: The trajectories.

    Raises:
        DataError: The images are of another size than those that the policy was trained on.
    """

    def __init__(self, policy: Policy, split: DataSplit):
        self.policy, self._side = policy, split
        if split.records.image_shape != policy.spec.image_shape:
            raise DataError(
                split.records.files[0],
                given=f"images of shape {split.records.image_shape}",
                allowed=f"{policy.spec.image_shape}, as the policy was trained on",
                do="convert the data with the im_size of its training",
            )
        self._embedding = cache(lambda instruction: policy.goals(instruction=instruction)["language"])

    def at(self, trajectory: np.ndarray, step: np.ndarray) -> Situation:
        """The situations at these transitions: trajectories and their steps, int64 [B] each."""
        records, history = self._side.records, self.policy.spec.history
        first = records.first_frame[trajectory]
        frames = first + step if history is None else first[:, None] + history_frames(step, history)
        goals = {}
        match self.policy.spec.goal:
            case "image":
                goals["image"] = records.images(first + records.lengths[trajectory])
            case "language":
                goals["language"] = np.stack([self._embedding(self._side.instructions[each]) for each in trajectory])
        return Situation(records.images(frames), records.state[frames], goals)

    def newest(self, images: np.ndarray) -> np.ndarray:
        """The present frame of each situation, uint8 [B, H, W, 3]."""
        return images if self.policy.spec.history is None else images[:, -1]
