"""What the training runs will need on disk, told before they start. Standard library only: Snakemake has no JAX."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bridgelib.config.experiments import Experiment
from bridgelib.errors import ConfigError
from bridgelib.training.forecast import CheckpointForecast, checkpoint_forecast

_STAGES = {18: (2, 2, 2, 2), 34: (3, 4, 6, 3), 50: (3, 4, 6, 3)}
_LANGUAGE_SIZE = 512


@dataclass(frozen=True)
class _Shape:
    """What an algorithm keeps besides one encoder's weights.

    Attributes:
        images: Images that its encoder sees side by side, as channels.
        encoders: How many encoders it has.
        heads: Weights of everything else, under the default settings; little beside an encoder.
        moments: Values its optimisers keep per weight: two for each loss.
        target: Whether it keeps a slowly moving copy of its weights.
    """

    images: int = 1
    encoders: int = 1
    heads: int = 270_000
    moments: int = 2
    target: bool = False


_SHAPES = {
    "bc": _Shape(),
    "gc_bc": _Shape(images=2),
    "lc_bc": _Shape(),
    "gc_ddpm_bc": _Shape(images=2, heads=1_870_000, target=True),
    "iql": _Shape(heads=800_000, moments=6, target=True),
    "gc_iql": _Shape(images=2, heads=800_000, moments=6, target=True),
    "contrastive_rl_td": _Shape(encoders=2, heads=1_360_000, moments=4, target=True),
    "bc_saliency": _Shape(),
}


def encoder_weights(encoder: str, encoder_kwargs: Mapping[str, Any], images: int) -> int:
    """The number of weights of a ResNet v1 encoder that sees `images` RGB images stacked as channels.

    Convolutions have no bias, each is followed by a norm of two values per channel; a bottleneck block widens fourfold.
    """
    depth = next((number for number in _STAGES if f"-{number}" in encoder), 34)
    stages = (3, 3, 3, 3) if "deeper" in encoder else (4, 4, 4, 4) if "deepest" in encoder else _STAGES[depth]
    filters, widening = encoder_kwargs.get("num_filters", 64), 4 if depth == 50 else 1
    channels = 3 * images + (2 if encoder_kwargs.get("add_spatial_coordinates") else 0)
    total, channels = 49 * channels * filters + 2 * filters, filters
    for stage, blocks in enumerate(stages):
        width = filters * 2**stage
        for _ in range(blocks):
            wide = width * widening
            if widening == 1:
                total += 9 * channels * width + 9 * width * width + 4 * width
            else:
                total += channels * width + 9 * width * width + width * wide + 4 * width + 2 * wide
            if channels != wide:
                total += channels * wide + 2 * wide
            if "film" in encoder:
                total += 2 * (_LANGUAGE_SIZE + 1) * wide
            channels = wide
    return total


def run_forecast(experiment: Experiment) -> CheckpointForecast:
    """The disk that one run needs for its checkpoints and policy."""
    shape, config = _SHAPES[experiment.algorithm], experiment.config
    weights = shape.heads + shape.encoders * encoder_weights(config["encoder"], config["encoder_kwargs"], shape.images)
    return checkpoint_forecast(
        weights,
        moments=shape.moments,
        target_parameters=weights if shape.target else 0,
        **{key: config[key] for key in ("num_steps", "save_interval", "keep_last", "keep_every")},
    )


def disk_forecast(experiments: Iterable[Experiment], runs: Path, where: str) -> str:
    """What the checkpoints of these experiments will need, in one line.

    Raises:
        ConfigError: More than the disk of the runs folder has free.
    """
    needed = {experiment.name: run_forecast(experiment) for experiment in experiments}
    if not needed:
        return "every run is done"
    total, free = sum(forecast.total for forecast in needed.values()), free_bytes(runs)
    name, largest = max(needed.items(), key=lambda item: item[1].total)
    text = f"{len(needed)} runs need {total / 1e9:.1f} GB of checkpoints (the largest, '{name}': {largest})"
    if total > free:
        raise ConfigError(
            where,
            given=f"{text}, and {runs} has {free / 1e9:.1f} GB free",
            do="keep fewer (config.keep_every, config.keep_last), free space, or name another `runs` in the profile",
        )
    return f"{text}; {free / 1e9:.1f} GB are free"


def free_bytes(folder: Path) -> int:
    """What is free on the disk of a folder, or of the nearest one above it that exists."""
    while not folder.exists():
        folder = folder.parent
    status = os.statvfs(folder)
    return status.f_bavail * status.f_frsize
