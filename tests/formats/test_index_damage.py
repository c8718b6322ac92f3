"""A TFRecord that is truncated, damaged or of another kind is refused, with file and byte."""

import random
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

from bridgelib.errors import DataError
from bridgelib.formats.framing import records
from bridgelib.formats.index import RecordIndex, load_index
from tests.formats.foreign import feature, foreign_features, write_foreign
from tests.raw_trees import LFS_POINTER
from tests.trajectories import make_trajectory, write_tfrecord

MAPS = np.arange(64, dtype=np.float32).reshape(4, 4, 4, 1)
TRAJECTORIES = [make_trajectory(0, length=4), make_trajectory(1, length=1), make_trajectory(2, length=7)]


def test_every_truncation_is_told_with_its_position(tmp_path):
    path = write_tfrecord(tmp_path / "out.tfrecord", TRAJECTORIES)
    whole = path.read_bytes()
    beginnings = [begin - 12 for begin, _ in records(whole)]
    for size in random.Random(0).sample(range(1, len(whole)), 60):
        if size in beginnings:
            continue
        path.write_bytes(whole[:size])
        position = max(beginning for beginning in beginnings if beginning < size)
        with pytest.raises(DataError, match=f"byte {position}: the file ends") as error:
            load_index(path)
        assert str(path) in str(error.value)


def test_a_wrong_length_is_told(tmp_path):
    path = write_tfrecord(tmp_path / "out.tfrecord", TRAJECTORIES)
    data = bytearray(path.read_bytes())
    data[1] ^= 1
    path.write_bytes(bytes(data))
    with pytest.raises(DataError, match="byte 0: the record's length does not have its checksum"):
        load_index(path)


def test_random_damage_never_ends_in_another_error(tmp_path):
    path = tmp_path / "out.tfrecord"
    originals = [write_tfrecord(path, TRAJECTORIES, encoding).read_bytes() for encoding in ("raw", "jpeg")]
    dice = random.Random(1)
    refused = 0
    for original in originals:
        ranges = [(*range(begin, begin + 80), *range(end - 200, end)) for begin, end in records(original)]
        headers = [place for places in ranges for place in places]
        for _ in range(400):
            data = bytearray(original)
            data[dice.choice(headers)] = dice.randrange(256)
            path.write_bytes(bytes(data))
            try:
                RecordIndex.build(path)
            except DataError as error:
                refused += 1
                assert "byte " in str(error)
    assert refused > 100


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"observations/state": None}, "without the feature 'observations/state'"),
        ({"next_observations/images0": None}, "without the feature 'next_observations/images0'"),
        (
            {"next_observations/state": np.zeros((3, 7), np.float32)},
            r"the next state of step 0 is not the state of step 1\n[^\0]*one step later",
        ),
        ({"actions": np.zeros((2, 7), np.float32)}, "'observations/state' has shape"),
        ({"actions": np.zeros((3, 6), np.float32)}, "'actions' has shape"),
        ({"actions": np.zeros((0, 7), np.float32)}, "without actions"),
        ({"actions": np.zeros((3, 7), np.int32)}, "'actions' is not of floating-point numbers"),
        ({"actions": np.full((3, 7), np.nan, np.float32)}, "'actions' holds NaN or infinity"),
        (
            {"observations/images0": np.zeros((3, 4, 5, 3), np.uint8)},
            r"'observations/images0' has images of 5x4 pixels, which are not square\n[^\0]*with square images",
        ),
        (
            {"next_observations/images0": foreign_features()["observations/images0"]},
            r"'next_observations/images0' of step 0 is not 'observations/images0' of step 1\n[^\0]*one step later",
        ),
        (
            {"observations/gaze": MAPS[:-1], "next_observations/gaze": MAPS[1:][::-1]},
            "'next_observations/gaze' of step 0 is not 'observations/gaze' of step 1",
        ),
        ({"observations/images0": np.zeros((3, 4, 4), np.uint8)}, "'observations/images0' has shape"),
        ({"observations/images0": np.zeros((3, 4, 4, 3), np.float32)}, "is of float32, not of uint8"),
        ({"next_observations/images0": np.zeros((3, 5, 5, 3), np.uint8)}, "'next_observations/images0' has shape"),
        ({"truncates": np.zeros(4, bool)}, "'truncates' has shape"),
        ({"terminals": np.array([False, False, True])}, "'terminals' is true somewhere"),
        ({"language": feature([b"\xff\xfe"])}, "'language' is not UTF-8"),
        ({"observations/gaze": np.zeros((3, 4, 4, 1), np.float32)}, "without the feature 'next_observations/gaze'"),
    ],
)
def test_what_is_not_bridgedata_is_refused(tmp_path, change, message):
    values = {key: value for key, value in (foreign_features() | change).items() if value is not None}
    path = write_foreign(tmp_path / "out.tfrecord", foreign_features(), values)
    second = list(records(path.read_bytes()))[1][0]
    with pytest.raises(DataError, match=message) as error:
        load_index(path)
    assert f"byte {second}" in str(error.value) or "language" in message


def test_images_of_two_sizes_are_refused(tmp_path):
    path = write_foreign(tmp_path / "out.tfrecord", foreign_features(size=4), foreign_features(size=6))
    with pytest.raises(DataError, match=r"\(6, 6, 3\).*\(4, 4, 3\)"):
        load_index(path)


@pytest.mark.parametrize("compression", ["GZIP", "ZLIB"])
def test_a_compressed_tfrecord_is_told_with_its_remedy(tmp_path, compression):
    path = tmp_path / "out.tfrecord"
    whole = write_tfrecord(tmp_path / "whole.tfrecord", TRAJECTORIES)
    with tf.io.TFRecordWriter(str(path), compression) as writer:
        for data in tf.data.TFRecordDataset(str(whole)):
            writer.write(data.numpy())
    with pytest.raises(DataError, match=f"it is compressed with {compression.lower()}") as error:
        load_index(path)
    command = error.value.do.removeprefix("decompress it: ").replace("python", sys.executable)
    subprocess.run(command, shell=True, check=True)
    assert path.read_bytes() == whole.read_bytes()
    assert len(load_index(path)) == len(TRAJECTORIES)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (LFS_POINTER, r"a pointer of Git LFS, whose content was not fetched\n[^\0]*git lfs pull"),
        (b"<html><body>404</body></html>", "a web page"),
        (bytes(1000), "nothing but zeros"),
        (b"some text that nobody knows", "byte 0"),
    ],
)
def test_another_kind_of_file_is_told(tmp_path, content, told):
    (tmp_path / "out.tfrecord").write_bytes(content)
    with pytest.raises(DataError, match=told):
        load_index(tmp_path / "out.tfrecord")


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(DataError, match="no such TFRecord"):
        load_index(tmp_path / "out.tfrecord")
