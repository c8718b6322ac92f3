"""Demonstrations that lie in a dataset twice: what trains does not validate."""

from dataclasses import replace

import numpy as np
import pytest

from bridgelib.data.copies import contents, held_out, say_repeated, training_tasks
from bridgelib.errors import DataError
from tests.data.synthetic import write_file


@pytest.fixture
def index_of(tmp_path):
    """(content ids) -> an index of as many trajectories; every call makes other states, unless `first` says which."""
    made = []

    def of(*identities, first=None):
        made.append(identities)
        number = 100 * len(made) if first is None else first
        index = write_file(tmp_path / f"{len(made)}.tfrecord", [2] * len(identities), first_number=number)
        return replace(index, identities=np.array(identities, dtype=str).reshape(-1))

    return of


def test_a_copy_that_trains_elsewhere_is_held_out_and_said(index_of, capsys):
    train = {"kitchen": index_of("a", "b"), "sink": index_of("c", "d", "e")}
    val = {"kitchen": index_of("d", "x", "c"), "sink": index_of("b", "y")}
    found = held_out(train, val)
    assert {task: mask.tolist() for task, mask in found.items()} == {
        "kitchen": [True, False, True],
        "sink": [True, False],
    }
    assert all(mask.dtype == bool for mask in found.values())
    told = capsys.readouterr().err
    assert "3 of 5 validation trajectories are left out" in told
    assert "2 of kitchen in sink, 1 of sink in kitchen" in told


def test_nothing_is_said_where_nothing_is_copied(index_of, capsys):
    found = held_out({"a": index_of("1"), "b": index_of("2")}, {"a": index_of("3"), "b": index_of()})
    assert {task: mask.tolist() for task, mask in found.items()} == {"a": [False], "b": []}
    say_repeated({"a": index_of("1"), "b": index_of("2")}, "training")
    assert capsys.readouterr().err == ""


def test_nothing_left_is_refused_in_words(index_of):
    with pytest.raises(DataError) as refused:
        held_out({"a": index_of("1", "2"), "b": index_of("3")}, {"a": index_of("3"), "b": index_of("1", "2")})
    told = str(refused.value)
    assert "validation split of a, b" in told and "3 trajectories" in told
    assert "2 of b in a" in told and "1 of a in b" in told and "split_seed" in told


def test_an_empty_validation_side_is_no_leak(index_of):
    assert held_out({"a": index_of("1")}, {"a": index_of()})["a"].tolist() == []


def test_what_was_made_elsewhere_is_known_by_its_states_and_actions(index_of):
    """There the split may have put a copy on the other split of the same task, too."""
    train = {"a": index_of("", "", first=0), "b": index_of("", first=50)}
    val = {"a": index_of("", first=3), "b": index_of("", "", first=53)}
    # The second trajectory of three frames begins at 3; 53 and 56 are in no training split.
    assert {task: mask.tolist() for task, mask in held_out(train, val).items()} == {"a": [True], "b": [False, False]}


def test_a_copy_in_ours_of_what_was_made_elsewhere_is_known(index_of):
    """One side with content ids, one without: states and actions tell, whichever of the two trains."""
    ours, theirs = index_of("1", "2", first=0), index_of("", first=3)
    assert held_out({"a": ours}, {"b": theirs, "c": index_of("x")})["b"].tolist() == [True]
    assert held_out({"b": theirs}, {"a": ours})["a"].tolist() == [False, True]


def test_what_trains_in_ours_and_elsewhere_is_said(index_of, capsys):
    say_repeated({"a": index_of("1", "2", first=0), "b": index_of("", first=3)}, "training")
    assert "1 in a and b" in capsys.readouterr().err


def test_contents_are_the_ids_where_there_are_any(index_of):
    index = index_of("one", "two", first=0)
    assert contents(index, by_id=True) == ["one", "two"]
    assert contents(index, by_id=False) == contents(index_of("", "", first=0), by_id=False) != ["one", "two"]


def test_what_trains_in_several_tasks_is_said(index_of, capsys):
    sides = {"a": index_of("1", "2", "3"), "b": index_of("2", "3"), "c": index_of("3")}
    say_repeated(sides, "training")
    assert capsys.readouterr().err == (
        "training split: 2 demonstrations lie in several tasks and count in each: 1 in a and b, 1 in a and b and c\n"
    )


def test_a_group_without_weight_does_not_train():
    groups = [["a", "b"], ["c"], ["b"]]
    assert training_tasks(groups, None) == ["a", "b", "c"]
    assert training_tasks(groups, [0.0, 0.5, 0.5]) == ["b", "c"]
