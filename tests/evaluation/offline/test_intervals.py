"""Bootstrap intervals over trajectories."""

import numpy as np
import pytest

from bridgelib.evaluation.offline.intervals import RESAMPLES, resampled, rounded, share, with_intervals


def mean(totals):
    return {"mean": share(totals[..., 1], totals[..., 0])}


def of(values, transitions=1) -> dict:
    """The mean of values that each of several trajectories has at every one of its transitions."""
    counts = np.broadcast_to(transitions, len(values))
    return with_intervals(np.column_stack([counts, counts * np.asarray(values)]).astype(float), mean)["mean"]


def test_of_two_trajectories_either_may_be_drawn_twice_however_long_they_are():
    # 0 and 1 are drawn as 0, 1/2 and 1, a quarter, half and a quarter of the times.
    for transitions in (1, 1000):
        assert of([0, 1], transitions) == {"value": 0.5, "interval": [0, 1]}
    halves = mean(resampled(np.array([[1.0, 0], [1, 1]])))["mean"]
    assert sorted(set(halves.tolist())) == [0, 0.5, 1]
    assert (halves == 0.5).mean() == pytest.approx(0.5, abs=0.06)


def test_a_long_trajectory_counts_with_all_its_transitions():
    found = of([0, 1], [1, 3])
    assert found["value"] == 0.75
    assert found["interval"] == [0, 1]


def test_interval_contains_the_mean_and_narrows_with_more_trajectories():
    values = np.random.default_rng(0).normal(3, 1, 400)
    few, many = of(values[:25]), of(values)
    for found in (few, many):
        assert found["interval"][0] < found["value"] < found["interval"][1]
    width, narrow = (high - low for low, high in (few["interval"], many["interval"]))
    # Two standard errors to either side.
    assert width == pytest.approx(4 * values[:25].std() / 5, rel=0.15)
    assert narrow == pytest.approx(4 * values.std() / 20, rel=0.15)


def test_trajectories_that_agree_leave_no_doubt_and_a_single_one_tells_nothing_of_it():
    assert of([2, 2, 2]) == {"value": 2, "interval": [2, 2]}
    assert of([2]) == {"value": 2, "interval": None}


def test_where_there_is_nothing_to_divide_by_there_is_no_number():
    assert of([5, 5], transitions=0) == {"value": None, "interval": None}
    # One of two trajectories has something: the draws without it say nothing.
    assert of([5, 7], [1, 0]) == {"value": 5, "interval": [5, 5]}


def test_draws_are_the_same_each_time():
    sums = np.random.default_rng(1).random((9, 3))
    assert resampled(sums).shape == (RESAMPLES, 3)
    assert resampled(sums).tobytes() == resampled(sums).tobytes()


def test_numbers_keep_six_digits():
    assert [rounded(value) for value in (0.0123456789, 1234567.8, 0.0, np.nan)] == [0.0123457, 1234570.0, 0.0, None]
