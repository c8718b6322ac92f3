"""How much main memory a training takes, told before it starts: by arithmetic, for dry runs have no JAX.

The constants are fits to 22 short trainings on a CPU (all algorithms but lc_bc and bc_saliency, ResNets of 18 to 50
layers, 4 to 64 filters, batches of 4 to 256, images of 32 to 128 pixels), none of which is off by more than ten per
cent. `tests/training/test_memory.py` measures some again.
"""

from bridgelib.config.experiments import Experiment
from bridgelib.training.forecast import by_depth, checkpoint_forecast, layers, relative_width

_MB = 1 << 20
_PROCESS = 735 * _MB  # Python, JAX on a CPU, and XLA compiling a ResNet
_PROCESS_SMALL = 530 * _MB  # the same, compiling the small convolutional network
_PROCESS_CUDA = 4096 * _MB  # the same with CUDA's libraries: a common figure, not measured
_STATES = 5  # copies of the learner's state: held, new, fetched from the device, packed into a checkpoint
_BATCHES = 4  # two made ahead, one in the making, one on its way to the device
_INDEX_ROW = 200  # bytes per frame of the dataset: positions, states, actions

# On a CPU only. More for compiling a larger program, per layer of the encoder.
_COMPILING = {"gc_ddpm_bc": 8.4 * _MB, "iql": 11 * _MB, "gc_iql": 11 * _MB, "contrastive_rl_td": 16 * _MB}
# Bytes that the gradient needs kept, per pixel of an image that is encoded, at 64 filters; by the encoder's layers.
_ACTIVATION = {3: 200, 18: 1050, 34: 1350, 50: 9600}
# How many images of each sample are encoded with their activations kept.
_ENCODED = {"gc_ddpm_bc": 3, "iql": 2.2, "gc_iql": 2.2, "contrastive_rl_td": 4.4}


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
    depth = layers(config["encoder"])
    width = relative_width(config)
    pixels = config["batch_size"] * im_size**2 * _ENCODED.get(algorithm, 1)
    process = _PROCESS_SMALL if depth == 3 else _PROCESS
    activations = by_depth(_ACTIVATION, depth) * width * pixels
    return round(process + _COMPILING.get(algorithm, 0) * depth + activations + held)


def images_per_sample(experiment: Experiment) -> int:
    """Camera images that one sample of a batch brings: observation and history, the next ones, the goal."""
    config, agent = experiment.config, experiment.config["agent_kwargs"]
    with_next = "discount" in agent  # who discounts looks at what comes next
    with_goal = "early_goal_concat" in agent and "text_processor" not in config
    return (config["dataset_kwargs"]["obs_horizon"] or 1) * (1 + with_next) + with_goal
