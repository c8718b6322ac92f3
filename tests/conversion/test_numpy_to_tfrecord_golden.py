"""The real trajectories, converted by our programs, are what the predecessor makes of them."""

import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

from bridgelib.conversion.accounting import find_reports
from bridgelib.data.statistics import Statistics
from bridgelib.files import read_json
from bridgelib.formats.index import RecordIndex
from bridgelib.layout import SPLITS

TYPES = {
    "observations/images0": tf.uint8,
    "observations/state": tf.float32,
    "next_observations/images0": tf.uint8,
    "next_observations/state": tf.float32,
    "actions": tf.float32,
    "terminals": tf.bool,
    "truncates": tf.bool,
    "language": tf.string,
}
TASKS = ("put_carrot_on_plate", "turn_lever_vertical_to-front")


def trajectories_of(task_folder) -> dict[bytes, dict[str, np.ndarray]]:
    """All trajectories of a task, both sides, by the bytes of their states."""
    found = {}
    for side in SPLITS:
        for data in tf.data.TFRecordDataset(str(task_folder / side / "out.tfrecord")):
            strings = tf.io.parse_single_example(data, {key: tf.io.FixedLenFeature([], tf.string) for key in TYPES})
            tensors = {key: tf.io.parse_tensor(strings[key], kind).numpy() for key, kind in TYPES.items()}
            found[tensors["observations/state"].tobytes()] = tensors
    return found


@pytest.fixture(scope="module")
def converted(shared, repository, tmp_path_factory):
    """The whole sample through both programs, as typed by hand."""
    root = tmp_path_factory.mktemp("converted")

    def program(name, *options):
        script = repository / "workflow_scripts" / f"{name}.py"
        subprocess.run([sys.executable, str(script), *map(str, options)], check=True, capture_output=True)

    raw = shared / "bridge-sample" / "raw"
    program("raw_to_numpy", "--raw", raw, "--numpy", root / "numpy", "--depth", 2, "--im_size", 64, "--workers", 2)
    options = ("--input_path", root / "numpy", "--output_path", root / "tfrecord", "--depth", 2, "--num_workers", 1)
    program("numpy_to_tfrecord", *options, "--im_size", 64)
    return root / "tfrecord"


@pytest.mark.parametrize("task", TASKS)
def test_equal_in_content_to_the_predecessors(shared, converted, task):
    golden = trajectories_of(shared / "golden" / "peer_tfrecord_64" / task)
    ours = trajectories_of(converted / task)
    assert golden
    assert ours.keys() == golden.keys()
    for key, tensors in golden.items():
        for name, expected in tensors.items():
            assert ours[key][name].dtype == expected.dtype
            np.testing.assert_array_equal(ours[key][name], expected, err_msg=name)


def test_every_trajectory_of_the_sample_is_kept(converted):
    reports = [read_json(path) for path in find_reports(converted)]
    assert len(reports) == 4
    assert sum(report["found"] for report in reports) == sum(report["kept"] for report in reports) == 21
    assert all(report["instructed"] == report["kept"] for report in reports)
    assert all(report["train"]["trajectories"] and report["val"]["trajectories"] for report in reports)


def test_statistics_against_plain_numpy(converted):
    task = converted / TASKS[0]
    statistics = Statistics.from_json(read_json(task / "statistics.json"))
    index = RecordIndex.build(task / "train" / "out.tfrecord")
    states = np.concatenate([state[:-1] for state, _ in index.trajectories()]).astype(np.float64)
    motion = np.concatenate([np.diff(state[:, :6], axis=0) for state, _ in index.trajectories()]).astype(np.float64)
    np.testing.assert_allclose(statistics.proprio.mean, states.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(statistics.proprio.std, states.std(axis=0), rtol=1e-9)
    np.testing.assert_allclose(statistics.action.mean[:6], motion.mean(axis=0), rtol=1e-9)
    np.testing.assert_array_equal(statistics.action.max[:6], motion.max(axis=0))
    assert set(np.unique(np.concatenate([statistics.action.min[6:], statistics.action.max[6:]]))) <= {0.0, 1.0}
