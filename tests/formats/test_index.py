"""The index finds every frame, knows when it is out of date, and names the byte where a file is broken."""

import io
import os
import random
import time
import warnings
import zlib

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from bridgelib.errors import DataError
from bridgelib.formats import index as index_module
from bridgelib.formats.framing import masked_crc32c, records
from bridgelib.formats.index import RecordIndex, index_path, load_index
from bridgelib.formats.tensor import Tensor
from bridgelib.formats.tfrecord import tfrecord_writer
from tests.trajectories import make_trajectory

TRAJECTORIES = [
    make_trajectory(0, length=4, languages=("open", "öffne")),
    make_trajectory(1, length=1, languages=("",)),
    make_trajectory(2, length=7),
]


@pytest.fixture
def write(tmp_path):
    """Write trajectories and give the path."""

    def written(trajectories=TRAJECTORIES, encoding="raw", name="out.tfrecord"):
        with tfrecord_writer(tmp_path / name, encoding) as append:
            for trajectory in trajectories:
                append(trajectory)
        return tmp_path / name

    return written


def feature(value, dtype=None) -> tf.train.Feature:
    content = tf.io.serialize_tensor(tf.constant(value, dtype)).numpy()
    return tf.train.Feature(bytes_list=tf.train.BytesList(value=[content]))


def foreign_features(length=3, size=4) -> dict:
    """A trajectory as somebody else may have written it: the seven features of the first BridgeData loader."""
    state = np.arange((length + 1) * 7, dtype=np.float32).reshape(-1, 7)
    frames = np.arange((length + 1) * size * size * 3, dtype=np.uint8).reshape(length + 1, size, size, 3)
    return {
        "observations/images0": frames[:-1],
        "next_observations/images0": frames[1:],
        "observations/state": state[:-1],
        "next_observations/state": state[1:],
        "actions": np.ones((length, 7), np.float32),
        "terminals": np.zeros(length, bool),
        "truncates": np.zeros(length, bool),
    }


def write_foreign(path, *examples: dict):
    with tf.io.TFRecordWriter(str(path)) as writer:
        for values in examples:
            features = {
                key: value if isinstance(value, tf.train.Feature) else feature(value) for key, value in values.items()
            }
            writer.write(tf.train.Example(features=tf.train.Features(feature=features)).SerializeToString())
    return path


def frames_of(path, index: RecordIndex) -> list[bytes]:
    data = path.read_bytes()
    pairs = zip(index.frame_position.tolist(), index.frame_length.tolist(), strict=True)
    return [data[position : position + length] for position, length in pairs]


def assert_same(left: RecordIndex, right: RecordIndex):
    for key in RecordIndex.__dataclass_fields__:
        np.testing.assert_array_equal(getattr(left, key), getattr(right, key), err_msg=key)


# what it holds


def test_every_frame_and_array_is_found(write):
    path = write()
    index = RecordIndex.build(path)
    assert (len(index), index.encoding, index.image_shape) == (3, "raw", (8, 8, 3))
    assert index.frame_offsets.tolist() == [0, 5, 7, 15]
    assert index.action_offsets.tolist() == [0, 4, 5, 12]
    assert index.language_offsets.tolist() == [0, 2, 3, 4]
    assert index.languages.tolist() == ["open", "öffne", "", "open the drawer"]
    assert index.names.tolist() == [trajectory.name for trajectory in TRAJECTORIES]
    assert index.identities.tolist() == [trajectory.identity for trajectory in TRAJECTORIES]
    np.testing.assert_array_equal(index.state, np.concatenate([trajectory.state for trajectory in TRAJECTORIES]))
    np.testing.assert_array_equal(index.actions, np.concatenate([trajectory.actions for trajectory in TRAJECTORIES]))
    frames = np.concatenate([trajectory.frames[0] for trajectory in TRAJECTORIES])
    assert frames_of(path, index) == [frame.tobytes() for frame in frames]
    for (state, actions), trajectory in zip(index.trajectories(), TRAJECTORIES, strict=True):
        np.testing.assert_array_equal(state, trajectory.state)
        np.testing.assert_array_equal(actions, trajectory.actions)


def test_jpeg_frames_are_found_and_close(write):
    """Smooth frames come back within a few grey levels; noise would not survive any JPEG."""
    ramp = np.linspace(0, 255, 32, dtype=np.uint8)
    smooth = np.stack(np.broadcast_arrays(ramp[:, None], ramp[None, :], np.uint8(90)), axis=-1)
    trajectory = make_trajectory(0, length=3, size=32)
    trajectory.frames[0][:] = [smooth, smooth[::-1], smooth[:, ::-1], smooth // 2]
    path = write([trajectory, make_trajectory(1, size=32)], encoding="jpeg")
    index = RecordIndex.build(path)
    assert (index.encoding, index.image_shape) == ("jpeg", (32, 32, 3))
    assert index.frame_offsets.tolist() == [0, 4, 9]
    for data, frame in zip(frames_of(path, index), trajectory.frames[0], strict=False):
        decoded = np.asarray(Image.open(io.BytesIO(data)), np.int16)
        assert np.abs(decoded - frame).max() <= 8


def test_an_empty_file_is_an_index_without_trajectories(write):
    index = load_index(write([]))
    assert len(index) == len(index.state) == len(index.actions) == len(index.languages) == 0
    assert index.frame_offsets.tolist() == [0]
    assert_same(index, load_index(write([])))


# TFRecords made elsewhere


def test_no_language_no_names_no_terminals(tmp_path):
    values = foreign_features()
    del values["terminals"], values["truncates"]
    index = RecordIndex.build(write_foreign(tmp_path / "out.tfrecord", values, values))
    assert index.languages.tolist() == index.names.tolist() == index.identities.tolist() == ["", ""]
    assert (index.gaze_position == -1).all()


def test_gaze_maps_are_found(tmp_path):
    values = foreign_features(length=3, size=4)
    gaze = np.arange(4 * 16, dtype=np.float32).reshape(4, 4, 4, 1)
    values |= {"observations/gaze": gaze[:-1], "next_observations/gaze": gaze[1:]}
    path = write_foreign(tmp_path / "out.tfrecord", foreign_features(), values)
    index, data = RecordIndex.build(path), path.read_bytes()
    assert index.gaze_position[:4].tolist() == [-1] * 4
    found = [np.frombuffer(data, np.float32, 16, position) for position in index.gaze_position[4:].tolist()]
    np.testing.assert_array_equal(found, gaze.reshape(4, 16))


@pytest.mark.parametrize("length", [1, 2, 3])
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.float16])
def test_tiny_and_constant_tensors(tmp_path, length, dtype):
    values = foreign_features(length) | {"actions": np.full((length, 7), 0.5, dtype)}
    index = RecordIndex.build(write_foreign(tmp_path / "out.tfrecord", values))
    assert index.actions.dtype == np.float32
    np.testing.assert_array_equal(index.actions, np.full((length, 7), 0.5))


@pytest.mark.parametrize(
    ("expected", "typed"),
    [
        (np.float32([[1.5, 1.5, 1.5]]), {"float_val": [1.5]}),  # TensorFlow leaves out trailing repetitions
        (np.float32([1.0, 2.0, 2.0]), {"float_val": [1.0, 2.0]}),
        (np.zeros((2, 2), np.float32), {}),
        (np.float64([1.0, -2.0]), {"double_val": [1.0, -2.0]}),
        (np.array([True, False, False]), {"bool_val": [True, False]}),
        (np.array([3, 250], np.uint8), {"int_val": [3, 250]}),
        (np.array([-1, 7], np.int32), {"int_val": [-1, 7]}),
        (np.array([-5], np.int64), {"int64_val": [-5]}),
        (np.float16([1.5, -2.0]), {"half_val": np.float16([1.5, -2.0]).view(np.uint16).tolist()}),
    ],
)
def test_tensors_with_typed_values(expected, typed):
    proto = tf.make_tensor_proto(np.zeros_like(expected))
    for key in ("tensor_content", "float_val", "double_val", "int_val", "int64_val", "bool_val", "half_val"):
        proto.ClearField(key)
    for key, values in typed.items():
        getattr(proto, key).extend(values)
    data = proto.SerializeToString()
    np.testing.assert_array_equal(tf.make_ndarray(proto), expected)  # TensorFlow reads it so
    found = Tensor.at(data, 0, len(data)).array(data)
    assert found.dtype == expected.dtype
    np.testing.assert_array_equal(found, expected)


def test_the_predecessors_own_tfrecords(shared):
    for path in sorted(shared.glob("golden/peer_tfrecord_64/*/*/out.tfrecord")):
        index = RecordIndex.build(path)
        examples = [tf.train.Example.FromString(data.numpy()) for data in tf.data.TFRecordDataset(str(path))]
        assert len(index) == len(examples) > 0
        frames = frames_of(path, index)
        for number, example in enumerate(examples):
            tensors = {key: value.bytes_list.value[0] for key, value in example.features.feature.items()}
            first, last = index.frame_offsets[number : number + 2]
            for key, mine in (
                ("observations", frames[first : last - 1]),
                ("next_observations", frames[first + 1 : last]),
            ):
                images = tf.io.parse_tensor(tensors[f"{key}/images0"], tf.uint8).numpy()
                assert mine == [image.tobytes() for image in images]
            state = tf.io.parse_tensor(tensors["observations/state"], tf.float32).numpy()
            np.testing.assert_array_equal(index.state[first : last - 1], state)
            begin, end = index.language_offsets[number : number + 2]
            texts = tf.io.parse_tensor(tensors["language"], tf.string).numpy()
            assert index.languages[begin:end].tolist() == [text.decode() for text in texts]


# when it is read and when it is rebuilt


def test_saved_and_read_again(write):
    path = write()
    built = load_index(path)
    bytes_before = index_path(path).read_bytes()
    assert_same(load_index(path), built)
    assert_same(built, RecordIndex.build(path))
    index_path(path).unlink()
    load_index(path)
    assert index_path(path).read_bytes() == bytes_before


def test_an_up_to_date_index_is_not_rebuilt(write, monkeypatch):
    path = write()
    built = load_index(path)
    monkeypatch.setattr(RecordIndex, "build", lambda path: pytest.fail("rebuilt"))
    assert_same(load_index(path), built)


def test_rebuilt_when_older(write):
    path = write()
    load_index(path)
    path.write_bytes(write([make_trajectory(9)], name="other").read_bytes())
    os.utime(path, (time.time() + 10, time.time() + 10))
    assert load_index(path).identities.tolist() == [make_trajectory(9).identity]


@pytest.mark.parametrize("other", [[make_trajectory(9)], [make_trajectory(number) for number in (0, 1, 5)]])
def test_rebuilt_when_it_describes_other_bytes_whatever_the_times(write, other):
    """A copy that keeps its times may bring in an older file; even one of the same size is noticed."""
    path = write([make_trajectory(number) for number in (0, 1, 2)])
    load_index(path)
    path.write_bytes(write(other, name="other").read_bytes())
    os.utime(path, (0, 0))
    assert load_index(path).identities.tolist() == [trajectory.identity for trajectory in other]


def test_rebuilt_when_damaged_anywhere(write):
    path = write()
    built = load_index(path)
    whole = index_path(path).read_bytes()
    dice = random.Random(0)
    for _ in range(150):
        data = bytearray(whole)
        data[dice.randrange(len(data))] ^= 1 << dice.randrange(8)
        damaged = bytes(data[: dice.randrange(len(data))]) if dice.random() < 0.3 else bytes(data)
        index_path(path).write_bytes(damaged)
        assert_same(load_index(path), built)


def test_in_a_folder_that_cannot_be_written_it_stays_in_memory(write, monkeypatch):
    path = write()

    def refused(*_):
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr("bridgelib.files._locked", refused)
    with pytest.warns(UserWarning, match="kept in memory.*Read-only"):
        index = load_index(path)
    assert len(index) == 3
    assert not index_path(path).exists()


def test_no_warning_when_all_is_well(write):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        load_index(write())


# broken files


def test_every_truncation_is_told_with_its_position(write):
    path = write()
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


def test_a_wrong_length_is_told(write):
    path = write()
    data = bytearray(path.read_bytes())
    data[1] ^= 1
    path.write_bytes(bytes(data))
    with pytest.raises(DataError, match="byte 0: the record's length does not have its checksum"):
        load_index(path)


def test_random_damage_never_ends_in_another_error(write):
    originals = [write(encoding=encoding).read_bytes() for encoding in ("raw", "jpeg")]
    dice = random.Random(1)
    refused = 0
    for original in originals:
        ranges = [(*range(begin, begin + 80), *range(end - 200, end)) for begin, end in records(original)]
        headers = [place for places in ranges for place in places]
        for _ in range(400):
            data = bytearray(original)
            data[dice.choice(headers)] = dice.randrange(256)
            path = write([], name="damaged")
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


# how it is made


def test_checksum_of_the_standard():
    """CRC-32C of "123456789" is 0xE3069283 (RFC 3720, B.4 uses the same polynomial)."""
    crc = 0xE3069283
    assert masked_crc32c(b"123456789") == ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def test_only_headers_are_read(write):
    """At least a gigabyte a second, which no reader of all bytes in Python would manage."""
    path = write([make_trajectory(number, length=30, size=128) for number in range(10)])
    started = time.perf_counter()
    index_module.RecordIndex.build(path)
    assert path.stat().st_size / (time.perf_counter() - started) > 1e9
