"""The memory that jobs ask a scheduler for, worked out by hand."""

import pytest

from bridgelib.config.algorithms import algorithm_defaults
from bridgelib.config.datasets import Dataset
from bridgelib.config.experiments import Experiment
from bridgelib.config.machines import MachineProfile
from bridgelib.workflow.resources import conversion_mb, tfrecord_mb, training_mb

FRAME = 256 * 256 * 3 / 1e6  # MB


def machine(**keys):
    return MachineProfile("raw", "numpy", "tfrecord", "runs", **keys)


def experiment(**overrides):
    return Experiment("run", "bc", Dataset("d", (("d",),)), {**algorithm_defaults("bc"), **overrides})


def test_conversion_holds_two_long_trajectories_per_thread_and_camera():
    assert conversion_mb(machine(workers=8)) == pytest.approx(250 + 2 * 8 * 500 * FRAME, abs=1)
    assert conversion_mb(machine(workers=1, cameras=(0, 1))) == pytest.approx(250 + 2 * 1 * 500 * 2 * FRAME, abs=1)


def test_a_record_is_held_in_several_shapes_and_gaze_maps_are_large():
    assert tfrecord_mb(machine()) == pytest.approx(1250 + 500 * 6 * FRAME, abs=1)
    assert tfrecord_mb(machine(gaze="filter")) == pytest.approx(1250 + 500 * (6 + 16) * FRAME, abs=1)


def test_training_holds_batches_and_the_state_and_without_gpu_the_activations():
    small, large = (training_mb(machine(), experiment(batch_size=size), on_cpu=False) for size in (100, 200))
    assert large - small == pytest.approx(100 * 4 * 3 * FRAME, abs=1)
    on_cpu = training_mb(machine(), experiment(batch_size=100), on_cpu=True)
    assert on_cpu - small == pytest.approx(100 * 256 * 256 * 2000 / 1e6 - 6000, abs=1)
