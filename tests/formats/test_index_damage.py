"""A TFRecord that is truncated, damaged or of another kind is refused, with file and byte."""

import random
import zlib

import numpy as np
import pytest

from bridgelib.errors import DataError
from bridgelib.formats.framing import records
from bridgelib.formats.index import RecordIndex, load_index
from tests.formats.foreign import feature, foreign_features, write_foreign
from tests.trajectories import make_trajectory, write_tfrecord

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
            "the next state of step 0 is not the state of step 1",
        ),
        ({"actions": np.zeros((2, 7), np.float32)}, "'observations/state' has shape"),
        ({"actions": np.zeros((3, 6), np.float32)}, "'actions' has shape"),
        ({"actions": np.zeros((0, 7), np.float32)}, "without actions"),
        ({"actions": np.zeros((3, 7), np.int32)}, "'actions' is not of floating-point numbers"),
        ({"actions": np.full((3, 7), np.nan, np.float32)}, "'actions' holds NaN or infinity"),
        ({"observations/images0": np.zeros((3, 4, 5, 3), np.uint8)}, "'observations/images0' has shape"),
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


def test_another_kind_of_file_is_refused(tmp_path):
    path = tmp_path / "out.tfrecord"
    path.write_bytes(zlib.compress(b"something else" * 20) * 4)
    with pytest.raises(DataError, match="byte 0"):
        load_index(path)


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(DataError, match="no such TFRecord"):
        load_index(tmp_path / "out.tfrecord")
