"""TFRecords as others may have written them, feature by feature."""

import numpy as np
import tensorflow as tf


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
