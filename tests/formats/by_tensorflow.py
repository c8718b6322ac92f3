"""Trajectories written by TensorFlow itself, feature by feature as `bridgelib/formats/record.py` lists them."""

import io
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import tensorflow as tf
from PIL import Image

from bridgelib.raw.trajectory import Trajectory


def write(path: Path, encoding: str, trajectories: Iterable[tuple[Trajectory, np.ndarray | None]]) -> Path:
    """A TFRecord of trajectories and their gaze maps."""
    with tf.io.TFRecordWriter(str(path)) as writer:
        for trajectory, gaze in trajectories:
            features = {key: feature(value) for key, value in values(trajectory, encoding, gaze).items()}
            example = tf.train.Example(features=tf.train.Features(feature=features))
            writer.write(example.SerializeToString(deterministic=True))
    return path


def values(trajectory: Trajectory, encoding: str, gaze: np.ndarray | None) -> dict[str, object]:
    length, frames = len(trajectory.actions), trajectory.frames[0]
    pairs = {"state": trajectory.state, "images0": frames, "gaze": gaze}
    found = {
        "actions": trajectory.actions,
        "terminals": np.zeros(length, bool),
        "truncates": np.arange(length) == length - 1,
        "language": [text.encode() for text in trajectory.languages],
        "name": trajectory.name,
        "identity": trajectory.content_id,
    }
    if encoding == "jpeg":
        found["jpeg/images0"] = [jpeg(frame) for frame in frames]
        del pairs["images0"]
    for key, rows in pairs.items():
        if rows is not None:
            found |= {f"observations/{key}": rows[:-1], f"next_observations/{key}": rows[1:]}
    return found


def feature(value: object) -> tf.train.Feature:
    content = tf.make_tensor_proto(value).SerializeToString(deterministic=True)
    return tf.train.Feature(bytes_list=tf.train.BytesList(value=[content]))


def jpeg(frame: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(frame).save(file, "JPEG", quality=95, subsampling=0)
    return file.getvalue()
