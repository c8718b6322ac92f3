import errno
import json
import os
from pathlib import Path

import numpy as np
import pytest

from bridgelib.errors import DataError
from bridgelib.policy.weights import hash_of
from bridgelib.training.checkpoints import Checkpoints, LoopState


def tree(value: float) -> dict:
    return {"kernel": np.full((2, 3), value, np.float32), "key": np.array([1, 2], np.uint32)}


def filled(folder, *steps, **options) -> Checkpoints:
    checkpoints = Checkpoints(folder, **options)
    for step in steps:
        checkpoints.save(tree(step), LoopState(step, log_position=10 * step))
    return checkpoints


def test_round_trip(tmp_path):
    checkpoints = Checkpoints(tmp_path)
    loop = LoopState(4, 99, validated_step=4, best_step=2, best_score=0.25, seconds=1.5)
    checkpoints.save(tree(0.1), loop)
    state, found = checkpoints.load(4, tree(0))
    assert (found, found.seconds) == (loop, 1.5)
    assert hash_of(state) == hash_of(tree(0.1)) != hash_of(tree(0.2))
    assert state["key"].dtype == np.uint32


def test_keeps_the_last_the_best_and_every_kth(tmp_path):
    checkpoints = Checkpoints(tmp_path, keep_last=2, keep_every=4)
    for step in range(1, 11):
        checkpoints.save(tree(step), LoopState(step, best_step=min(step, 3)))
    assert checkpoints.steps() == [3, 4, 8, 9, 10]
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        f"step-{step:09d}.{suffix}" for step in (3, 4, 8, 9, 10) for suffix in ("json", "msgpack")
    )


def test_none_makes_room_for_one_that_a_signal_left(tmp_path):
    checkpoints = Checkpoints(tmp_path, keep_last=2, interval=10)
    kept = []
    for step, best in ((3, None), (7, None), (10, None), (15, 15), (20, 15), (24, 15), (26, 15), (30, 15)):
        checkpoints.save(tree(step), LoopState(step, best_step=best))
        kept.append((checkpoints.steps(), checkpoints.regular()))
    assert kept == [
        ([3], [3]),
        ([3, 7], [7]),
        ([7, 10], [10]),
        ([10, 15], [10, 15]),
        ([15, 20], [15, 20]),
        ([15, 20, 24], [15, 20, 24]),
        ([15, 20, 26], [15, 20, 26]),
        ([15, 20, 30], [15, 20, 30]),
    ]


def test_one_that_a_signal_left_is_not_kept_for_its_multiple(tmp_path):
    checkpoints = Checkpoints(tmp_path, keep_last=1, keep_every=4, interval=10)
    for step in (8, 10, 12, 20, 30):
        checkpoints.save(tree(step), LoopState(step))
    assert checkpoints.steps() == [20, 30]


def test_the_best_was_kept_among_the_last(tmp_path):
    """Also when it is no longer the best: so it is in a run that nothing stopped."""
    checkpoints = Checkpoints(tmp_path, keep_last=2, interval=10)
    for step, best in ((10, 10), (15, 15), (18, 18)):
        checkpoints.save(tree(step), LoopState(step, best_step=best))
    assert checkpoints.steps() == checkpoints.regular() == [15, 18]


def test_a_broken_sidecar_stops_no_saving(tmp_path):
    checkpoints = filled(tmp_path, 2, 3, interval=2)
    (tmp_path / "step-000000003.json").write_text("{")
    checkpoints.save(tree(4), LoopState(4))
    assert checkpoints.steps() == [2, 4]


@pytest.mark.parametrize("damage", ["flip", "truncate", "empty", "no state", "no json"])
def test_broken_newest_falls_back_to_the_one_before_and_says_so(tmp_path, capsys, damage):
    checkpoints = filled(tmp_path, 2, 4)
    state = tmp_path / "step-000000004.msgpack"
    if damage == "flip":
        content = bytearray(state.read_bytes())
        content[len(content) // 2] ^= 1
        state.write_bytes(content)
    elif damage == "truncate":
        os.truncate(state, 20)
    elif damage == "empty":
        os.truncate(state, 0)
    elif damage == "no state":
        state.unlink()
    else:
        state.with_suffix(".json").write_text("{")
    found, loop = checkpoints.newest(tree(0), log_bytes=1000)
    assert loop.step == 2 and found["kernel"][0, 0] == 2
    assert "Passing over the checkpoint of step 4" in capsys.readouterr().err


def test_checkpoint_that_knows_of_more_metrics_than_there_are_is_passed_over(tmp_path, capsys):
    _, loop = filled(tmp_path, 2, 4).newest(tree(0), log_bytes=39)
    assert loop.step == 2
    assert "metrics.jsonl has 39 of its 40 bytes" in capsys.readouterr().err


def test_what_is_sound_is_never_thrown_away_for_a_start_from_the_beginning(tmp_path):
    checkpoints = filled(tmp_path, 2, 4)
    with pytest.raises(DataError, match=r"metrics\.jsonl has 0 of its 20 bytes"):  # somebody removed it
        checkpoints.newest(tree(0), log_bytes=0)
    other = {**tree(0), "kernel": np.zeros((2, 4), np.float32)}  # the code has changed since
    with pytest.raises(DataError, match="resume with the code it was trained with"):
        checkpoints.newest(other, log_bytes=1000)
    assert checkpoints.steps() == [2, 4]


@pytest.mark.parametrize("unreadable", [{4}, {2, 4}])
def test_one_that_the_disk_does_not_give_is_passed_over_and_kept(tmp_path, monkeypatch, unreadable):
    checkpoints, read = filled(tmp_path, 2, 4), Path.read_bytes

    def failing(path):
        if path.suffix == ".msgpack" and int(path.stem[-9:]) in unreadable:
            raise OSError(errno.EIO, "Input/output error")
        return read(path)

    monkeypatch.setattr(Path, "read_bytes", failing)
    if unreadable == {4}:
        assert checkpoints.newest(tree(0), log_bytes=1000)[1].step == 2
    else:
        with pytest.raises(DataError, match="Input/output error"):
            checkpoints.newest(tree(0), log_bytes=1000)


@pytest.mark.parametrize("content", ["", "0000"])
def test_two_broken_ones_fall_back_to_the_third(tmp_path, capsys, content):
    checkpoints = filled(tmp_path, 2, 4, 6, keep_last=3)
    (tmp_path / "step-000000006.msgpack").write_text(content)
    (tmp_path / "step-000000004.json").write_text(content)
    _, loop = checkpoints.newest(tree(0), log_bytes=1000)
    assert loop.step == 2
    assert capsys.readouterr().err.count("Passing over") == 2


def test_where_all_are_broken_training_begins_anew(tmp_path):
    checkpoints = filled(tmp_path, 2, 4)
    for path in tmp_path.glob("*.msgpack"):
        path.write_bytes(b"")
    assert checkpoints.newest(tree(0), log_bytes=1000) is None


def test_state_of_another_learner_is_refused_with_both_shapes(tmp_path):
    checkpoints = filled(tmp_path, 2)
    other = {**tree(0), "kernel": np.zeros((2, 4), np.float32)}
    with pytest.raises(DataError, match=r"kernel.*\n.*float32\[2, 3\]\n.*float32\[2, 4\]"):
        checkpoints.load(2, other)
    with pytest.raises(DataError, match="not the parameters of this algorithm"):
        checkpoints.load(2, {"other": np.zeros(3)})


def test_no_checkpoint_is_none(tmp_path):
    assert Checkpoints(tmp_path / "none").newest(tree(0), 0) is None


def test_discarding_removes_later_broken_and_unfinished_ones(tmp_path):
    checkpoints = filled(tmp_path, 2, 4)
    (tmp_path / "step-000000004.json").unlink()  # killed before the sidecar came
    (tmp_path / ".step-000000003.msgpack.partial").touch()  # killed while writing
    (tmp_path / "step-000000001.msgpack").touch()  # killed while removing it, its sidecar first
    (tmp_path / "step-by-step.txt").touch()  # not ours
    assert checkpoints.steps() == [2]
    checkpoints.discard_after(2)
    left = sorted(path.name for path in tmp_path.iterdir())
    assert left == ["step-000000002.json", "step-000000002.msgpack", "step-by-step.txt"]


def test_sidecar_is_readable_json(tmp_path):
    filled(tmp_path, 2)
    sidecar = json.loads((tmp_path / "step-000000002.json").read_text())
    assert sidecar["bytes"] == (tmp_path / "step-000000002.msgpack").stat().st_size
    assert sidecar["loop"]["log_position"] == 20
