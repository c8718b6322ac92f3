"""The yardstick of the benchmark numpy_to_tfrecord: the predecessor's way, with TensorFlow, one process for all tasks.

A file of trajectories is a pickled list, in memory as a whole; each of their frames stands in it twice, as what is
observed and as what is observed next. Arguments: root of `<task>/{train,val}/out.npy`, root of the TFRecords.
"""

import sys
from pathlib import Path

import numpy as np
import tensorflow as tf


def main():
    source, target = map(Path, sys.argv[1:])
    for path in sorted(source.glob("*/*/out.npy")):
        out = target / path.relative_to(source).with_suffix(".tfrecord")
        out.parent.mkdir(parents=True, exist_ok=True)
        with tf.io.TFRecordWriter(str(out)) as writer:
            for trajectory in np.load(path, allow_pickle=True):
                features = {key: feature(value) for key, value in values(trajectory).items()}
                writer.write(tf.train.Example(features=tf.train.Features(feature=features)).SerializeToString())


def values(trajectory):
    """The features of the format, but for those that only ours have."""
    found = {}
    for steps in ("observations", "next_observations"):
        for key, dtype in (("images0", np.uint8), ("state", np.float32)):
            found[f"{steps}/{key}"] = np.array([step[key] for step in trajectory[steps]], dtype)
    truncates = np.zeros(len(trajectory["actions"]), bool)
    truncates[-1] = True
    return {
        **found,
        "actions": np.array(trajectory["actions"], np.float32),
        "terminals": np.zeros(len(trajectory["actions"]), bool),
        "truncates": truncates,
        "language": np.array(trajectory["language"], "S"),
    }


def feature(value):
    content = tf.io.serialize_tensor(value).numpy()
    return tf.train.Feature(bytes_list=tf.train.BytesList(value=[content]))


if __name__ == "__main__":
    main()
