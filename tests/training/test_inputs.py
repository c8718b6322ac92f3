"""What a run reads: held to the batch contract before anything is trained."""

import pytest

from bridgelib.config.algorithms import algorithm_defaults
from bridgelib.errors import DataError
from bridgelib.training.inputs import open_inputs
from tests.training import records


def opened(data_root, **dataset_kwargs):
    config = algorithm_defaults("gc_bc") | {"batch_size": 4, "val_batch_size": 2}
    config["dataset_kwargs"] |= dataset_kwargs
    return open_inputs(data_root, [["colours"]], None, config, frozenset({"goals"}))


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
