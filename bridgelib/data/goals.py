"""Goal relabelling: which later frame of its own trajectory becomes the goal of a transition.

A trajectory of T transitions has the frames 0 ... T; transition i leads from frame i to frame i + 1. A goal is
*reached* by a transition when it is the very frame the transition leads to. The reward is then 0, and -1 otherwise.
The last transition always reaches its goal (only `delta_goals` may give it its own start instead).

A strategy draws by inversion from uniform numbers that it is given, two per transition, so that the goal of a
transition depends on these two and on nothing else in its batch.
"""

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from typing import Any

import numpy as np

from bridgelib.errors import ConfigError, did_you_mean

DRAWS = 2
"""Uniform numbers in [0, 1) that a strategy takes for each transition: is the goal reached, and which one is it."""


@dataclass(frozen=True)
class _SometimesReached:
    """A strategy that gives the reached frame with probability `reached_proportion` and draws a later one otherwise."""

    reached_proportion: float

    def __post_init__(self):
        _require(0 <= self.reached_proportion <= 1, "reached_proportion", self.reached_proportion, "0 ... 1")

    def transitions_with_goal(self, length: np.ndarray) -> np.ndarray:
        """How many transitions, counted from the start, of trajectories with `length` transitions can have a goal."""
        return length

    def goal_frames(self, step: np.ndarray, length: np.ndarray, draws: np.ndarray) -> np.ndarray:
        """Draw a goal for each transition.

        Args:
            step: int64 [B]; number of the transition in its trajectory.
            length: int64 [B]; number of transitions of its trajectory.
            draws: float64 [B, 2]; independent uniform numbers in [0, 1).

        Returns:
            int64 [B]; frame number of the goal in the trajectory, step + 1 where the goal is reached.
        """
        reached = (draws[:, 0] < self.reached_proportion) | (step == length - 1)
        return step + 1 + np.where(reached, 0, self._offset(step, length, draws[:, 1]))

    def _offset(self, step: np.ndarray, length: np.ndarray, draw: np.ndarray) -> np.ndarray:
        """How many frames beyond the reached one the goal lies: 1 ... length - 1 - step. Not asked of the last step."""
        raise NotImplementedError


@dataclass(frozen=True)
class Uniform(_SometimesReached):
    """Goals uniform over the frames beyond the reached one."""

    def _offset(self, step, length, draw):
        return 1 + _below(length - 1 - step, draw)


@dataclass(frozen=True)
class LastStateUpweighted(_SometimesReached):
    """Offsets uniform over the whole trajectory's length, then cut at its end: the last frame gets the rest."""

    def _offset(self, step, length, draw):
        return np.minimum(1 + _below(length - 1, draw), length - 1 - step)


@dataclass(frozen=True)
class Final(_SometimesReached):
    """Always the last frame: what a robot is shown that is to do the whole task."""

    def _offset(self, step, length, draw):
        return length - 1 - step


@dataclass(frozen=True)
class Geometric(_SometimesReached):
    """Goals with probability proportional to discount^offset over the frames beyond the reached one."""

    discount: float

    def __post_init__(self):
        super().__post_init__()
        _require(0 < self.discount <= 1, "discount", self.discount, "above 0, at most 1")

    def _offset(self, step, length, draw):
        options = length - 1 - step
        if self.discount == 1:
            return 1 + _below(options, draw)
        # P(offset <= k) = (1 - d^k) / (1 - d^n), solved for the smallest k that exceeds the draw.
        tail = -np.expm1(options * np.log(self.discount))
        offset = 1 + np.floor(np.log1p(-draw * tail) / np.log(self.discount)).astype(np.int64)
        return np.minimum(offset, options)


@dataclass(frozen=True)
class DeltaGoals:
    """Goals uniform over the frames step + low ... step + high - 1, as far as the trajectory has them.

    Transitions with fewer than `low` frames left have no goal and are not sampled. (The predecessor leaves out the
    last one that has, too: with it, where `low` is 1, the last action of every trajectory.) With low = 0 the goal may
    be the observation itself, which counts as not reached.
    """

    goal_delta: tuple[int, int]

    def __post_init__(self):
        low_high = tuple(self.goal_delta) if isinstance(self.goal_delta, list | tuple) else ()
        valid = len(low_high) == 2 and all(isinstance(entry, int) for entry in low_high) and low_high[0] >= 0
        _require(valid and low_high[0] < low_high[1], "goal_delta", self.goal_delta, "[low, high], 0 <= low < high")

    def transitions_with_goal(self, length: np.ndarray) -> np.ndarray:
        """See `_SometimesReached.transitions_with_goal`."""
        return np.clip(length + 1 - self.goal_delta[0], 0, length)

    def goal_frames(self, step: np.ndarray, length: np.ndarray, draws: np.ndarray) -> np.ndarray:
        """See `_SometimesReached.goal_frames`; only the second draw is used."""
        low, high = self.goal_delta
        return step + low + _below(np.minimum(high, length + 1 - step) - low, draws[:, 1])


Strategy = Uniform | LastStateUpweighted | Final | Geometric | DeltaGoals

STRATEGIES: dict[str, type] = {
    "uniform": Uniform,
    "last_state_upweighted": LastStateUpweighted,
    "final": Final,
    "geometric": Geometric,
    "delta_goals": DeltaGoals,
}


def goal_strategy(name: str, kwargs: Mapping[str, Any]) -> Strategy:
    """The strategy of `dataset_kwargs.goal_relabeling_strategy` with its `goal_relabeling_kwargs`.

    Raises:
        ConfigError: An unknown strategy, an unknown or missing keyword, a value out of range.
    """
    if name not in STRATEGIES:
        hint = did_you_mean(name, list(STRATEGIES)) or "choose one of the allowed strategies"
        raise ConfigError("dataset_kwargs.goal_relabeling_strategy", given=name, allowed=STRATEGIES, do=hint)
    known = {field.name: field.default is MISSING for field in fields(STRATEGIES[name])}
    missing = [key for key, required in known.items() if required and key not in kwargs]
    unknown = [key for key in kwargs if key not in known]
    if missing or unknown:
        raise ConfigError(
            f"dataset_kwargs.goal_relabeling_kwargs (strategy '{name}')",
            given=dict(kwargs),
            allowed=f"exactly the keys {list(known)}",
            do="; ".join([f"add '{key}'" for key in missing] + [f"remove '{key}'" for key in unknown]),
        )
    return STRATEGIES[name](**kwargs)


def rewards(step: np.ndarray, goal_frames: np.ndarray) -> np.ndarray:
    """int32 [B]: 0 where the goal is the frame the transition leads to, -1 otherwise."""
    return np.where(goal_frames == step + 1, 0, -1).astype(np.int32)


def _below(bound: np.ndarray, draw: np.ndarray) -> np.ndarray:
    """A whole number uniform in [0, bound), int64; a uniform draw below 1 never reaches the bound in float64."""
    return np.floor(draw * bound).astype(np.int64)


def _require(condition: bool, key: str, given: object, allowed: str) -> None:
    if not condition:
        where = f"dataset_kwargs.goal_relabeling_kwargs.{key}"
        raise ConfigError(where, given=given, allowed=allowed, do="correct the value")
