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


def turning(yaw: list[float]) -> Trajectory:
    state = np.zeros((len(yaw), 7), np.float32)
    state[:, 5] = yaw
    blank = make_trajectory(0, length=len(yaw) - 1)
    return Trajectory("a", "b", blank.frames, state, blank.time_stamp, np.ones((len(yaw) - 1, 7), np.float32), ("",))


def test_of_rotations_across_half_a_turn(tmp_path):
    index = index_of(tmp_path / "out", [turning([3.12, 3.14, -3.12, -3.10]), turning([0.0, 0.02])])
    wrapped, plain = statistics_of([index]), statistics_of([index], angles="plain")
    commanded = statistics_of([index], relabel=False)
    assert (wrapped.relabel_angles, plain.relabel_angles, commanded.relabel_angles) == ("wrapped", "plain", None)
    assert wrapped.action.max[5] == pytest.approx(2 * math.pi - 6.26, abs=1e-6) and wrapped.action.min[5] > 0
    assert plain.action.min[5] == pytest.approx(-6.26)
    for statistics in (wrapped, plain, commanded):
        assert statistics.crossings == {"roll": 0, "pitch": 0, "yaw": 1}
        assert statistics.straddling == ("yaw",)
    assert wrapped.proprio.to_json() == plain.proprio.to_json()


def test_trajectories_on_either_side_of_half_a_turn_straddle_it(tmp_path):
    """None of them crosses it, and their mean yaw is 0, which none of them has."""
    statistics = statistics_of([index_of(tmp_path / "out", [turning([3.1, 3.12]), turning([-3.1, -3.12])])])
    assert statistics.straddling == ("yaw",) and not any(statistics.crossings.values())


def test_which_angles_statistics_are_of(tmp_path):
    across = index_of(tmp_path / "across", [turning([3.12, -3.12])])
    within = index_of(tmp_path / "within", [turning([0.0, 0.1])])
    for made in ("wrapped", "plain"):
        for asked in ("wrapped", "plain", None):
            assert statistics_of([across], angles=made).are_of(asked) == (asked in (made, None))
            assert statistics_of([within], angles=made).are_of(asked)
    assert not statistics_of([within], relabel=False).are_of("wrapped")


def test_what_was_written_before_angles_were_said_is_plain(tmp_path):
    def former(index):
        content = statistics_of([index], angles="plain").to_json()
        moments = {key: {k: v for k, v in content[key].items() if k != "floor"} for key in ("action", "proprio")}
        return Statistics.from_json({**moments, "trajectories": 1, "transitions": 3})

    across = former(index_of(tmp_path / "across", [turning([3.12, -3.12, -3.1, -3.0])]))
    assert (across.relabel_angles, across.crossings) == ("plain", None)
    assert across.are_of("plain") and not across.are_of("wrapped")
    within = former(index_of(tmp_path / "within", [turning([0.0, 0.1, 0.2, 0.1])]))
    assert within.are_of("wrapped")  # its range shows that nothing crossed
    assert within.action.floor.tolist() == [1e-4] * 3 + [1e-3] * 4


def test_the_numbers_that_name_a_run_are_those_of_the_first_release(tmp_path):
    """A floor is among them only where it takes the place of a spread."""
    statistics = statistics_of([index_of(tmp_path / "out", [make_trajectory(0, length=30), turning([3.1, -3.1])])])
    numbers = statistics.numbers()
    assert list(numbers) == ["action", "proprio", "trajectories", "transitions"]
    assert list(numbers["action"]) == list(numbers["proprio"]) == ["mean", "std", "min", "max"]
    still = statistics_of([index_of(tmp_path / "still", [turning([0.5, 0.5, 0.5])])])
    assert "floor" not in still.numbers()["proprio"]  # what never varies is divided by 1, as it always was
    trembling = statistics_of(
        [index_of(tmp_path / "trembling", [turning([0.5, np.nextafter(np.float32(0.5), np.float32(1)), 0.5])])]
    )
    assert trembling.proprio.near_constant.tolist() == [5]
    assert trembling.numbers()["proprio"]["floor"] == [1e-4] * 3 + [1e-3] * 4


def test_floors_stand_in_the_json():
    moments = Moments.of(np.float32([[0.1] * 7, [0.2] * 7]))
    assert moments.to_json()["floor"] == [1e-4] * 3 + [1e-3] * 4
    own = Moments.from_json({**moments.to_json(), "floor": [0.5] * 7})
    assert own.floor.tolist() == [0.5] * 7 and own.near_constant.tolist() == list(range(7))
    assert Moments.of(np.float32([[0.1, 0.2]])).floor.tolist() == [1e-4, 1e-4]  # numbers of unknown units
