"""The memory that a job asks a cluster's scheduler for, by arithmetic. Standard library only: Snakemake has no JAX.

On a single machine nobody reads these numbers. A scheduler kills a job that takes more than it asked for, and lets one
wait that asks for much, so they are meant to be enough, not tight; a repeated attempt asks for twice as much.
"""

from bridgelib.config.experiments import Experiment
from bridgelib.config.machines import MachineProfile
from bridgelib.training.forecast import checkpoint_forecast

_MB = 10**6
_PYTHON, _TENSORFLOW, _JAX, _CUDA = 250, 1000, 1500, 6000  # MB of a process that has not seen any data yet
_STEPS = 500  # of a long demonstration; BridgeData's have 20 to 100
_COPIES_OF_A_RECORD = 6  # observation and next observation, each as array, serialised tensor and example
_GAZE_BYTES = 8  # a map of float64
_BATCHES_AHEAD = 4  # two ready, one in the making, one in use
_IMAGES_OF_A_SAMPLE = 3  # observation, next observation, goal
_ACTIVATION_BYTES = 2000  # per pixel of one image in a ResNet-34 of 64 filters, forwards and back


def conversion_mb(machine: MachineProfile) -> int:
    """Memory of raw_to_numpy: two trajectories for each thread."""
    return _PYTHON + round(2 * machine.workers * len(machine.cameras) * _STEPS * _frame_bytes(machine) / _MB)


def tfrecord_mb(machine: MachineProfile) -> int:
    """Memory of numpy_to_tfrecord: one trajectory at a time, in several shapes."""
    gaze = 0 if machine.gaze == "none" else _GAZE_BYTES * machine.im_size**2
    step = _COPIES_OF_A_RECORD * _frame_bytes(machine) + 2 * 3 * gaze
    return _PYTHON + _TENSORFLOW + round(_STEPS * step / _MB)


def training_mb(machine: MachineProfile, experiment: Experiment, on_cpu: bool) -> int:
    """Main memory of train_policy: batches made ahead, the state while it is saved; on the CPU the activations too."""
    batch, width = experiment.config["batch_size"], experiment.config["encoder_kwargs"]["num_filters"] / 64
    batches = _BATCHES_AHEAD * _IMAGES_OF_A_SAMPLE * batch * _frame_bytes(machine)
    state = 3 * checkpoint_forecast(experiment.algorithm, experiment.config).bytes_each
    activations = batch * machine.im_size**2 * _ACTIVATION_BYTES * width if on_cpu else 0
    return _JAX + (0 if on_cpu else _CUDA) + round((batches + state + activations) / _MB)


def _frame_bytes(machine: MachineProfile) -> int:
    return 3 * machine.im_size**2
