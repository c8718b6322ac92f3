"""TFRecords as TensorFlow reads them, in the steps of the predecessor's loader; nothing of ours takes part in it.

The only module that imports TensorFlow: for `verify_records`, in an environment of its own.
"""

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import numpy as np

from bridgelib.formats import record
from bridgelib.formats.protobuf import Malformed

# Read when TensorFlow is loaded; without them it greets in every log.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
import tensorflow as tf

_KINDS = {
    **{prefix + record.IMAGES: tf.uint8 for prefix in (record.NOW, record.NEXT)},
    **{prefix + key: tf.float32 for prefix in (record.NOW, record.NEXT) for key in (record.STATE, record.GAZE)},
    record.ACTIONS: tf.float32,
    **dict.fromkeys((record.TERMINALS, record.TRUNCATES), tf.bool),
    **dict.fromkeys((record.LANGUAGE, record.NAME, record.CONTENT_ID, record.JPEG), tf.string),
}


def read_by_tensorflow(tfrecord: Path, keys: Iterable[str]) -> Iterator[Mapping[str, np.ndarray]]:
    """The tensors of each record, by key; strings as bytes.

    Args:
        tfrecord: The file.
        keys: The features that every record must have.

    Raises:
        Malformed: What TensorFlow refuses: a checksum that does not fit, a feature that is missing or of another type.
    """
    tf.config.set_visible_devices([], "GPU")  # where there is one, another program may need it whole
    kinds = {key: _KINDS[key] for key in keys}

    def parsed(data: tf.Tensor) -> Mapping[str, tf.Tensor]:
        strings = tf.io.parse_single_example(data, {key: tf.io.FixedLenFeature([], tf.string) for key in kinds})
        return {key: tf.io.parse_tensor(strings[key], kind) for key, kind in kinds.items()}

    try:
        yield from tf.data.TFRecordDataset(str(tfrecord)).map(parsed).as_numpy_iterator()
    except tf.errors.OpError as error:
        raise Malformed(0, f"TensorFlow refuses it: {error.message.splitlines()[0]}") from error


def decoded_by_tensorflow(jpeg: bytes) -> np.ndarray:
    """A JPEG file's pixels, uint8 [H, W, 3], as exactly as TensorFlow can: its default is off by up to 21."""
    return tf.io.decode_jpeg(jpeg, channels=3, dct_method="INTEGER_ACCURATE").numpy()
