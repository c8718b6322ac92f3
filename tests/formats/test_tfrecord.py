"""What we write are the bytes that TensorFlow writes, and what the predecessor's loader reads."""

import io
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from bridgelib.errors import DataError
from bridgelib.formats.protobuf import example_features
from bridgelib.formats.tfrecord import example, tfrecord_writer
from tests.formats import by_tensorflow
from tests.trajectories import make_trajectory, write_tfrecord

LOADER_TYPES = {
    "observations/images0": tf.uint8,
    "observations/state": tf.float32,
    "next_observations/images0": tf.uint8,
    "next_observations/state": tf.float32,
    "actions": tf.float32,
    "terminals": tf.bool,
    "truncates": tf.bool,
    "language": tf.string,
}
"""The features that the predecessor's loader asks for, each a scalar string that holds a serialised tensor."""


def read_as_the_loader_does(path) -> list[dict[str, np.ndarray]]:
    def parsed(record):
        scalars = {key: tf.io.FixedLenFeature([], tf.string) for key in LOADER_TYPES}
        strings = tf.io.parse_single_example(record, scalars)
        return {key: tf.io.parse_tensor(strings[key], kind) for key, kind in LOADER_TYPES.items()}

    return list(tf.data.TFRecordDataset(str(path)).map(parsed).as_numpy_iterator())


def features_of(trajectory, encoding) -> dict[str, bytes]:
    read = tf.train.Example.FromString(b"".join(example(trajectory, encoding)))
    return {key: feature.bytes_list.value[0] for key, feature in read.features.feature.items()}


NUMBERS = st.floats(width=32)  # NaN and infinity too: what is written is not judged here


@st.composite
def trajectories(draw):
    """Any trajectory, and its gaze maps or None."""
    length, size = draw(st.integers(1, 4)), draw(st.sampled_from([1, 2, 7, 16]))
    rows = np.array(draw(st.lists(NUMBERS, min_size=7, max_size=7)), np.float32)
    texts = st.text(st.characters(codec="utf-8"))
    made = replace(
        make_trajectory(draw(st.integers(0, 99)), length, size),
        name=draw(texts),
        languages=tuple(draw(st.lists(texts, min_size=1, max_size=3))),
        actions=np.repeat(rows[None], length, axis=0),
    )
    maps = np.linspace(0, 1, (length + 1) * size**2, dtype=np.float32).reshape(length + 1, size, size, 1)
    return made, draw(st.sampled_from([None, maps]))


@settings(deadline=None, max_examples=60)
@given(st.lists(trajectories(), max_size=3), st.sampled_from(["raw", "jpeg"]))
def test_the_bytes_are_those_of_tensorflows_writer(some, encoding):
    with tempfile.TemporaryDirectory() as folder:
        ours, theirs = Path(folder, "ours"), Path(folder, "theirs")
        with tfrecord_writer(ours, encoding) as append:
            for trajectory, gaze in some:
                append(trajectory, gaze)
        by_tensorflow.write(theirs, encoding, some)
        assert ours.read_bytes() == theirs.read_bytes()


@pytest.mark.parametrize("encoding", ["raw", "jpeg"])
def test_so_are_those_of_frames_that_take_several_blocks(tmp_path, encoding):
    some = [(make_trajectory(number, length=9, size=200), None) for number in range(2)]
    ours = write_tfrecord(tmp_path / "ours", [trajectory for trajectory, _ in some], encoding)
    assert ours.read_bytes() == by_tensorflow.write(tmp_path / "theirs", encoding, some).read_bytes()


def test_frames_are_not_copied():
    trajectory = make_trajectory(0)
    pieces = [piece for piece in example(trajectory, "raw") if len(piece) >= trajectory.frames[0][0].nbytes]
    assert len(pieces) == 2 and all(np.shares_memory(piece, trajectory.frames[0]) for piece in pieces)


def test_a_trajectory_that_no_record_can_hold_is_refused(tmp_path):
    """In TensorFlow, it ends as an error of its protocol buffers."""
    frames = np.memmap(tmp_path / "frames", np.uint8, "w+", shape=(1401, 512, 512, 3))  # a hole on the disk
    some = make_trajectory(0, length=1400)
    with tfrecord_writer(tmp_path / "out", "raw") as append:
        append(make_trajectory(1))
        with pytest.raises(DataError, match=r"1400 steps[\s\S]*2,147,483,647 bytes[\s\S]*image_encoding jpeg"):
            append(replace(some, frames={0: frames}))
    assert len(read_as_the_loader_does(tmp_path / "out")) == 1  # it left nothing behind


@pytest.mark.parametrize("length", [1, 2, 5])
def test_the_predecessors_loader_reads_it(tmp_path, length):
    trajectories = [make_trajectory(number, length, languages=("open it", "öffne es")) for number in range(3)]
    write_tfrecord(tmp_path / "out.tfrecord", trajectories)
    read = read_as_the_loader_does(tmp_path / "out.tfrecord")
    assert len(read) == 3
    for tensors, trajectory in zip(read, trajectories, strict=True):
        np.testing.assert_array_equal(tensors["observations/images0"], trajectory.frames[0][:-1])
        np.testing.assert_array_equal(tensors["next_observations/images0"], trajectory.frames[0][1:])
        np.testing.assert_array_equal(tensors["observations/state"], trajectory.state[:-1])
        np.testing.assert_array_equal(tensors["next_observations/state"], trajectory.state[1:])
        np.testing.assert_array_equal(tensors["actions"], trajectory.actions)
        assert tensors["terminals"].tolist() == [False] * length
        assert tensors["truncates"].tolist() == [False] * (length - 1) + [True]
        assert [text.decode() for text in tensors["language"]] == ["open it", "öffne es"]


def test_only_the_first_camera_and_the_features_of_the_format(tmp_path):
    keys = set(features_of(make_trajectory(0), "raw"))
    assert keys == set(LOADER_TYPES) | {"name", "identity"}


def test_name_and_identity_are_scalar_strings():
    trajectory = make_trajectory(3)
    features = features_of(trajectory, "raw")
    assert tf.io.parse_tensor(features["name"], tf.string).numpy().decode() == trajectory.name
    assert tf.io.parse_tensor(features["identity"], tf.string).numpy().decode() == trajectory.content_id


def test_the_compact_variant_has_each_frame_once_as_jpeg():
    trajectory = make_trajectory(0, length=3)
    raw, compact = features_of(trajectory, "raw"), features_of(trajectory, "jpeg")
    assert set(raw) - set(compact) == {"observations/images0", "next_observations/images0"}
    assert set(compact) - set(raw) == {"jpeg/images0"}
    frames = tf.io.parse_tensor(compact["jpeg/images0"], tf.string).numpy()
    assert frames.shape == (4,)
    for data in frames:
        image = Image.open(io.BytesIO(data))
        assert (image.format, image.size) == ("JPEG", (8, 8))
        assert image.layer[0][1:3] == image.layer[1][1:3] == (1, 1), "colours are subsampled"


def test_features_lie_in_the_order_of_their_keys():
    """Protocol buffers leave the order of a map open, and so the bytes, unless asked not to."""
    data = b"".join(example(make_trajectory(0), "raw"))
    keys = list(example_features(data, 0, len(data)))
    assert keys == sorted(keys)
    assert len(keys) == 10


@pytest.mark.parametrize("encoding", ["raw", "jpeg"])
def test_the_same_trajectories_give_the_same_bytes(tmp_path, encoding):
    for name in ("first", "second"):
        write_tfrecord(tmp_path / name, [make_trajectory(number) for number in range(4)], encoding)
    assert (tmp_path / "first").read_bytes() == (tmp_path / "second").read_bytes()
