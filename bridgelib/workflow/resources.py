"""The memory that a job asks a cluster's scheduler for. Standard library only: Snakemake has no JAX.

On a single machine nobody reads these numbers. A scheduler kills a job that takes more than it asked for, and lets one
wait that asks for much: so they are the forecast of a long demonstration, and half as much again.
"""

from bridgelib.config.experiments import Experiment
from bridgelib.config.machines import MachineProfile
from bridgelib.conversion.converted_sizes import Images, numpy_to_tfrecord_memory, raw_to_numpy_memory
from bridgelib.training.memory import training_memory

_MARGIN = 1.5
_SNAKEMAKE = 500  # MB: the two Snakemake processes around a job on its node
_LONG = 500  # frames of a long demonstration; BridgeData's have 20 to 100
_FRAMES = 1_000_000  # of a task or a dataset: all of BridgeData has some two million
_CAMERA = (480, 640)


def conversion_mb(machine: MachineProfile) -> int:
    """Memory of raw_to_numpy, in MB."""
    return _asked(raw_to_numpy_memory(_LONG, _images(machine), machine.workers, _CAMERA))


def tfrecord_mb(machine: MachineProfile) -> int:
    """Memory of numpy_to_tfrecord, in MB."""
    return _asked(numpy_to_tfrecord_memory(_LONG, _FRAMES, _images(machine)))


def training_mb(machine: MachineProfile, experiment: Experiment, on_cpu: bool) -> int:
    """Main memory of train_policy, in MB."""
    return _asked(training_memory(experiment, machine.im_size, _FRAMES, on_gpu=not on_cpu))


def _asked(forecast: int) -> int:
    return _SNAKEMAKE + round(_MARGIN * forecast / 10**6)


def _images(machine: MachineProfile) -> Images:
    return Images(machine.im_size, len(machine.cameras), machine.gaze != "none")
