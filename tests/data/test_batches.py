"""Batches: pure functions of seed and step, drawn as configured, validation without a gap."""

from collections import Counter
from copy import copy

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.stats import chi2_contingency, chisquare

from bridgelib.config.algorithms import algorithm_defaults
from bridgelib.data.batch import NEEDS, check_batch
from bridgelib.data.batches import TrainingBatches, ValidationBatches
from bridgelib.data.prefetch import prefetched
from bridgelib.data.samples import Samples, Transitions
from bridgelib.data.statistics import Moments, Statistics
from bridgelib.errors import ConfigError, DataError
from tests.data.synthetic import number_of, write_records

PLAIN = {**algorithm_defaults("gc_bc")["dataset_kwargs"], "relabel_actions": False, "normalization_type": "none"}
LENGTHS = [[3, 1, 6], [4], [2, 5]]
EMBEDDINGS = {text: np.full(5, ord(text[0]) if text else 0, np.float32) for text in ("", "a", "b", "c")}
LANGUAGES = [[("a",), ("",), ("b", "c")], [("",)], [("a", ""), ("c",)]]
SIGNIFICANCE = 1e-3


@pytest.fixture(scope="module")
def records(tmp_path_factory):
    return write_records(tmp_path_factory.mktemp("records"), LENGTHS, languages=LANGUAGES, gaze=True)


def samples(records, needs=NEEDS, **changes):
    return Samples(records, None, PLAIN | changes, frozenset(needs), EMBEDDINGS)


def training(records, groups=((0, 1, 2),), weights=None, batch_size=8, seed=7, process=(0, 1), **kwargs):
    paths = [[records.files[place] for place in group] for group in groups]
    return TrainingBatches(samples(records, **kwargs), paths, weights, batch_size, seed, process)


def flat(tree, prefix=""):
    if not isinstance(tree, dict):
        return {prefix: tree}
    return {path: leaf for key in sorted(tree) for path, leaf in flat(tree[key], f"{prefix}/{key}").items()}


def assert_same(one, other):
    one, other = flat(one), flat(other)
    assert one.keys() == other.keys()
    for path, leaf in one.items():
        assert leaf.dtype == other[path].dtype, path
        np.testing.assert_array_equal(leaf, other[path], err_msg=path)


@pytest.mark.parametrize("needs", [frozenset(), {"goals"}, {"language"}, {"next_observations"}, {"gaze"}, NEEDS])
@pytest.mark.parametrize(("history", "chunk"), [(None, None), (1, 1), (3, 4)])
def test_batches_keep_the_contract_and_hold_no_more_than_needed(records, needs, history, chunk):
    made = training(records, needs=needs, obs_horizon=history, act_pred_horizon=chunk)
    sizes = {"B": 8, "H": 4, "W": 4, "P": 7, "A": 7}
    batch = made.batch(0)
    check_batch(batch, frozenset(needs), history=history, chunk=chunk, sizes=sizes)
    assert ("goals" in batch) == bool({"goals", "language"} & set(needs))
    assert ("image" in batch.get("goals", {})) == ("goals" in needs)
    assert ("next_observations" in batch) == ("next_observations" in needs)
    assert ("gaze" in batch["observations"]) == ("gaze" in needs)


def test_the_parts_of_a_sample_belong_together(records):
    """Frame numbers are written into images, states, actions and gaze maps alike."""
    batch = training(records, batch_size=200).batch(0)
    now = number_of(batch["observations"]["image"])
    following = number_of(batch["next_observations"]["image"])
    goal = number_of(batch["goals"]["image"])
    last = np.array([3, 5, 12, 17, 20, 26])  # last frame of each trajectory
    end = last[np.searchsorted(last, now)]
    np.testing.assert_array_equal(following, now + 1)
    np.testing.assert_array_equal(batch["observations"]["proprio"][:, 0], now)
    np.testing.assert_array_equal(batch["next_observations"]["proprio"][:, 6], now + 1)
    np.testing.assert_array_equal(batch["goals"]["proprio"][:, 3], goal)
    np.testing.assert_array_equal(batch["observations"]["gaze"][:, 3, 3, 0], now)
    np.testing.assert_array_equal(batch["actions"][:, 0], now + 0.5)
    assert ((goal > now) & (goal <= end)).all()
    np.testing.assert_array_equal(batch["rewards"], np.where(goal == now + 1, 0, -1))
    assert batch["masks"].all() and batch["valid"].all() and not batch["terminals"].any()
    assert set(now) == set(range(27)) - set(last)


def test_history_and_chunks_by_hand(records):
    made = samples(records, needs={"next_observations", "gaze"}, obs_horizon=3, act_pred_horizon=4)
    # Trajectory 2 has six transitions, from frame 6 to frame 12.
    batch = made.batch(np.array([2, 2]), np.array([1, 4]), np.zeros((2, 3)))
    assert number_of(batch["observations"]["image"]).tolist() == [[6, 6, 7], [8, 9, 10]]
    assert number_of(batch["next_observations"]["image"]).tolist() == [[7, 7, 8], [9, 10, 11]]
    assert batch["observations"]["proprio"][:, :, 0].tolist() == [[6, 6, 7], [8, 9, 10]]
    assert batch["observations"]["gaze"][..., 0, 0, 0].tolist() == [[6, 6, 7], [8, 9, 10]]
    assert batch["actions"][:, :, 0].tolist() == [[7.5, 8.5, 9.5, 10.5], [10.5, 11.5, 11.5, 11.5]]


def chunk_kwargs(padding, **changes):
    return {
        **algorithm_defaults("gc_ddpm_bc")["dataset_kwargs"],
        "relabel_actions": False,
        "chunk_padding": padding,
        **changes,
    }


@pytest.mark.parametrize(
    ("padding", "beyond", "mask"),
    [
        ("repeat", [4.0] * 7, None),
        ("still", [-42.0] * 6 + [4.0], None),
        ("mask", [4.0] * 7, [[True] * 4, [True, True, False, False], [True, False, False, False]]),
    ],
)
def test_chunks_of_diffusion_beyond_the_end(records, padding, beyond, mask):
    """Trajectory 2 has six transitions, whose commands are 6.5, 7.5 ... 11.5. They are normalised as (x - 10.5) / 0.25:
    its last is 4, no motion is -42, and the gripper is held at 4."""
    moments = Moments(mean=np.full(7, 10.5), std=np.full(7, 0.25), min=np.zeros(7), max=np.ones(7))
    made = Samples(records, Statistics(moments, moments, 1, 1), chunk_kwargs(padding), frozenset({"goals"}))
    batch = made.batch(np.array([2, 2, 2]), np.array([2, 4, 5]), np.zeros((3, 3)))
    row = {number: [(number - 10.5) / 0.25] * 7 for number in (8.5, 9.5, 10.5, 11.5)}
    assert batch["actions"].dtype == np.float32
    assert batch["actions"].tolist() == [
        [row[8.5], row[9.5], row[10.5], row[11.5]],
        [row[10.5], row[11.5], beyond, beyond],
        [row[11.5], beyond, beyond, beyond],
    ]
    assert (batch["action_mask"].tolist() if mask else batch.get("action_mask")) == mask
    check_batch(batch, frozenset({"goals"}), history=2, chunk=4, masked=mask is not None)


def test_standing_still_is_cut_to_the_bounds(records):
    """No motion lies below the smallest of these actions, 6.5."""
    moments = Moments(mean=np.full(7, 9.0), std=np.ones(7), min=np.full(7, 6.5), max=np.full(7, 16.5))
    kwargs = chunk_kwargs("still", normalization_type="bounds")
    made = Samples(records, Statistics(moments, moments, 1, 1), kwargs, frozenset())
    batch = made.batch(np.array([2]), np.array([5]), np.zeros((1, 3)))
    assert batch["actions"][0].tolist() == [[0.5] * 7] + [[0.0] * 6 + [0.5]] * 3


def test_a_held_gripper_is_the_one_that_training_sees(records):
    """Of relabelled actions it is binary: these commands all open it."""
    made = Samples(records, None, chunk_kwargs("still", relabel_actions=True, normalization_type="none"), frozenset())
    batch = made.batch(np.array([2]), np.array([5]), np.zeros((1, 3)))
    assert batch["actions"][0].tolist() == [[1.0] * 7] + [[0.0] * 6 + [1.0]] * 3


@pytest.mark.parametrize("padding", ["repeat", "still", "mask"])
def test_single_actions_are_never_padded(records, padding):
    batch = training(records, chunk_padding=padding).batch(0)
    assert batch["actions"].shape == (8, 7) and "action_mask" not in batch


def test_a_missing_mask_is_found_by_the_contract(records):
    batch = training(records, act_pred_horizon=4).batch(0)
    with pytest.raises(DataError, match="action_mask"):
        check_batch(batch, NEEDS, chunk=4, masked=True)


def test_what_is_held_out_is_not_sampled(records):
    held_out = np.array([True, False, False, True, False, False])
    made = Samples(records, None, PLAIN, frozenset(), held_out=held_out)
    assert made.counts.tolist() == [0, 1, 6, 0, 2, 5]
    seen = {number for batch in ValidationBatches(made, 4, 0) for number in number_of(batch["observations"]["image"])}
    assert seen == {4, *range(6, 12), 18, 19, *range(21, 26)}


def test_actions_are_relabelled_and_normalised(records):
    """All states grow by one per frame, so the reached motion is 1; the gripper commands here all mean open."""
    moments = Moments(mean=np.full(7, 0.5), std=np.full(7, 0.25), min=np.zeros(7), max=np.ones(7))
    proprio = Moments(mean=np.full(7, 10.0), std=np.full(7, 2.0), min=np.zeros(7), max=np.ones(7))
    kwargs = PLAIN | {"relabel_actions": True, "normalization_type": "normal"}
    made = Samples(records, Statistics(moments, proprio, 1, 1), kwargs, frozenset())
    batch = made.batch(np.array([2]), np.array([3]), np.zeros((1, 3)))
    assert batch["actions"].tolist() == [[2.0] * 7]
    assert batch["observations"]["proprio"].tolist() == [[-0.5] * 7]


def test_angles_are_taken_as_told(records):
    """As everywhere, states are frame numbers: from 6 to 7, here turned into angles that jump from 3 to -3."""
    moments = Moments(mean=np.zeros(7), std=np.ones(7), min=np.zeros(7), max=np.ones(7))
    state = records.state.copy()
    state[6], state[7] = 3.0, -3.0
    turned = copy(records)
    turned.state = state
    for angles, expected in (("wrapped", 2 * np.pi - 6), ("plain", -6.0)):
        kwargs = PLAIN | {"relabel_actions": True, "relabel_angles": angles}
        made = Samples(turned, Statistics(moments, moments, 1, 1), kwargs, frozenset())
        action = made.batch(np.array([2]), np.array([0]), np.zeros((1, 3)))["actions"][0]
        assert action.tolist() == pytest.approx([-6.0] * 3 + [expected] * 3 + [1.0])


def test_the_same_step_gives_the_same_bytes_in_any_order_and_after_any_restart(records):
    first = training(records)
    forwards = [first.batch(step) for step in range(6)]
    backwards = [first.batch(step) for step in reversed(range(6))][::-1]
    resumed = training(records)
    for step in range(6):
        assert_same(forwards[step], backwards[step])
    assert_same(forwards[4], resumed.batch(4))
    assert not np.array_equal(forwards[0]["observations"]["proprio"], forwards[1]["observations"]["proprio"])


def test_prefetching_changes_nothing(records):
    made = training(records)
    with prefetched(made, 2, 6, depth=3, workers=3) as stream:
        for step, batch in enumerate(stream, start=2):
            assert_same(batch, made.batch(step))


def test_another_seed_gives_other_batches(records):
    drawn = [training(records, seed=seed).batch(0)["observations"]["proprio"].tobytes() for seed in (-1, 0, 1, 2**40)]
    assert len(set(drawn)) == 4


def test_the_draws_are_those_of_every_numpy(records):
    """Written down once: a numpy that drew differently would break resuming on another machine."""
    batch = training(records, batch_size=10, seed=42).batch(1000)
    assert number_of(batch["observations"]["image"]).tolist() == [22, 1, 25, 16, 1, 0, 7, 22, 8, 1]
    assert number_of(batch["goals"]["image"]).tolist() == [24, 3, 26, 17, 3, 2, 10, 24, 11, 3]


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(1, 4), st.integers(1, 4), st.integers(0, 2**31), st.integers(0, 10**6))
def test_the_slices_of_processes_make_the_whole_batch(records, processes, share, seed, step):
    size = processes * share
    whole = flat(training(records, ((0,), (1, 2)), (0.3, 0.7), size, seed).batch(step))
    slices = [
        flat(training(records, ((0,), (1, 2)), (0.3, 0.7), size, seed, (index, processes)).batch(step))
        for index in range(processes)
    ]
    assert_same(whole, {path: np.concatenate([part[path] for part in slices]) for path in whole})


def test_processes_must_divide_the_batch(records):
    with pytest.raises(ConfigError, match="a multiple of 3"):
        training(records, process=(0, 3))


def test_transitions_are_uniform_within_a_group(records):
    batch = training(records, batch_size=21_000, needs=()).batch(0)
    counts = Counter(number_of(batch["observations"]["image"]).tolist())
    assert len(counts) == 21
    assert chisquare(list(counts.values())).pvalue > SIGNIFICANCE


def test_groups_are_drawn_by_weight(records):
    batch = training(records, ((0,), (1,), (2,)), (3, 0, 1), batch_size=20_000, needs=()).batch(0)
    now = number_of(batch["observations"]["image"])
    in_first = int((now < 13).sum())
    assert not ((now >= 13) & (now < 18)).any()
    assert chisquare([in_first, len(now) - in_first], [15_000, 5_000]).pvalue > SIGNIFICANCE


def test_groups_weigh_the_same_by_default(records):
    now = number_of(training(records, ((0,), (1,)), None, 20_000, needs=()).batch(0)["observations"]["image"])
    in_first = int((now < 13).sum())
    assert chisquare([in_first, 20_000 - in_first]).pvalue > SIGNIFICANCE


@pytest.mark.parametrize("weights", [(1,), (1, -1), (0, 0), (1, float("nan"))])
def test_wrong_weights_are_refused(records, weights):
    with pytest.raises(ConfigError, match="2 weights, one per group"):
        training(records, ((0,), (1,)), weights)


def test_unlabelled_trajectories_are_skipped_where_asked(records):
    batch = training(records, batch_size=2_000, skip_unlabeled=True).batch(0)
    now = number_of(batch["observations"]["image"])
    # Trajectories 1 (frames 4, 5) and 3 (13 to 17) have no instruction; trajectory 4 (18 to 20) has one of two.
    assert set(now) == {0, 1, 2, *range(6, 12), 18, 19, *range(21, 26)}
    assert set(batch["goals"]["language"][now >= 21, 0]) == {ord("c")}
    assert set(batch["goals"]["language"][(now >= 18) & (now < 21), 0]) == {ord("a")}


def test_a_group_with_nothing_to_sample_is_refused(records):
    with pytest.raises(DataError, match=r"group 1 .*task1/out.tfrecord"):
        training(records, ((0,), (1,)), skip_unlabeled=True)


def test_no_sample_comes_from_a_group_of_none_and_the_others_keep_their_weights(records):
    """As where every task of a group was left aside because nothing is kept of it."""
    three, two = training(records, ((0,), (), (2,)), [3, 5, 1]), training(records, ((0,), (2,)), [3, 1])
    for step in range(3):
        assert_same(three.batch(step), two.batch(step))
    with pytest.raises(ConfigError, match="not all zero"):
        training(records, ((0,), ()), [0, 1])


def test_the_instruction_is_uniform_over_those_of_the_trajectory(records):
    batch = training(records, ((0,),), batch_size=12_000, needs={"language"}).batch(3)
    now = number_of(batch["observations"]["image"])
    spoken = Counter(batch["goals"]["language"][now >= 6, 0].tolist())
    assert set(spoken) == {ord("b"), ord("c")}
    assert chisquare(list(spoken.values())).pvalue > SIGNIFICANCE
    assert set(batch["goals"]["language"][now < 4, 0]) == {ord("a")}


def test_the_instruction_does_not_depend_on_the_goal(records):
    kwargs = {"needs": NEEDS, "goal_relabeling_kwargs": {"reached_proportion": 0.5}}
    batch = training(records, ((0,),), batch_size=12_000, **kwargs).batch(0)
    now, goal = (number_of(batch[key]["image"]) for key in ("observations", "goals"))
    chosen = now == 6  # six goals ahead, two instructions
    goal, second = goal[chosen], batch["goals"]["language"][chosen, 0] == ord("c")
    table = [[(second[goal == frame] == which).sum() for frame in range(7, 13)] for which in (False, True)]
    assert chi2_contingency(table).pvalue > SIGNIFICANCE


def test_an_instruction_without_embedding_is_named(records):
    with pytest.raises(DataError, match="no embedding of 1 of 4 instructions, the first: 'b'"):
        Samples(records, None, PLAIN, frozenset({"language"}), {"": 0, "a": 0, "c": 0})


def test_gaze_is_refused_where_there_is_none(tmp_path):
    with pytest.raises(DataError, match="without gaze maps"):
        samples(write_records(tmp_path, [[2]]), needs={"gaze"})


def test_transitions_without_a_goal_are_not_sampled(records):
    kwargs = {"goal_relabeling_strategy": "delta_goals", "goal_relabeling_kwargs": {"goal_delta": [3, 5]}}
    batch = training(records, batch_size=500, **kwargs).batch(0)
    now, goal = (number_of(batch[key]["image"]) for key in ("observations", "goals"))
    assert set(now) == {0, *range(6, 10), 13, 14, *range(21, 24)}
    assert set(goal - now) == {3, 4}
    made = ValidationBatches(samples(records, **kwargs), 4, seed=0)
    assert sum(batch["valid"].sum() for batch in made) == 10


class TestValidation:
    @settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(
        lengths=st.lists(st.lists(st.integers(1, 6), min_size=1, max_size=4), min_size=1, max_size=3),
        batch_size=st.integers(1, 40),
    )
    def test_each_transition_comes_once_in_order(self, tmp_path_factory, lengths, batch_size):
        pool = write_records(tmp_path_factory.mktemp("pool"), lengths)
        made = ValidationBatches(samples(pool, needs=()), batch_size, seed=0)
        batches = list(made)
        assert len(batches) == len(made) == -(-sum(map(sum, lengths)) // batch_size)
        assert all(len(batch["valid"]) == batch_size for batch in batches)
        seen = np.concatenate([number_of(batch["observations"]["image"])[batch["valid"]] for batch in batches])
        last = np.cumsum([length + 1 for file in lengths for length in file]) - 1
        assert seen.tolist() == sorted(set(range(last[-1] + 1)) - set(last.tolist()))
        assert all(batch["valid"].all() for batch in batches[:-1])

    def test_the_last_batch_repeats_its_last_sample(self, records):
        batch = ValidationBatches(samples(records), 8, seed=3).batch(2)
        assert batch["valid"].tolist() == [True] * 5 + [False] * 3
        for path, leaf in flat(batch).items():
            if path != "/valid":
                np.testing.assert_array_equal(leaf[5:], np.repeat(leaf[4:5], 3, axis=0), err_msg=path)

    def test_a_side_smaller_than_a_batch_is_still_validated(self, tmp_path):
        (batch,) = ValidationBatches(samples(write_records(tmp_path, [[1]]), needs=()), 500, seed=0)
        assert batch["valid"].sum() == 1
        assert len(batch["observations"]["image"]) == 500

    def test_goals_depend_on_the_seed_and_the_transition_only(self, records):
        def goals(batch_size, seed, limit=None):
            batches = list(ValidationBatches(samples(records), batch_size, seed, limit))
            now, goal = (
                np.concatenate([number_of(batch[key]["image"]) for batch in batches])
                for key in ("observations", "goals")
            )
            return dict(zip(now.tolist(), goal.tolist(), strict=True))

        whole = goals(21, seed=5)
        assert goals(4, seed=5) == whole
        assert goals(4, seed=6) != whole
        assert goals(2, seed=5, limit=3).items() <= whole.items()

    def test_a_limit_spreads_over_the_whole_side(self, records):
        made = ValidationBatches(samples(records, needs=()), 3, seed=0, limit=2)
        seen = np.concatenate([number_of(batch["observations"]["image"]) for batch in made])
        # Transitions 0, 3, 7, 10, 14, 17 of 21.
        assert seen.tolist() == [0, 4, 9, 13, 18, 22]
        assert len(ValidationBatches(samples(records, needs=()), 3, seed=0, limit=100)) == 7

    def test_the_slices_of_processes_make_the_whole_batch(self, records):
        whole = ValidationBatches(samples(records), 8, seed=0)
        halves = [ValidationBatches(samples(records), 8, seed=0, process=(index, 2)) for index in range(2)]
        for number in range(3):
            parts = [flat(half.batch(number)) for half in halves]
            joined = {path: np.concatenate([part[path] for part in parts]) for path in parts[0]}
            assert_same(flat(whole.batch(number)), joined)

    def test_a_side_without_transitions_is_refused(self, tmp_path):
        pool = write_records(tmp_path, [[3]])
        with pytest.raises(DataError, match="no transition to sample"):
            ValidationBatches(samples(pool, needs=(), skip_unlabeled=True), 4, seed=0)


@given(st.lists(st.integers(0, 5), min_size=1, max_size=8))
def test_transitions_are_numbered_through(counts):
    transitions = Transitions(np.arange(len(counts)) + 100, np.array(counts))
    trajectory, step = transitions.locate(np.arange(len(transitions)))
    expected = [(100 + place, step) for place, count in enumerate(counts) for step in range(count)]
    assert list(zip(trajectory.tolist(), step.tolist(), strict=True)) == expected
