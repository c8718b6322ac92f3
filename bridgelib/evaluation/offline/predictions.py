"""Predicted actions: the policy's at every transition, and those of the nearest training images."""

from dataclasses import dataclass

import numpy as np

from bridgelib.data.prefetch import prefetched
from bridgelib.evaluation.neighbours import NeighbourIndex
from bridgelib.evaluation.offline.situations import Situation, Situations
from bridgelib.progress import Progress

_BATCH = 64  # fixed, and filled up at the end: another size would be another program, with other last bits


def predicted(
    situations: Situations, neighbours: NeighbourIndex, trajectory: np.ndarray, step: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Predict the actions at N transitions, by policy and by nearest neighbour; shows progress.

    Args:
        situations: The situations of the split that is evaluated.
        neighbours: The images of the training split.
        trajectory, step: int64 [N] each.

    Returns:
        The policy's actions, float32 [N, Ta, A], and the neighbours', float32 [N, A], both in the robot's units.

    Raises:
        DataError: A frame cannot be read.
    """
    batches, progress = _Batches(situations, trajectory, step), Progress(len(step), "transitions", "evaluating")
    chunks, nearest = [], []
    with prefetched(batches, 0, len(batches)) as ahead:
        for number, batch in enumerate(ahead):
            asked = min(_BATCH, len(step) - _BATCH * number)
            situation: Situation = batch["situation"]
            chunks.append(situations.policy.predict_batch(*situation)[:asked])
            found = neighbours.nearest(situations.newest(situation.images)[:asked])
            nearest.append(neighbours.actions[found])
            progress.advance(asked)
    return np.concatenate(chunks), np.concatenate(nearest)


@dataclass(frozen=True)
class _Batches:
    """The situations in batches of one size; the last is filled up with its last."""

    situations: Situations
    trajectory: np.ndarray
    step: np.ndarray

    def __len__(self) -> int:
        return -(-len(self.step) // _BATCH)

    def batch(self, number: int) -> dict[str, Situation]:
        places = np.minimum(number * _BATCH + np.arange(_BATCH), len(self.step) - 1)
        return {"situation": self.situations.at(self.trajectory[places], self.step[places])}
