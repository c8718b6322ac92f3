"""What will not fit is refused before it starts; what fits is told in a few lines."""

import re
from pathlib import Path

import pytest

from bridgelib.training.checkpoint_sizes import CheckpointForecast
from bridgelib.workflow import forecast
from bridgelib.workflow.forecast import as_table, disks_of, impossible, in_brief
from bridgelib.workflow.stage import StageForecast

GB = 10**9


def stage(name="raw_to_numpy", root=Path("/"), **numbers):
    return StageForecast(name, root, **{"jobs": 1, "concurrent": 1, **numbers})


def test_what_fits_is_told_in_a_few_lines(tmp_path):
    left = [stage(root=tmp_path, disk_bytes=3_500_000, files=4, ram_bytes=GB, concurrent=2, uncertainty=0.02)]
    text = in_brief([*left, StageForecast("train_policy", tmp_path)], "mine")
    assert text.startswith("still to be made on machine 'mine': ")
    assert "raw_to_numpy 3.5 MB ±2 %" in text and "4 files needed" in text and "2.0 GB at most" in text
    assert "train_policy" not in text
    assert not list(impossible(left, "here"))


def test_nothing_left_to_do_is_no_line(tmp_path):
    assert in_brief([StageForecast("train_policy", tmp_path)], "mine") == ""


def test_what_will_not_fit_the_disk_is_refused(tmp_path):
    stages = [stage(root=tmp_path / "not" / "there", disk_bytes=10**15), stage("train_policy", tmp_path, disk_bytes=5)]
    (refused,) = impossible(stages, "here")
    assert re.search(r"1000.0 TB", str(refused))
    assert "im_size" in refused.do and "keep_every" in refused.do and "forecast=warn" in refused.do


def test_what_may_just_fit_is_not_refused(tmp_path):
    free = disks_of([stage(root=tmp_path)])[0].disk.free_bytes
    assert not list(impossible([stage(root=tmp_path, disk_bytes=round(1.05 * free), uncertainty=0.1)], "here"))
    assert list(impossible([stage(root=tmp_path, disk_bytes=round(1.2 * free), uncertainty=0.1)], "here"))


def test_a_root_that_cannot_be_written_to_is_refused(tmp_path, monkeypatch):
    """On another machine's disk, whose jobs run there, nothing is known of that."""
    monkeypatch.setattr(
        forecast.os, "access", lambda folder, mode: folder != tmp_path
    )  # a superuser may write anywhere
    elsewhere = stage(root=tmp_path / "not" / "there", concurrent=0)
    assert not list(impossible([elsewhere, StageForecast("train_policy", tmp_path)], "here"))
    (refused,) = impossible([stage(root=tmp_path / "not" / "there")], "here")
    assert re.search(r"raw_to_numpy writes to .*not/there, and .* cannot be written to", str(refused))


def test_more_files_than_may_be_made_are_refused(tmp_path):
    if disks_of([stage(root=tmp_path)])[0].disk.free_files is None:
        pytest.skip("this file system sets no limit to the number of files")
    (refused,) = impossible([stage(root=tmp_path, files=10**15)], "here")
    assert re.search("files needed", str(refused))


def test_jobs_at_once_that_take_more_memory_than_there_is_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(forecast, "memory_bytes", lambda: 16 * GB)
    assert not list(impossible([stage("numpy_to_tfrecord", tmp_path, ram_bytes=GB, concurrent=16)], "here"))
    (refused,) = impossible([stage("numpy_to_tfrecord", tmp_path, ram_bytes=GB, concurrent=64)], "here")
    assert re.search("64 jobs of numpy_to_tfrecord at once", str(refused))
    assert "64.0 GB" in refused.given and "fewer --cores" in refused.do


def test_where_one_job_is_too_large_fewer_at_once_are_no_cure(tmp_path, monkeypatch):
    monkeypatch.setattr(forecast, "memory_bytes", lambda: 16 * GB)
    (refused,) = impossible([stage("train_policy", tmp_path, ram_bytes=17 * GB)], "here")
    assert refused.given == "a job of train_policy takes 17.0 GB of memory; this machine has 16.0 GB"
    assert refused.do == "a smaller batch, or start all the same: --config forecast=warn"


def test_steps_of_one_disk_are_added_up(tmp_path):
    (disk,) = disks_of(
        [
            stage(root=tmp_path / "a", disk_bytes=10, scratch_bytes=7, files=1),
            stage(root=tmp_path / "b", disk_bytes=100, scratch_bytes=3, files=2),
        ]
    )
    assert (disk.bytes, disk.files) == (117, 3)


def test_the_table_has_a_line_for_every_step(tmp_path):
    checkpoints = {"bc_all": CheckpointForecast(4, 255_000_000, 85_000_000)}
    partly = stage("numpy_to_tfrecord", tmp_path, seconds=60.0, untimed=1)
    steps = [stage(root=tmp_path, seconds=3725.0), partly, StageForecast("train_policy", tmp_path)]
    table = as_table(steps, checkpoints)
    assert re.search(r"^raw_to_numpy .* B  +1:02:05 ", table, re.MULTILINE)
    assert re.search(r"^numpy_to_tfrecord .* over 0:01:00 ", table, re.MULTILINE)
    assert re.search(r"^train_policy .* - ", table, re.MULTILINE)
    assert table.endswith("bc_all: 4 checkpoints of 255 MB, 1.10 GB in all")


def test_memory_of_other_machines_is_not_held_against_this_one(tmp_path):
    on_a_cluster = stage("train_policy", tmp_path, ram_bytes=100_000 * GB, concurrent=0)
    assert not list(impossible([on_a_cluster], "here"))
    assert in_brief([on_a_cluster], "mine").endswith("for a job of train_policy, on another machine")
