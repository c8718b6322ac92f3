"""Goal relabelling: which later frame of its own trajectory becomes the goal of a transition.

A trajectory of T transitions has the frames 0 ... T; transition i leads from frame i to frame i + 1. A goal is
*reached* by a transition when it is the very frame the transition leads to. The reward is then 0, and -1 otherwise.
The last transition always reaches its goal (only `delta_goals` may give it its own start instead).

A strategy draws by inversion from uniform numbers that it is given, two per transition, so that the goal of a
transition depends on these two and on nothing else in its batch.
"""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

import numpy as np

from bridgelib.config.algorithms import goals as declared

DRAWS = 2
"""Uniform numbers in [0, 1) that a strategy takes for each transition: is the goal reached, and which one is it."""


class Strategy(Protocol):
    """Draws goals."""

    def transitions_with_goal(self, length: np.ndarray) -> np.ndarray:
        """How many transitions, counted from the start, of trajectories with `length` transitions can have a goal."""
        ...

    def goal_frames(self, step: np.ndarray, length: np.ndarray, draws: np.ndarray) -> np.ndarray:
        """Draw a goal for each transition.

        Args:
            step: int64 [B]; number of the transition in its trajectory.
            length: int64 [B]; number of transitions of its trajectory.
            draws: float64 [B, 2]; independent uniform numbers in [0, 1).

        Returns:
            int64 [B]; frame number of the goal in the trajectory, step + 1 where the goal is reached.
        """
        ...


class _SometimesReached(declared.SometimesReached):
    """A strategy that gives the reached frame with probability `reached_proportion` and draws a later one otherwise."""

    def transitions_with_goal(self, length: np.ndarray) -> np.ndarray:
        """See `Strategy`."""
        return length

    def goal_frames(self, step: np.ndarray, length: np.ndarray, draws: np.ndarray) -> np.ndarray:
        """See `Strategy`."""
        reached = (draws[:, 0] < self.reached_proportion) | (step == length - 1)
        return step + 1 + np.where(reached, 0, self._offset(step, length, draws[:, 1]))

    def _offset(self, step: np.ndarray, length: np.ndarray, draw: np.ndarray) -> np.ndarray:
        """How many frames beyond the reached one the goal lies: 1 ... length - 1 - step. Not asked of the last step."""
        raise NotImplementedError


class Uniform(declared.Uniform, _SometimesReached):
    """See `declared.Uniform`."""

    def _offset(self, step: np.ndarray, length: np.ndarray, draw: np.ndarray) -> np.ndarray:
        return 1 + _below(length - 1 - step, draw)


class LastStateUpweighted(declared.LastStateUpweighted, _SometimesReached):
    """See `declared.LastStateUpweighted`."""

    def _offset(self, step: np.ndarray, length: np.ndarray, draw: np.ndarray) -> np.ndarray:
        return np.minimum(1 + _below(length - 1, draw), length - 1 - step)


class Final(declared.Final, _SometimesReached):
    """See `declared.Final`."""

    def _offset(self, step: np.ndarray, length: np.ndarray, draw: np.ndarray) -> np.ndarray:
        return length - 1 - step


class Geometric(declared.Geometric, _SometimesReached):
    """See `declared.Geometric`."""

    def _offset(self, step: np.ndarray, length: np.ndarray, draw: np.ndarray) -> np.ndarray:
        options = length - 1 - step
        if self.discount == 1:
            return 1 + _below(options, draw)
        # P(offset <= k) = (1 - d^k) / (1 - d^n), solved for the smallest k that exceeds the draw.
        tail = -np.expm1(options * np.log(self.discount))
        offset = 1 + np.floor(np.log1p(-draw * tail) / np.log(self.discount)).astype(np.int64)
        return np.minimum(offset, options)


class DeltaGoals(declared.DeltaGoals):
    """See `declared.DeltaGoals`: the frames step + low ... step + high - 1, as far as the trajectory has them.

    Transitions with fewer than `low` frames left have no goal and are not sampled. (The predecessor leaves out the
    last one that has, too: with it, where `low` is 1, the last action of every trajectory.) With low = 0 the goal may
    be the observation itself, which counts as not reached.
    """

    def transitions_with_goal(self, length: np.ndarray) -> np.ndarray:
        """See `Strategy`."""
        return np.clip(length + 1 - self.goal_delta[0], 0, length)

    def goal_frames(self, step: np.ndarray, length: np.ndarray, draws: np.ndarray) -> np.ndarray:
        """See `Strategy`; only the second draw is used."""
        low, high = self.goal_delta
        return step + low + _below(np.minimum(high, length + 1 - step) - low, draws[:, 1])


STRATEGIES: dict[type[declared.Strategy], Callable[..., Strategy]] = {
    declared.Uniform: Uniform,
    declared.LastStateUpweighted: LastStateUpweighted,
    declared.Final: Final,
    declared.Geometric: Geometric,
    declared.DeltaGoals: DeltaGoals,
}
"""By their declarations."""


def goal_strategy(name: str, kwargs: Mapping[str, Any]) -> Strategy:
    """The strategy of `dataset_kwargs.goal_relabeling_strategy` with its `goal_relabeling_kwargs`.

    Raises:
        ConfigError: An unknown strategy, an unknown or missing keyword, a value out of range.
    """
    settings = declared.read_goals(name, kwargs, "dataset_kwargs.goal_relabeling_kwargs")
    return STRATEGIES[type(settings)](**vars(settings))


def rewards(step: np.ndarray, goal_frames: np.ndarray) -> np.ndarray:
    """int32 [B]: 0 where the goal is the frame the transition leads to, -1 otherwise."""
    return np.where(goal_frames == step + 1, 0, -1).astype(np.int32)


def _below(bound: np.ndarray, draw: np.ndarray) -> np.ndarray:
    """A whole number uniform in [0, bound), int64; a uniform draw below 1 never reaches the bound in float64."""
    return np.floor(draw * bound).astype(np.int64)
