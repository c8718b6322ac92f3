"""Goal relabelling: small cases by hand, and distributions against their exact probabilities."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chisquare

from bridgelib.config.algorithms.goals import DeltaGoals, Final, Geometric, LastStateUpweighted, Uniform
from bridgelib.data.goals import goal_frames, rewards, transitions_with_goal

SAMPLES = 40_000
SIGNIFICANCE = 1e-3


def frames(strategy, step, length, draws):
    draws = np.atleast_2d(draws)
    steps, lengths = np.full(len(draws), step), np.full(len(draws), length)
    return goal_frames(strategy, steps, lengths, draws)


def assert_distribution(strategy, step, length, expected, seed=0):
    """`expected`: probability by frame; frames that are not in it must never be drawn."""
    draws = np.random.default_rng(seed).random((SAMPLES, 2))
    values, counts = np.unique(frames(strategy, step, length, draws), return_counts=True)
    assert set(values) <= set(expected)
    observed = [dict(zip(values, counts, strict=True)).get(frame, 0) for frame in expected]
    if len(expected) > 1:
        assert sum(expected.values()) == pytest.approx(1)
        assert chisquare(observed, SAMPLES * np.array(list(expected.values()))).pvalue > SIGNIFICANCE


@pytest.mark.parametrize(
    ("strategy", "step", "draw", "frame"),
    [
        # Five transitions, frames 0 to 5. Transition 1 reaches frame 2; beyond it lie 3, 4 and 5.
        (Uniform(0.0), 1, 0.0, 3),
        (Uniform(0.0), 1, 0.34, 4),
        (Uniform(0.0), 1, 0.999, 5),
        (Uniform(0.0), 3, 0.999, 5),
        (Uniform(0.0), 4, 0.5, 5),  # the last transition reaches its goal
        # Offsets 1 ... 4, a quarter each, cut at frame 5.
        (LastStateUpweighted(0.0), 0, 0.0, 2),
        (LastStateUpweighted(0.0), 0, 0.76, 5),
        (LastStateUpweighted(0.0), 2, 0.24, 4),
        (LastStateUpweighted(0.0), 2, 0.26, 5),
        (LastStateUpweighted(0.0), 4, 0.0, 5),
        (Final(0.0), 0, 0.0, 5),
        (Final(0.0), 3, 0.999, 5),
        (Final(0.0), 4, 0.5, 5),
        # Halves: offsets 1, 2, 3 with 4/7, 2/7, 1/7.
        (Geometric(0.0, 0.5), 1, 0.57, 3),
        (Geometric(0.0, 0.5), 1, 0.58, 4),
        (Geometric(0.0, 0.5), 1, 0.85, 4),
        (Geometric(0.0, 0.5), 1, 0.86, 5),
        (Geometric(0.0, 0.5), 4, 0.86, 5),
        # Frames 2 and 3 for transition 1, only 5 for transition 4.
        (DeltaGoals((1, 3)), 1, 0.49, 2),
        (DeltaGoals((1, 3)), 1, 0.51, 3),
        (DeltaGoals((1, 3)), 4, 0.99, 5),
        (DeltaGoals((0, 2)), 3, 0.49, 3),
        (DeltaGoals((2, 20)), 3, 0.99, 5),
    ],
)
def test_goals_by_hand(strategy, step, draw, frame):
    assert frames(strategy, step, 5, [0.5, draw]) == frame


def test_rewards_by_hand():
    assert rewards(np.array([0, 0, 3, 3]), np.array([1, 2, 4, 3])).tolist() == [0, -1, 0, -1]
    assert rewards(np.array([0]), np.array([1])).dtype == np.int32


@pytest.mark.parametrize("strategy", [Uniform(0.25), LastStateUpweighted(0.25), Geometric(0.25, 0.9)])
def test_the_goal_is_reached_in_the_asked_proportion(strategy):
    assert frames(strategy, 2, 8, [0.24, 0.9]) == 3
    assert frames(strategy, 2, 8, [0.25, 0.9]) > 3


@pytest.mark.parametrize("step", [0, 3, 8, 9])
@pytest.mark.parametrize("reached", [0.0, 0.3, 1.0])
def test_uniform_distribution(step, reached):
    beyond = range(step + 2, 11)
    reached = 1.0 if step == 9 else reached
    expected = {step + 1: reached} | {frame: (1 - reached) / len(beyond) for frame in beyond}
    assert_distribution(Uniform(reached), step, 10, {frame: p for frame, p in expected.items() if p})


@pytest.mark.parametrize("step", [0, 4, 8])
def test_last_state_upweighted_distribution(step):
    expected = dict.fromkeys(range(step + 2, 11), 0.8 / 9) | {step + 1: 0.2}
    expected[10] += 0.8 - (10 - 1 - step) * 0.8 / 9  # what would lie beyond the end
    assert_distribution(LastStateUpweighted(0.2), step, 10, expected)


@pytest.mark.parametrize(("step", "discount"), [(0, 0.5), (0, 0.98), (4, 0.8), (8, 0.8), (3, 1.0)])
def test_geometric_distribution(step, discount):
    weights = {frame: discount ** (frame - step - 1) for frame in range(step + 2, 11)}
    expected = {frame: 0.9 * weight / sum(weights.values()) for frame, weight in weights.items()} | {step + 1: 0.1}
    assert_distribution(Geometric(0.1, discount), step, 10, expected)


@pytest.mark.parametrize("goal_delta", [(0, 4), (1, 20), (3, 5)])
@pytest.mark.parametrize("step", [0, 5, 7])
def test_delta_goals_distribution(step, goal_delta):
    low, high = goal_delta
    options = range(step + low, min(step + high, 11))
    assert_distribution(DeltaGoals(goal_delta), step, 10, dict.fromkeys(options, 1 / len(options)))


def test_delta_goals_leave_out_transitions_without_a_goal():
    lengths = np.array([1, 2, 3, 10])
    assert transitions_with_goal(DeltaGoals((3, 5)), lengths).tolist() == [0, 0, 1, 8]
    assert transitions_with_goal(DeltaGoals((1, 5)), lengths).tolist() == [1, 2, 3, 10]
    assert transitions_with_goal(DeltaGoals((0, 5)), lengths).tolist() == [1, 2, 3, 10]
    assert transitions_with_goal(Uniform(0.0), lengths).tolist() == [1, 2, 3, 10]


ANY_STRATEGY = st.one_of(
    st.builds(Uniform, st.floats(0, 1)),
    st.builds(LastStateUpweighted, st.floats(0, 1)),
    st.builds(Geometric, st.floats(0, 1), st.floats(1e-3, 1)),
    st.builds(lambda low, more: DeltaGoals((low, low + more)), st.integers(0, 6), st.integers(1, 30)),
)


@given(ANY_STRATEGY, st.integers(1, 60), st.integers(0, 2**32 - 1))
def test_a_goal_lies_ahead_within_the_trajectory(strategy, length, seed):
    steps = np.arange(transitions_with_goal(strategy, np.int64(length)))
    smallest, largest = np.zeros((len(steps), 2)), np.full((len(steps), 2), np.nextafter(1, 0))
    ahead = getattr(strategy, "goal_delta", (1, None))[0]
    for draws in (smallest, largest, np.random.default_rng(seed).random((len(steps), 2))):
        goals = goal_frames(strategy, steps, np.full(len(steps), length), draws)
        assert goals.dtype == np.int64
        assert (goals >= steps + ahead).all()
        assert (goals <= length).all()
