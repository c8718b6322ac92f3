"""The forecast of a conversion's size and memory, held against what real conversions wrote and took."""

import sys
from pathlib import Path

import pytest

from bridgelib.conversion.conversion_speed import probe
from bridgelib.conversion.converted_sizes import (
    NOTHING,
    Content,
    Images,
    jpeg_frame_bytes,
    numpy_to_tfrecord_memory,
    raw_to_numpy_memory,
    records_bytes,
    shard_bytes,
    task_bytes,
)
from bridgelib.conversion.numpy_to_tfrecord import convert_task
from bridgelib.conversion.raw_to_numpy import DatedFolder, Settings, convert_dated_folder
from bridgelib.conversion.task_shards import Settings as TaskSettings
from bridgelib.errors import DataError
from tests import raw_trees
from tests.processes import peak_memory, python_of
from tests.trajectories import make_trajectory, write_shard

TASK = "put_the_pot_on_the_stove"


def content_of(trajectories: int, actions: int) -> Content:
    name = f"{TASK}/{raw_trees.DATE}/raw/traj_group0/traj{trajectories - 1}"
    return Content(trajectories, trajectories * (actions + 1), len(name), len("put the pot on the stove"))


def size(folder: Path, pattern: str = "*") -> int:
    return sum(path.stat().st_size for path in folder.rglob(pattern) if path.is_file())


@pytest.mark.parametrize(
    ("im_size", "cameras", "gaze"), [(16, (0,), "none"), (64, (0, 1), "none"), (64, (0,), "filter")]
)
def test_a_shard_is_as_large_as_forecast(tmp_path, im_size, cameras, gaze):
    for folder in raw_trees.write_dated_folder(tmp_path / "raw", TASK, trajectories=5, actions=9, cameras=(0, 1)):
        raw_trees.save_boxes(folder)
    dated, made = tmp_path / "raw" / TASK / raw_trees.DATE, tmp_path / "made"
    job = DatedFolder(tmp_path / "raw", dated, made / "s.npz", made / "s.report.json")
    convert_dated_folder(job, Settings(im_size, cameras, gaze))
    images = Images(im_size, len(cameras), gaze != "none")
    assert shard_bytes(content_of(5, 9), images) == pytest.approx(size(made), rel=0.05)


@pytest.mark.parametrize("encoding", ["raw", "jpeg"])
def test_tfrecords_are_as_large_as_forecast(tmp_path, encoding):
    """With the size of a JPEG as the probe measures it."""
    raw, shards = tmp_path / "raw", tmp_path / "numpy" / TASK
    names = [
        path.relative_to(raw).as_posix() for path in raw_trees.write_dated_folder(raw, TASK, trajectories=12, actions=9)
    ]
    job = DatedFolder(raw, raw / TASK / raw_trees.DATE, shards / "s.npz", shards / "s.report.json")
    convert_dated_folder(job, Settings(64))
    convert_task([shards / "s.npz"], tmp_path / "made", TaskSettings(64, 0.9, image_encoding=encoding))
    speed = probe(raw, names, Settings(64), encoding, workers=2, seconds=0.5)
    assert speed.frames == 120 and speed.raw_to_numpy > 0 and speed.numpy_to_tfrecord > 0
    images, content = Images(64, encoding=encoding, jpeg_frame=speed.jpeg_frame), content_of(12, 9)
    assert records_bytes(content, images) == pytest.approx(size(tmp_path / "made", "*.tfrecord"), rel=0.02)
    assert task_bytes(content, images) == pytest.approx(size(tmp_path / "made"), rel=0.05)


def test_sizes_by_hand():
    """Two trajectories of three frames and two actions; images of four pixels, where frames are nearly nothing."""
    images = Images(im_size=2, gaze=True)
    assert (images.frame, images.map) == (12, 16)
    assert images.record_bytes(frames=6, actions=4) == 2 * 12 * 4 + 2 * 16 * 4
    assert Images(im_size=2, encoding="jpeg", jpeg_frame=100).record_bytes(6, 4) == 6 * 104
    assert Content(2, 6).actions == 4 and (NOTHING + Content(2, 6)).frames == 6


def test_the_guess_of_a_jpeg_is_good_to_a_third():
    """Measured: simulated frames of 240x320 and 23,190 bytes; frames of BridgeData, 64x64 and 3,667 bytes."""
    for im_size, measured in ((64, 3084), (128, 7869), (256, 23595)):
        assert jpeg_frame_bytes(im_size, (240, 320), 23_190) == pytest.approx(measured, rel=0.3)
    for im_size, measured in ((64, 4159), (128, 9505), (256, 23691)):
        assert jpeg_frame_bytes(im_size, (64, 64), 3_667) == pytest.approx(measured, rel=0.3)


@pytest.mark.parametrize(("im_size", "workers"), [(64, 2), (256, 2), (256, 4)])
def test_raw_to_numpy_takes_as_much_memory_as_forecast(tmp_path, repository, im_size, workers):
    raw_trees.write_dated_folder(tmp_path / "raw", trajectories=24, actions=29, size=(320, 240))
    raw, made = tmp_path / "raw", tmp_path / "numpy"
    script = repository / "workflow_scripts" / "raw_to_numpy.py"
    command = [sys.executable, script, "--raw", raw, "--numpy", made, "--im_size", im_size, "--workers", workers]
    forecast = raw_to_numpy_memory(30, Images(im_size), workers, (240, 320))
    assert forecast == pytest.approx(peak_memory(command, tmp_path), rel=0.2)


@pytest.mark.parametrize(("im_size", "actions", "encoding"), [(256, 60, "raw"), (256, 60, "jpeg")])
def test_numpy_to_tfrecord_takes_as_much_memory_as_forecast(tmp_path, repository, im_size, actions, encoding):
    python = python_of(repository, "convert")
    trajectories = [make_trajectory(number, actions, im_size) for number in range(3)]
    shard = write_shard(tmp_path / "task", raw_trees.DATE, trajectories, im_size=im_size)
    script = repository / "workflow_scripts" / "numpy_to_tfrecord.py"
    command = [python, script, "--shards", shard, "--output", tmp_path / "made", "--im_size", im_size]
    took = peak_memory([*command, "--image_encoding", encoding], tmp_path)
    noise = size(tmp_path / "made", "*.tfrecord") / (3 * (actions + 1))  # frames of noise hardly get smaller as JPEG
    images = Images(im_size, encoding=encoding, jpeg_frame=noise)
    assert numpy_to_tfrecord_memory(actions + 1, 3 * (actions + 1), images) == pytest.approx(took, rel=0.2)


def test_a_probe_of_nothing_that_can_be_converted_is_refused(tmp_path):
    (trajectory,) = raw_trees.write_dated_folder(tmp_path, TASK, trajectories=1)
    (trajectory / "obs_dict.pkl").unlink()
    with pytest.raises(DataError, match="none of 1 trajectories"):
        probe(tmp_path, [trajectory.relative_to(tmp_path).as_posix()], Settings(16), "raw")
