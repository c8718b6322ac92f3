"""The memory that jobs ask a scheduler for: never less than the forecast of what they take."""

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


def test_each_thread_of_a_conversion_asks_for_two_long_trajectories_and_half_as_much_again():
    more = conversion_mb(machine(workers=5)) - conversion_mb(machine(workers=1))
    decoding = 12 * 480 * 640 / 1e6
    assert more == pytest.approx(1.5 * 4 * (2 * 500 * FRAME + decoding), abs=2)
    assert conversion_mb(machine(cameras=(0, 1))) > 1.6 * conversion_mb(machine())


def test_gaze_maps_are_asked_for():
    with_maps, without = tfrecord_mb(machine(gaze="filter")), tfrecord_mb(machine())
    assert with_maps - without == pytest.approx(1.5 * 500 * 2 * FRAME * 4 / 3, abs=2)  # now and next


def test_a_larger_batch_asks_for_its_images_and_without_gpu_for_what_the_networks_keep():
    def more(on_cpu):
        small, large = (training_mb(machine(), experiment(batch_size=size), on_cpu) for size in (100, 200))
        return large - small

    assert more(on_cpu=False) == pytest.approx(1.5 * 100 * 4 * FRAME, abs=2)
    assert more(on_cpu=True) > 10 * more(on_cpu=False)
