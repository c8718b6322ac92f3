"""What the training runs will need on disk, told before they start. Standard library only: Snakemake has no JAX."""

import os
from collections.abc import Iterable
from pathlib import Path

from bridgelib.config.experiments import Experiment
from bridgelib.errors import ConfigError
from bridgelib.training.forecast import checkpoint_forecast


def disk_forecast(experiments: Iterable[Experiment], runs: Path, where: str) -> str:
    """What the checkpoints of these experiments will need, in one line.

    Raises:
        ConfigError: More than the disk of the runs folder has free.
    """
    needed = {
        experiment.name: checkpoint_forecast(experiment.algorithm, experiment.config) for experiment in experiments
    }
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
