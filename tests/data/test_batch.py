"""The batch contract: what is accepted, and how a breach is told."""

import numpy as np
import pytest

from bridgelib.data.batch import NEEDS, check_batch, contract
from bridgelib.errors import DataError

SIZES = {"B": 4, "H": 8, "W": 8, "P": 7, "A": 7, "E": 16}


def made(needs=NEEDS, history=None, chunk=None):
    batch = {}
    for path, entry in contract(needs, history, chunk).items():
        *folders, name = path.split("/")
        place = batch
        for folder in folders:
            place = place.setdefault(folder, {})
        place[name] = np.zeros([SIZES.get(axis, axis) for axis in entry.axes], entry.dtype)
    return batch


@pytest.mark.parametrize("needs", [frozenset(), frozenset({"goals"}), frozenset({"language", "gaze"}), NEEDS])
@pytest.mark.parametrize(("history", "chunk"), [(None, None), (1, 1), (2, 4)])
def test_a_batch_made_by_the_contract_passes(needs, history, chunk):
    sizes = check_batch(made(needs, history, chunk), needs, history=history, chunk=chunk)
    assert sizes == {axis: SIZES[axis] for axis in sizes}
    assert {"B", "H", "W", "P", "A"} <= set(sizes)


def test_the_contract_in_shapes():
    entries = {path: str(entry) for path, entry in contract(NEEDS, history=2, chunk=4).items()}
    assert entries["observations/image"] == "uint8 [B, 2, H, W, 3]"
    assert entries["next_observations/gaze"] == "float32 [B, 2, H, W, 1]"
    assert entries["goals/image"] == "uint8 [B, H, W, 3]"
    assert entries["actions"] == "float32 [B, 4, A]"
    assert set(contract(frozenset())) == {
        *("observations/image", "observations/proprio", "actions", "rewards", "masks", "terminals", "valid")
    }


def test_more_than_is_needed_may_be_there():
    check_batch(made(NEEDS), frozenset())


def breach(change, needs=NEEDS, **kwargs):
    batch = made(NEEDS)
    change(batch)
    with pytest.raises(DataError) as caught:
        check_batch(batch, needs, **kwargs)
    return str(caught.value)


def test_a_missing_key_is_named():
    message = breach(lambda batch: batch["goals"].pop("language"))
    assert "batch key 'goals/language'" in message
    assert "no such key" in message
    assert "float32 [B, E]" in message


def test_an_unknown_key_is_named_with_the_closest():
    message = breach(lambda batch: batch["goals"].update(langauge=np.zeros((4, 16), np.float32)))
    assert "batch key 'goals/langauge'" in message
    assert "did you mean 'goals/language'?" in message


def test_a_wrong_type_shows_both():
    message = breach(lambda batch: batch.update(rewards=np.zeros(4, np.float32)))
    assert "batch key 'rewards'" in message
    assert "float32 [4]" in message
    assert "int32 [4]" in message


def test_a_wrong_rank_shows_both():
    message = breach(lambda batch: batch["observations"].update(proprio=np.zeros((4, 1, 7), np.float32)))
    assert "batch key 'observations/proprio'" in message
    assert "float32 [4, 1, 7]" in message
    assert "float32 [4, P]" in message


def test_sizes_agree_across_keys():
    message = breach(lambda batch: batch["goals"].update(image=np.zeros((4, 8, 9, 3), np.uint8)))
    assert "batch key 'goals/image'" in message
    assert "uint8 [4, 8, 9, 3]" in message
    assert "uint8 [4, 8, 8, 3]" in message


def test_a_demanded_size_is_met():
    assert "uint8 [8, H, W, 3]" in breach(lambda batch: None, sizes={"B": 8})
    assert "float32 [4, 3, A]" in breach(lambda batch: None, chunk=3)
