"""The settings of one call of the workflow: `config/config.yaml`, the command line over it, and what they name."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from bridgelib.config.datasets import load_datasets
from bridgelib.config.experiments import Experiment, load_experiments
from bridgelib.config.machines import MACHINE_KEYS, MachineProfile, absolute_path, choose_machine, load_machine
from bridgelib.config.schema import read_section, require_known_keys
from bridgelib.errors import ConfigError


@dataclass(frozen=True)
class _Keys:
    """The keys of config.yaml."""

    machine: str = "auto"
    experiments: str = "auto"
    datasets: str = "config/datasets.yaml"
    split_seed: int = 0
    wandb: Literal["auto", "online", "offline", "disabled"] = "auto"
    env: Literal["rule", "current"] = "rule"
    forecast: Literal["refuse", "warn"] = "refuse"
    episodes: int = 50
    episode_seed: int = 1_000_000


@dataclass(frozen=True)
class Settings:
    """Everything a user chose, checked as far as that goes without looking at data."""

    machine: MachineProfile
    datasets_file: Path
    experiments_file: Path
    experiments: dict[str, Experiment]
    split_seed: int
    wandb: str
    env: str
    forecast: str = "refuse"
    episodes: int = 50
    episode_seed: int = 1_000_000


_WHERE = "config/config.yaml or --config"


def load_settings(
    config: Mapping[str, Any], repository: Path, environ: Mapping[str, str] = os.environ, folder: Path | None = None
) -> Settings:
    """Check the merged configuration and load what it names.

    Args:
        config: config.yaml with the command line's values over it.
        repository: The folder that holds `config/`.
        environ: Where MACHINE is looked up.
        folder: Where relative paths start that do not exist in the repository; the working directory if None.

    Raises:
        ConfigError: A setting that cannot be used, in any of the files named.
    """
    folder = folder or Path.cwd()
    require_known_keys(config, [*_Keys.__dataclass_fields__, *MACHINE_KEYS], _WHERE)
    own = {key: value for key, value in config.items() if key in _Keys.__dataclass_fields__}
    keys = read_section(_Keys, own, _WHERE)
    _check_episodes(keys)
    overrides = {key: value for key, value in config.items() if key in MACHINE_KEYS}
    given = None if keys.machine == "auto" else keys.machine
    machine = load_machine(choose_machine(given, repository, environ), repository, overrides)
    datasets_file = _configured_file(keys.datasets, repository, folder)
    experiments_file = _experiments_file(keys.experiments, machine.name, repository, folder)
    return Settings(
        machine=machine,
        datasets_file=datasets_file,
        experiments_file=experiments_file,
        experiments=load_experiments(experiments_file, load_datasets(datasets_file)),
        split_seed=keys.split_seed,
        wandb=keys.wandb,
        env=keys.env,
        forecast=keys.forecast,
        episodes=keys.episodes,
        episode_seed=keys.episode_seed,
    )


def _check_episodes(keys: _Keys) -> None:
    """Refuse a number of rollouts, or scenes, that cannot be."""
    for name, least in (("episodes", 1), ("episode_seed", 0)):
        if getattr(keys, name) < least:
            where, allowed = f"{_WHERE}, key '{name}'", f"a whole number, {least} or more"
            raise ConfigError(where, given=getattr(keys, name), allowed=allowed, do="correct the number")


def _experiments_file(given: str, machine: str, repository: Path, folder: Path) -> Path:
    if given != "auto":
        return _configured_file(given, repository, folder)
    own = repository / "config" / "experiments" / f"{machine}.yaml"
    return own if own.is_file() else own.with_name("multi_train.yaml")


def _configured_file(given: str, repository: Path, folder: Path) -> Path:
    """A file named in the settings: found from the working directory, else from the repository."""
    if not given.strip():
        raise ConfigError(_WHERE, given="the name of a file, empty", do="name the file, or leave the key out")
    here = absolute_path(given, folder)
    return here if here.is_file() else absolute_path(given, repository)
