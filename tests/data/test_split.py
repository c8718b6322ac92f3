"""The split is a pure function of content, proportion and seed, and neither side is lost."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridgelib.data.split import training_split
from bridgelib.errors import ConfigError

PROPORTIONS = st.floats(min_value=0, max_value=1, exclude_min=True)


def identities(count: int, salt: int = 0) -> list[str]:
    return [hashlib.sha256(f"{salt}/{number}".encode()).hexdigest()[:32] for number in range(count)]


@given(count=st.integers(0, 400), proportion=PROPORTIONS, seed=st.integers())
def test_both_sides_are_within_one_of_the_target_and_none_is_empty(count, proportion, seed):
    everything = identities(count)
    train = training_split(everything, proportion, seed)
    validation = set(everything) - train
    assert train <= set(everything)
    assert len(train) + len(validation) == count
    assert abs(len(train) - count * proportion) <= 1
    assert abs(len(validation) - count * (1 - proportion)) <= 1 + 1e-9
    if count >= 2:
        assert train
        assert validation


@given(st.permutations(identities(12)), PROPORTIONS)
def test_independent_of_order(shuffled, proportion):
    assert training_split(shuffled, proportion, 0) == training_split(identities(12), proportion, 0)


@given(count=st.integers(0, 200), salt=st.integers(0, 20), proportion=PROPORTIONS)
def test_one_trajectory_more_moves_at_most_one_other(count, salt, proportion):
    before = identities(count)
    newcomer = identities(1, salt=salt + 1)[0]
    old_train = training_split(before, proportion, 0)
    new_train = training_split([*before, newcomer], proportion, 0) - {newcomer}
    assert len(old_train ^ new_train) <= 1


def test_hand_worked():
    """The order is that of sha256("seed:identity"), as can be had with sha256sum."""
    ordered = sorted("abcde", key=lambda text: hashlib.sha256(f"7:{text}".encode()).hexdigest())
    assert training_split("abcde", 0.6, seed=7) == frozenset(ordered[:3])


def test_small_tasks():
    assert len(training_split(identities(1), 0.01, 0)) == 1
    assert len(training_split(identities(2), 0.99, 0)) == 1
    assert len(training_split(identities(5), 1.0, 0)) == 4
    assert len(training_split(identities(100), 0.99, 0)) == 99


def test_the_seed_matters():
    splits = {training_split(identities(20), 0.5, seed) for seed in range(10)}
    assert len(splits) == 10


@pytest.mark.parametrize("proportion", [0, -0.1, 1.01, float("nan")])
def test_a_proportion_out_of_range_is_refused(proportion):
    with pytest.raises(ConfigError, match="train_proportion"):
        training_split(identities(3), proportion, 0)
