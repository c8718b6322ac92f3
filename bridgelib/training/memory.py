"""Forecast of the main memory that a training takes. Arithmetic only, since dry runs have no JAX.

The constants are fits to 22 short trainings on a CPU (all algorithms but lc_bc and bc_saliency, ResNets of 18 to 50
layers, 4 to 64 filters, batches of 4 to 256, images of 32 to 128 pixels), none of which is off by more than ten per
cent. `tests/training/test_memory.py` measures some again.
"""

from bridgelib.config.algorithms import ALGORITHMS
from bridgelib.config.algorithms.encoders import ENCODERS
from bridgelib.config.experiments import Experiment
from bridgelib.training.checkpoint_sizes import by_depth, checkpoint_forecast, relative_width

_MB = 1 << 20
_PROCESS = 735 * _MB  # Python, JAX on a CPU, and XLA compiling a ResNet
_PROCESS_SMALL = 530 * _MB  # the same, compiling the small convolutional network
_PROCESS_CUDA = 4096 * _MB  # the same with CUDA's libraries: a common figure, not measured
_STATES = 5  # copies of the learner's state: held, new, fetched from the device, packed into a checkpoint
_BATCHES = 4  # two made ahead, one in the making, one on its way to the device
_INDEX_ROW = 200  # bytes per frame of the dataset: positions, states, actions

# Bytes that the gradient needs kept, per pixel of an image that is encoded, at 64 filters; by the encoder's layers.
_ACTIVATION = {3: 200, 18: 1050, 34: 1350, 50: 9600}


def training_memory(experiment: Experiment, im_size: int, frames: float, on_gpu: bool) -> int:
    """Peak resident memory of one training process, main memory only: a GPU's own is another matter.

    Args:
        experiment: What is trained.
        im_size: Height and width of the images in pixels.
        frames: Camera images in its tasks; their index is held in memory, not they.
        on_gpu: Whether networks and batches lie on a GPU.
    """
    algorithm, config = experiment.algorithm, experiment.config
    state = checkpoint_forecast(algorithm, config).bytes_each
    batch = images_per_sample(experiment) * config["batch_size"] * 3 * im_size**2
    held = _STATES * state + _BATCHES * batch + _INDEX_ROW * frames
    if on_gpu:
        return round(_PROCESS_CUDA + held)
    declared, architecture = ALGORITHMS[algorithm], ENCODERS[config["encoder"]]
    depth, process = architecture.layers, _PROCESS if architecture.stage_sizes else _PROCESS_SMALL
    pixels = config["batch_size"] * im_size**2 * declared.encoded
    activations = by_depth(_ACTIVATION, depth) * relative_width(config) * pixels
    return round(process + declared.compiling * depth + activations + held)


def images_per_sample(experiment: Experiment) -> int:
    """Camera images that one sample of a batch brings: observation and history, the next ones, the goal."""
    needs = experiment.needs
    history = experiment.config["dataset_kwargs"]["obs_horizon"] or 1
    return history * (1 + ("next_observations" in needs)) + ("goals" in needs)
