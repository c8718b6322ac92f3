"""Writing TFRecords in BridgeData format; `record.py` lists the features."""

import errno
import io
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image

from bridgelib.formats import record
from bridgelib.raw.trajectory import Trajectory

# Read when TensorFlow is loaded; without them it greets in every log.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
import tensorflow as tf

VERSION = 1
ENCODINGS = ("raw", "jpeg")
SYSTEM_ERRORS = {
    tf.errors.ResourceExhaustedError: errno.ENOSPC,
    tf.errors.PermissionDeniedError: errno.EACCES,
    tf.errors.NotFoundError: errno.ENOENT,
}


@contextmanager
def tfrecord_writer(path: Path, encoding: str) -> Iterator[Callable[..., None]]:
    """Open a TFRecord for writing; the same trajectories give the same bytes.

    The function it gives takes a trajectory, and perhaps its gaze maps as `serialised` does, and appends it.

    Args:
        path: The file, written in place: give a partial name and rename it when the block has ended.
        encoding: "raw" or "jpeg".

    Raises:
        OSError: The disk is full, or the file cannot be written.
    """
    try:
        with tf.io.TFRecordWriter(str(path)) as writer:
            yield lambda trajectory, gaze=None: writer.write(serialised(trajectory, encoding, gaze))
    except tf.errors.OpError as error:
        number = SYSTEM_ERRORS.get(type(error), errno.EIO)
        raise OSError(number, os.strerror(number), str(path)) from error


def serialised(trajectory: Trajectory, encoding: str, gaze: np.ndarray | None = None) -> bytes:
    """A trajectory as a serialised `tf.train.Example`, keys in order.

    Args:
        trajectory: A trajectory of T actions.
        encoding: "raw" or "jpeg".
        gaze: float32 [T+1, H, W, 1], a map for each frame; written only where it is given.
    """
    length = len(trajectory.actions)
    features = {
        record.NOW + record.STATE: _tensor(np.asarray(trajectory.state[:-1], np.float32)),
        record.NEXT + record.STATE: _tensor(np.asarray(trajectory.state[1:], np.float32)),
        record.ACTIONS: _tensor(np.asarray(trajectory.actions, np.float32)),
        record.TERMINALS: _tensor(np.zeros(length, np.bool_)),
        record.TRUNCATES: _tensor(np.arange(length) == length - 1),
        record.LANGUAGE: _strings(trajectory.languages),
        record.NAME: _tensor(trajectory.name),
        record.CONTENT_ID: _tensor(trajectory.content_id),
        **_image_features(trajectory.frames[0], encoding),
        **({} if gaze is None else _now_and_next(record.GAZE, gaze)),
    }
    example = tf.train.Example(features=tf.train.Features(feature=features))
    return example.SerializeToString(deterministic=True)


def _image_features(frames: np.ndarray, encoding: str) -> Mapping[str, tf.train.Feature]:
    if encoding == "jpeg":
        return {record.JPEG: _strings([jpeg_bytes(frame) for frame in frames])}
    return _now_and_next(record.IMAGES, frames)


def _now_and_next(key: str, frames: np.ndarray) -> Mapping[str, tf.train.Feature]:
    return {record.NOW + key: _tensor(frames[:-1]), record.NEXT + key: _tensor(frames[1:])}


def jpeg_bytes(frame: np.ndarray) -> bytes:
    """A uint8 frame [H, W, 3] as a JPEG file: quality 95, colours at full resolution."""
    file = io.BytesIO()
    Image.fromarray(frame).save(file, "JPEG", quality=95, subsampling=0)
    return file.getvalue()


def _strings(texts: Sequence[str | bytes]) -> tf.train.Feature:
    return _tensor([text.encode("utf-8") if isinstance(text, str) else text for text in texts])


def _tensor(value: object) -> tf.train.Feature:
    """A value as a serialised tensor.

    `make_tensor_proto` and not `tf.io.serialize_tensor`: the latter is an operation, and the first operation makes
    TensorFlow take hold of every GPU it sees.
    """
    content = tf.make_tensor_proto(value).SerializeToString(deterministic=True)
    return tf.train.Feature(bytes_list=tf.train.BytesList(value=[content]))
