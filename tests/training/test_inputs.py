"""What a run reads: held to the batch contract before anything is trained."""

import dataclasses

import numpy as np
import pytest

from bridgelib.config.algorithms import algorithm_defaults
from bridgelib.errors import DataError
from bridgelib.formats.index import load_index
from bridgelib.training.inputs import open_inputs
from tests.training import records


def opened(data_root, groups=(("colours",),), weights=None, **dataset_kwargs):
    config = algorithm_defaults("gc_bc") | {"batch_size": 4, "val_batch_size": 2}
    config["dataset_kwargs"] |= dataset_kwargs
    return open_inputs(data_root, groups, weights, config, frozenset({"goals"}))


def test_both_sides_must_have_images_of_one_size(tmp_path, monkeypatch):
    records.write_task(tmp_path / "colours")
    monkeypatch.setattr(records, "SIDE", 16)
    records.write_task(tmp_path / "larger")
    (tmp_path / "colours" / "val").rename(tmp_path / "colours" / "former")
    (tmp_path / "larger" / "val").rename(tmp_path / "colours" / "val")
    with pytest.raises(DataError, match=r"uint8 \[2, 16, 16, 3\][^\0]*uint8 \[B, 8, 8, 3\]"):
        opened(tmp_path)


def test_statistics_are_of_the_actions_that_are_learnt(tmp_path):
    records.write_task(tmp_path / "colours")
    (relabelled, commanded) = (opened(tmp_path, relabel_actions=relabel).statistics for relabel in (True, False))
    assert relabelled.action.mean.tolist() != commanded.action.mean.tolist()
    assert relabelled.proprio.mean.tolist() == commanded.proprio.mean.tolist()


def test_statistics_are_of_the_angles_that_are_learnt(tmp_path, capsys):
    records.write_task(tmp_path / "colours")
    names = []
    for side in ("train", "val"):
        turn_round(tmp_path / "colours" / side / "out.tfrecord")
    for angles, largest in (("wrapped", 2 * np.pi - 6), ("plain", 6.0)):
        inputs = opened(tmp_path, relabel_angles=angles)
        assert inputs.statistics.action.max[5] == pytest.approx(largest)
        assert inputs.statistics.relabel_angles == angles
        assert "yaw of the state lies on both sides of ±π" in capsys.readouterr().err
        names.append(inputs.identity["statistics"])
    assert names[0] != names[1]


def turn_round(tfrecord):
    """Give a TFRecord's index a yaw that jumps between 3 and -3."""
    index = load_index(tfrecord)
    yaw = np.where(np.arange(len(index.state)) % 2, 3.0, -3.0)
    state = np.concatenate([index.state[:, :5], yaw[:, None], index.state[:, 6:]], axis=1).astype(np.float32)
    dataclasses.replace(index, state=state).save(tfrecord)


def test_what_trains_in_another_task_does_not_validate(tmp_path, capsys):
    """Contents are numbered from 0 on in each side, so the tasks share some: val a is 0 to 3, train b is 0."""
    records.write_task(tmp_path / "a", training=2, validation=4)
    records.write_task(tmp_path / "b", training=1, validation=4, seed=1)
    both = opened(tmp_path, [["a", "b"]])
    told = capsys.readouterr().err
    assert "3 of 8 validation trajectories are left out" in told and "2 of b in a, 1 of a in b" in told
    assert "training split: 1 demonstrations lie in several tasks" in told
    assert both.validation is not None and both.identity["left_out_of_validation"] == 3
    assert sum(batch["valid"].sum() for batch in both.validation) == 5 * records.LENGTH
    alone = opened(tmp_path, [["a"]])
    assert sum(batch["valid"].sum() for batch in alone.validation) == 4 * records.LENGTH
    assert "left_out_of_validation" not in alone.identity


def test_a_task_without_weight_leaks_nothing(tmp_path):
    records.write_task(tmp_path / "a", training=2, validation=4)
    records.write_task(tmp_path / "b", training=1, validation=4, seed=1)
    weighted = opened(tmp_path, [["a"], ["b"]], [1.0, 0.0])
    assert weighted.identity["left_out_of_validation"] == 2  # of b, in a


def test_a_validation_side_that_all_trains_is_refused(tmp_path):
    for task in ("a", "b"):
        records.write_task(tmp_path / task, training=4, validation=4)
    with pytest.raises(DataError, match="the same demonstrations all train"):
        opened(tmp_path, [["a", "b"]])


def test_the_mask_of_chunks_reaches_both_sides(tmp_path):
    records.write_task(tmp_path / "colours")
    inputs = opened(tmp_path, act_pred_horizon=4, chunk_padding="mask")
    for batch in (inputs.training.batch(0), inputs.validation.batch(0)):
        assert batch["action_mask"].shape == batch["actions"].shape[:2] == (len(batch["valid"]), 4)
        assert batch["action_mask"][:, 0].all()
