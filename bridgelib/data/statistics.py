"""Mean, standard deviation and range of actions and proprio, as training sees them: exact, whatever the order."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from bridgelib.config.algorithms.parts import Angles
from bridgelib.data.actions import relabelled_actions
from bridgelib.data.angles import crosses, straddle
from bridgelib.data.dimensions import ANGLES, DIMENSIONS, scale_floor
from bridgelib.errors import DataError
from bridgelib.formats.index import RecordIndex

VERSION = 1
_MOMENTS = ("mean", "std", "min", "max")


@dataclass(frozen=True)
class Moments:
    """Per dimension, float64 [D]. A dimension that never changes has a standard deviation of exactly 0.

    Attributes:
        mean, std, min, max: The moments, without any floor.
        floor: The smallest scale to divide by, in the robot's units; by default that of `scale_floor`.
    """

    mean: np.ndarray
    std: np.ndarray
    min: np.ndarray
    max: np.ndarray
    floor: np.ndarray = field(default_factory=lambda: np.empty(0))

    def __post_init__(self) -> None:
        if not self.floor.size:
            object.__setattr__(self, "floor", scale_floor(len(self.mean)))

    @classmethod
    def of(cls, rows: np.ndarray) -> "Moments":
        """Moments of the rows, float32 [N, D], N at least 1; `std` is that of the population.

        Sums are exact before they are rounded once; a sum of up to 2^29 equal float32 numbers is not rounded at all,
        so that what never changes has a standard deviation of 0 and not of 1e-17.
        """
        rows = np.asarray(rows, np.float64) + 0.0  # makes -0.0 to 0.0, since either could be the smallest
        columns = [column.tolist() for column in rows.T]
        mean = np.array([math.fsum(column) / len(column) for column in columns])
        squares = np.square(rows - mean)
        variance = [math.fsum(column.tolist()) / len(rows) for column in squares.T]
        return cls(mean=mean, std=np.sqrt(variance), min=rows.min(axis=0), max=rows.max(axis=0))

    @property
    def near_constant(self) -> np.ndarray:
        """The dimensions that vary, but by less than their floor: their numbers, int64, rising."""
        return np.flatnonzero((self.std > 0) & (self.std < self.floor))

    def to_json(self) -> dict[str, list[float]]:
        """The moments as lists."""
        return {key: getattr(self, key).tolist() for key in (*_MOMENTS, "floor")}

    @classmethod
    def from_json(cls, content: Mapping[str, Sequence[float]]) -> "Moments":
        """The inverse of `to_json`, to the last bit; files written before there were floors get the present ones."""
        return cls(**{key: np.array(content[key], np.float64) for key in (*_MOMENTS, "floor") if key in content})


@dataclass(frozen=True)
class Statistics:
    """What a policy needs to know of its training data.

    Attributes:
        action: Moments of the actions that are learnt, [7]: relabelled ones, unless a run says otherwise.
        proprio: Moments of the observed states (all but the last of each trajectory), [7].
        trajectories: How many trajectories were counted.
        transitions: How many transitions.
        relabel_angles: How differences of angles were taken for the actions; None where these are as commanded. In
            files written before this entry existed, and in the predecessor's, they are plain.
        crossings: How many steps of each angle went across ±π; None where that was not counted.
        straddling: The angles of the state that lie on both sides of ±π: their moments mean nothing.
    """

    action: Moments
    proprio: Moments
    trajectories: int
    transitions: int
    relabel_angles: Angles | None = "plain"
    crossings: Mapping[str, int] | None = None
    straddling: tuple[str, ...] = ()

    def are_of(self, angles: Angles | None) -> bool:
        """Whether they fit actions with this kind of angles: they are of this kind, or no angle crossed ±π.

        Args:
            angles: The kind, or None for actions as commanded.
        """
        if angles is None or self.relabel_angles == angles:
            return True
        return self.relabel_angles is not None and not self._crossed

    @property
    def _crossed(self) -> bool:
        if self.crossings is not None:
            return any(self.crossings.values())
        extremes = np.stack([self.action.min, self.action.max])[:, ANGLES]
        return self.trajectories == 0 or self.relabel_angles == "wrapped" or bool(crosses(extremes).any())

    def to_json(self) -> dict:
        """The statistics as plain lists and numbers."""
        return {
            "action": self.action.to_json(),
            "proprio": self.proprio.to_json(),
            "trajectories": self.trajectories,
            "transitions": self.transitions,
            "relabel_angles": self.relabel_angles,
            "crossings": self.crossings,
            "straddling": list(self.straddling),
        }

    @classmethod
    def from_json(cls, content: Mapping) -> "Statistics":
        """The inverse of `to_json`; also reads files written before `relabel_angles` existed."""
        known = {key: content[key] for key in cls.__dataclass_fields__ if key in content}
        moments = {key: Moments.from_json(content[key]) for key in ("action", "proprio")}
        return cls(**{**known, **moments, "straddling": tuple(content.get("straddling", ()))})

    def numbers(self) -> dict:
        """What determines weights, as JSON in the form it had before there were floors and `relabel_angles`.

        The digests of runs depend on it, so it holds a floor only where that takes the place of a spread.
        """
        content = {key: self.to_json()[key] for key in ("action", "proprio", "trajectories", "transitions")}
        for key in ("action", "proprio"):
            if not len(getattr(self, key).near_constant):
                del content[key]["floor"]
        return content


def statistics_of(indices: Sequence[RecordIndex], relabel: bool = True, angles: Angles = "wrapped") -> Statistics:
    """Statistics of all trajectories of these TFRecords together, each transition counted once.

    Args:
        indices: The indices of the TFRecords.
        relabel: Whether actions are relabelled with the motion that was reached, or learnt as commanded.
        angles: How differences of angles are taken; see `relabelled_actions`.

    Raises:
        DataError: There is no transition at all.
    """
    actions, proprio, crossings = [], [], np.zeros(3, int)
    for index in indices:
        for state, commanded in index.trajectories():
            actions.append(relabelled_actions(state, commanded, angles) if relabel else commanded)
            proprio.append(state[:-1])
            crossings += crosses(np.diff(state[:, ANGLES], axis=0)).sum(axis=0)
    if sum(map(len, actions)) == 0:
        raise DataError("statistics", given="no transition", do="give TFRecords that hold at least one trajectory")
    rows, states = np.concatenate(actions), np.concatenate(proprio)
    crossed = dict(zip(DIMENSIONS[ANGLES], crossings.tolist(), strict=True))
    return Statistics(
        Moments.of(rows),
        Moments.of(states),
        trajectories=len(actions),
        transitions=len(rows),
        relabel_angles=angles if relabel else None,
        crossings=crossed,
        straddling=_straddling(states, crossed),
    )


def _straddling(states: np.ndarray, crossings: Mapping[str, int]) -> tuple[str, ...]:
    """The angles that jump from one side of ±π to the other, or lie on both sides in different trajectories."""
    columns = zip(DIMENSIONS[ANGLES], states[:, ANGLES].T, strict=True)
    return tuple(name for name, column in columns if crossings[name] or straddle(column))
