"""What we write is what the predecessor's loader reads."""

import io

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from bridgelib.formats.protobuf import example_features
from bridgelib.formats.tfrecord import serialised
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
    def parsed(example):
        scalars = {key: tf.io.FixedLenFeature([], tf.string) for key in LOADER_TYPES}
        strings = tf.io.parse_single_example(example, scalars)
        return {key: tf.io.parse_tensor(strings[key], kind) for key, kind in LOADER_TYPES.items()}

    return list(tf.data.TFRecordDataset(str(path)).map(parsed).as_numpy_iterator())


def features_of(trajectory, encoding) -> dict[str, bytes]:
    example = tf.train.Example.FromString(serialised(trajectory, encoding))
    return {key: feature.bytes_list.value[0] for key, feature in example.features.feature.items()}


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
    data = serialised(make_trajectory(0), "raw")
    keys = list(example_features(data, 0, len(data)))
    assert keys == sorted(keys)
    assert len(keys) == 10


@pytest.mark.parametrize("encoding", ["raw", "jpeg"])
def test_the_same_trajectories_give_the_same_bytes(tmp_path, encoding):
    for name in ("first", "second"):
        write_tfrecord(tmp_path / name, [make_trajectory(number) for number in range(4)], encoding)
    assert (tmp_path / "first").read_bytes() == (tmp_path / "second").read_bytes()
