"""How much main memory a training takes, told before it starts: by arithmetic, for dry runs have no JAX.

The constants were measured; `tests/training/test_memory.py` measures again.
"""

import re

from bridgelib.config.experiments import Experiment
from bridgelib.training.forecast import approximate_weights

_BATCHES = 4  # two made ahead, one in the making, one on its way to the device
_INDEX_ROW = 200  # bytes per frame of the dataset: positions, states, actions
_COMPILING = {18: 760 << 20, 34: 780 << 20, 50: 1080 << 20}  # by the depth of the ResNet: XLA's own peak on a CPU
_RUNNING = 350 << 20  # JAX on a CPU, once it has compiled
_CUDA = 4 << 30  # JAX with CUDA's libraries; a usual figure, not measured here
_STATES = 4.3  # times the weights with their two moments: held, new, copied and packed into a checkpoint
_ACTIVATION = 2200  # bytes per pixel and image at 64 filters of a ResNet-34, kept for the gradient


def training_memory(experiment: Experiment, im_size: int, frames: float, on_gpu: bool) -> int:
    """Peak resident memory of one training process, main memory only: a GPU's own is another matter.

    Args:
        experiment: What is trained.
        im_size: Height and width of the images in pixels.
        frames: Camera images in its tasks; their index is held in memory, not they.
        on_gpu: Whether networks and batches lie on a GPU.
    """
    config = experiment.config
    depth = int(re.search(r"-(\d+)", config["encoder"])[1])
    state = 3 * 4 * approximate_weights(experiment.algorithm, config)
    images = images_per_sample(experiment) * config["batch_size"]
    held = _BATCHES * images * 3 * im_size**2 + _INDEX_ROW * frames
    if on_gpu:
        return round(_CUDA + _STATES * state + held)
    width = config["encoder_kwargs"]["num_filters"] / 64
    activations = _ACTIVATION * images * im_size**2 * width * depth / 34
    return round(max(_COMPILING[depth] + state, _RUNNING + _STATES * state + activations) + held)


def images_per_sample(experiment: Experiment) -> int:
    """Camera images that one sample of a batch brings: observation (and history), next observation, goal."""
    history = experiment.config["dataset_kwargs"]["obs_horizon"] or 1
    return history * (1 + (experiment.algorithm in _WITH_NEXT)) + (experiment.algorithm in _WITH_GOAL)


_WITH_NEXT = {"iql", "gc_iql", "contrastive_rl_td"}
_WITH_GOAL = {"gc_bc", "gc_ddpm_bc", "gc_iql", "contrastive_rl_td"}
