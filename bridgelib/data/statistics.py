"""Mean, standard deviation and range of actions and proprio, as training sees them: exact, whatever the order."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from bridgelib.data.actions import relabelled_actions
from bridgelib.errors import DataError
from bridgelib.formats.index import RecordIndex

VERSION = 1


@dataclass(frozen=True)
class Moments:
    """Per dimension, float64 [D]. A dimension that never changes has a standard deviation of exactly 0."""

    mean: np.ndarray
    std: np.ndarray
    min: np.ndarray
    max: np.ndarray

    @classmethod
    def of(cls, rows: np.ndarray) -> "Moments":
        """Moments of the rows, float32 [N, D], N at least 1; `std` is that of the population.

        Sums are exact before they are rounded once; a sum of up to 2^29 equal float32 numbers is not rounded at all,
        so that what never changes has a standard deviation of 0 and not of 1e-17.
        """
        rows = np.asarray(rows, np.float64) + 0.0  # of 0.0 and -0.0 either could be the smallest
        columns = [column.tolist() for column in rows.T]
        mean = np.array([math.fsum(column) / len(column) for column in columns])
        squares = np.square(rows - mean)
        variance = [math.fsum(column.tolist()) / len(rows) for column in squares.T]
        return cls(mean=mean, std=np.sqrt(variance), min=rows.min(axis=0), max=rows.max(axis=0))

    def to_json(self) -> dict[str, list[float]]:
        """As lists."""
        return {key: getattr(self, key).tolist() for key in ("mean", "std", "min", "max")}

    @classmethod
    def from_json(cls, content: Mapping[str, Sequence[float]]) -> "Moments":
        """The inverse of `to_json`, to the last bit."""
        return cls(**{key: np.array(content[key], np.float64) for key in ("mean", "std", "min", "max")})


@dataclass(frozen=True)
class Statistics:
    """What a policy needs to know of its training data.

    Attributes:
        action: Moments of the actions that are learnt, [7]: relabelled ones, unless a run says otherwise.
        proprio: Moments of the observed states (all but the last of each trajectory), [7].
        trajectories: How many trajectories were counted.
        transitions: How many transitions.
    """

    action: Moments
    proprio: Moments
    trajectories: int
    transitions: int

    def to_json(self) -> dict:
        """As plain lists and numbers."""
        return {
            "action": self.action.to_json(),
            "proprio": self.proprio.to_json(),
            "trajectories": self.trajectories,
            "transitions": self.transitions,
        }

    @classmethod
    def from_json(cls, content: Mapping) -> "Statistics":
        """The inverse of `to_json`."""
        return cls(
            action=Moments.from_json(content["action"]),
            proprio=Moments.from_json(content["proprio"]),
            trajectories=content["trajectories"],
            transitions=content["transitions"],
        )


def statistics_of(indices: Sequence[RecordIndex], relabel: bool = True) -> Statistics:
    """Statistics of all trajectories of these TFRecords together, each transition counted once.

    Args:
        indices: Of the TFRecords.
        relabel: Whether actions are relabelled with what was reached, or learnt as commanded.

    Raises:
        DataError: There is no transition at all.
    """
    actions, proprio, trajectories = [], [], 0
    for index in indices:
        for state, commanded in index.trajectories():
            actions.append(relabelled_actions(state, commanded) if relabel else commanded)
            proprio.append(state[:-1])
            trajectories += 1
    if sum(map(len, actions)) == 0:
        raise DataError("statistics", given="no transition", do="give TFRecords that hold at least one trajectory")
    rows = np.concatenate(actions)
    return Statistics(Moments.of(rows), Moments.of(np.concatenate(proprio)), trajectories, len(rows))
