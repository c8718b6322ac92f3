"""Goal relabelling: which later frame of its own trajectory becomes the goal of a transition.

A trajectory of T transitions has the frames 0 ... T; transition i leads from frame i to frame i + 1. A goal is
*reached* by a transition when it is the very frame the transition leads to. The reward is then 0, and -1 otherwise, as
in hindsight experience replay (Andrychowicz et al. 2017): a value is minus the discounted number of steps to the goal.
The last transition always reaches its goal (only `delta_goals` may give it its own start instead).

A strategy draws by inversion from uniform numbers that it is given, two per transition, so that the goal of a
transition depends on these two and on nothing else in its batch.
"""

from typing import assert_never

import numpy as np

from bridgelib.config.algorithms.goals import DeltaGoals, Final, Geometric, LastStateUpweighted, Strategy, Uniform

DRAWS = 2
"""Uniform numbers in [0, 1) that a strategy takes for each transition: is the goal reached, and which one is it."""


def transitions_with_goal(strategy: Strategy, length: np.ndarray) -> np.ndarray:
    """How many transitions, counted from the start, of trajectories with `length` transitions can have a goal.

    With `delta_goals` those with fewer than `low` frames left have none and are not sampled. (The predecessor leaves
    out the last one that has, too: with it, where `low` is 1, the last action of every trajectory.)
    """
    return np.clip(length + 1 - strategy.goal_delta[0], 0, length) if isinstance(strategy, DeltaGoals) else length


def goal_frames(strategy: Strategy, step: np.ndarray, length: np.ndarray, draws: np.ndarray) -> np.ndarray:
    """Draw a goal for each transition.

    Args:
        strategy: Which frames may be goals, and how likely each is.
        step: int64 [B]; number of the transition in its trajectory.
        length: int64 [B]; number of transitions of its trajectory.
        draws: float64 [B, 2]; independent uniform numbers in [0, 1).

    Returns:
        int64 [B]; frame number of the goal in the trajectory, step + 1 where the goal is reached. With `delta_goals`
        and low = 0 it may be that of the observation itself, which counts as not reached.
    """
    if isinstance(strategy, DeltaGoals):  # the frames step + low ... step + high - 1, as far as there are any
        low, high = strategy.goal_delta
        return step + low + _below(np.minimum(high, length + 1 - step) - low, draws[:, 1])
    reached = (draws[:, 0] < strategy.reached_proportion) | (step == length - 1)
    return step + 1 + np.where(reached, 0, _offset(strategy, step, length, draws[:, 1]))


def _offset(
    strategy: Uniform | LastStateUpweighted | Final | Geometric, step: np.ndarray, length: np.ndarray, draw: np.ndarray
) -> np.ndarray:
    """How many frames beyond the reached one the goal lies: 1 ... length - 1 - step; of the last step none are."""
    options = length - 1 - step
    match strategy:
        case Uniform() | Geometric(discount=1):
            return 1 + _below(options, draw)
        case LastStateUpweighted():  # favours the frame that a robot is shown when it is asked for the whole task
            return np.minimum(1 + _below(length - 1, draw), options)
        case Final():
            return options
        case Geometric(discount=discount):
            # the discounted future of contrastive RL (Eysenbach et al. 2022), cut at the trajectory's end:
            # P(offset <= k) = (1 - d^k) / (1 - d^n), solved for the smallest k that exceeds the draw.
            tail = -np.expm1(options * np.log(discount))
            offset = 1 + np.floor(np.log1p(-draw * tail) / np.log(discount)).astype(np.int64)
            return np.minimum(offset, options)
    assert_never(strategy)


def rewards(step: np.ndarray, goal_frames: np.ndarray) -> np.ndarray:
    """int32 [B]: 0 where the goal is the frame the transition leads to, -1 otherwise."""
    return np.where(goal_frames == step + 1, 0, -1).astype(np.int32)


def _below(bound: np.ndarray, draw: np.ndarray) -> np.ndarray:
    """A whole number uniform in [0, bound), int64; a uniform draw below 1 never reaches the bound in float64."""
    return np.floor(draw * bound).astype(np.int64)
