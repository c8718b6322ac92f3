"""Statistics are exact, of the relabelled actions, and do not depend on order."""

import json
import math
import random
from fractions import Fraction

import numpy as np
import pytest

from bridgelib.data.statistics import Moments, Statistics, statistics_of
from bridgelib.errors import DataError
from bridgelib.formats.index import RecordIndex
from bridgelib.raw.trajectory import Trajectory
from tests.trajectories import make_trajectory, write_tfrecord


def index_of(path, trajectories) -> RecordIndex:
    return RecordIndex.build(write_tfrecord(path, trajectories))


def by_hand(x: list[float], commands: list[float]) -> Trajectory:
    state = np.zeros((len(x), 7), np.float32)
    state[:, 0] = x
    actions = np.full((len(x) - 1, 7), 50.0, np.float32)  # commanded motion plays no part
    actions[:, 6] = commands
    blank = make_trajectory(0, length=len(x) - 1)
    return Trajectory("a", "b", blank.frames, state, blank.time_stamp, actions, ("",))


def test_hand_worked(tmp_path):
    """Motion in x: 2, 4 | 0; gripper: 1, 0 | 1; observed x: 0, 2 | 1 (the last states, 6 and 1, are not observed)."""
    index = index_of(tmp_path / "out.tfrecord", [by_hand([0, 2, 6], [1.0, 0.0]), by_hand([1, 1], [1.0])])
    statistics = statistics_of([index])
    assert (statistics.trajectories, statistics.transitions) == (2, 3)
    assert statistics.action.mean[0] == 2.0
    assert statistics.action.std[0] == pytest.approx(math.sqrt(8 / 3), rel=1e-15)
    assert (statistics.action.min[0], statistics.action.max[0]) == (0.0, 4.0)
    assert statistics.action.mean[6] == pytest.approx(2 / 3, rel=1e-15)
    assert statistics.proprio.mean[0] == 1.0
    assert statistics.proprio.std[0] == pytest.approx(math.sqrt(2 / 3), rel=1e-15)
    assert (statistics.proprio.min[0], statistics.proprio.max[0]) == (0.0, 2.0)
    assert statistics.action.std[1] == statistics.proprio.std[1] == 0.0


def test_of_commanded_actions_where_these_are_learnt(tmp_path):
    index = index_of(tmp_path / "out.tfrecord", [by_hand([0, 2, 6], [1.0, 0.0])])
    action = statistics_of([index], relabel=False).action
    assert action.mean.tolist() == [50.0] * 6 + [0.5] and action.std.tolist() == [0.0] * 6 + [0.5]


def test_exact_where_plain_sums_are_not():
    rows = np.float64([[1e16], [1.0], [-1e16], [3.0]])
    assert np.mean(rows) != 1.0
    assert Moments.of(rows).mean[0] == 1.0
    column = np.random.default_rng(0).standard_normal(1001).astype(np.float32)
    expected = sum(map(Fraction, column.astype(float).tolist())) / 1001
    assert abs(Fraction(Moments.of(column[:, None]).mean[0]) - expected) <= abs(expected) * Fraction(1, 2**52)


def test_independent_of_the_order_of_trajectories_and_files(tmp_path):
    trajectories = [make_trajectory(number, length=5 + number) for number in range(12)]
    expected = statistics_of([index_of(tmp_path / "all", trajectories)]).to_json()
    dice = random.Random(0)
    for attempt in range(3):
        dice.shuffle(trajectories)
        cut = dice.randrange(1, 12)
        sides = enumerate((trajectories[:cut], trajectories[cut:]))
        parts = [index_of(tmp_path / f"{attempt}{number}", side) for number, side in sides]
        assert json.dumps(statistics_of(parts).to_json()) == json.dumps(expected)


def test_signed_zeros_do_not_depend_on_order():
    one, other = Moments.of(np.float32([[0.0], [-0.0]])), Moments.of(np.float32([[-0.0], [0.0]]))
    assert json.dumps(one.to_json()) == json.dumps(other.to_json())


def test_what_never_changes_has_no_spread_at_all():
    for count in (3, 10, 49, 1000):
        moments = Moments.of(np.full((count, 1), 0.1, np.float32))
        assert (moments.mean[0], moments.std[0]) == (np.float32(0.1), 0.0)


def test_json_keeps_every_bit(tmp_path):
    statistics = statistics_of([index_of(tmp_path / "out", [make_trajectory(0, length=30)])])
    again = Statistics.from_json(json.loads(json.dumps(statistics.to_json())))
    assert again.to_json() == statistics.to_json()
    np.testing.assert_array_equal(again.action.std, statistics.action.std)


def test_an_empty_side_beside_others_counts_nothing(tmp_path):
    full, empty = index_of(tmp_path / "full", [make_trajectory(0)]), index_of(tmp_path / "empty", [])
    assert statistics_of([empty, full]).to_json() == statistics_of([full]).to_json()


def test_no_transition_is_refused(tmp_path):
    with pytest.raises(DataError, match="no transition"):
        statistics_of([index_of(tmp_path / "empty", [])])
