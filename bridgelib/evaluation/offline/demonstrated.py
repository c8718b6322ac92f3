"""What was demonstrated: the actions that predicted ones are compared with."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from bridgelib.config.algorithms.parts import Angles
from bridgelib.data.records import Records
from bridgelib.data.samples import learnt_actions


@dataclass(frozen=True, eq=False)
class Demonstrated:
    """The actions of K trajectories, whole and one after the other: N transitions.

    Attributes:
        lengths: int64 [K]; transitions of each trajectory.
        actions: float32 [N, A], as training sees them, in the robot's units.
    """

    lengths: np.ndarray
    actions: np.ndarray

    @classmethod
    def of(
        cls, records: Records, relabel: bool, trajectories: np.ndarray, angles: Angles = "wrapped"
    ) -> "Demonstrated":
        """The actions of some trajectories, int64 [K], of these records; relabelled as `learnt_actions` does it."""
        learnt, lengths = learnt_actions(records, relabel, angles), records.lengths[trajectories]
        parts = [
            learnt[first : first + length]
            for first, length in zip(records.first_action[trajectories], lengths, strict=True)
        ]
        return cls(lengths, np.concatenate(parts))

    def __len__(self) -> int:
        """How many transitions there are."""
        return len(self.actions)

    @cached_property
    def firsts(self) -> np.ndarray:
        """int64 [K]; the number of each trajectory's first transition."""
        return np.cumsum(self.lengths) - self.lengths

    @cached_property
    def trajectory(self) -> np.ndarray:
        """int64 [N]; in which of the K trajectories a transition is."""
        return np.repeat(np.arange(len(self.lengths)), self.lengths)

    @cached_property
    def step(self) -> np.ndarray:
        """int64 [N]; its number in its trajectory, from 0 on."""
        return np.arange(len(self)) - self.firsts[self.trajectory]

    @cached_property
    def left(self) -> np.ndarray:
        """int64 [N]; how many transitions its trajectory has from it on, itself among them."""
        return self.lengths[self.trajectory] - self.step

    def rows(self, number: int) -> slice:
        """The transitions of one of the K trajectories."""
        return slice(self.firsts[number], self.firsts[number] + self.lengths[number])
