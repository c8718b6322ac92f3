"""The settings of one call of the workflow: `config/config.yaml`, the command line over it, and what they name."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from bridgelib.config.datasets import load_datasets
from bridgelib.config.experiments import Experiment, load_experiments
from bridgelib.config.machines import MACHINE_KEYS, MachineProfile, choose_machine, load_machine, with_runs
from bridgelib.config.paths import found_file
from bridgelib.config.schema import read_section, read_value, read_yaml, require_known_keys
from bridgelib.errors import ConfigError
from bridgelib.layout import portable_path


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
    of: str = ""
    ids: Literal["few", "all"] = "few"
    watch: float = 0.0


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
    of: str = ""
    ids: str = "few"
    watch: float = 0.0


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
    datasets_file = found_file(keys.datasets, [folder, repository], f"{_WHERE}, key 'datasets'")
    experiments_file = _experiments_file(keys.experiments, machine.name, repository, folder)
    experiments = load_experiments(experiments_file, load_datasets(datasets_file))
    save_dir = next(iter(experiments.values())).save_dir  # set in the section `global:`, so the same for all
    if save_dir:
        machine = with_runs(
            machine, save_dir, folder, f"{portable_path(experiments_file)}, section 'global', key 'save_dir'"
        )
    return Settings(
        machine=machine,
        datasets_file=datasets_file,
        experiments_file=experiments_file,
        experiments=experiments,
        split_seed=keys.split_seed,
        wandb=keys.wandb,
        env=keys.env,
        forecast=keys.forecast,
        episodes=keys.episodes,
        episode_seed=keys.episode_seed,
        of=keys.of,
        ids=keys.ids,
        watch=keys.watch,
    )


def _check_episodes(keys: _Keys) -> None:
    """Refuse a number of rollouts, or scenes, that cannot be."""
    for name, least in (("episodes", 1), ("episode_seed", 0)):
        if getattr(keys, name) < least:
            where, allowed = f"{_WHERE}, key '{name}'", f"a whole number, {least} or more"
            raise ConfigError(where, given=getattr(keys, name), allowed=allowed, do="correct the number")


def _experiments_file(given: str, machine: str, repository: Path, folder: Path) -> Path:
    """The file named in the settings: found from the working directory, else from the repository."""
    own = repository / "config" / "experiments"
    if given == "auto":
        return path if (path := own / f"{machine}.yaml").is_file() else own / "multi_train.yaml"
    known = [*map(portable_path, sorted(own.glob("*.yaml"))), "the path of such a file"]
    return found_file(given, [folder, repository], f"{_WHERE}, key 'experiments'", known)


def read_words(words: Sequence[str]) -> dict[str, Any]:
    """The settings in the words that follow `--config`, each KEY=VALUE.

    Raises:
        ConfigError: A word of another form, or a value that `read_value` refuses.
    """
    given = {}
    for word in words:
        key, equals, value = word.partition("=")
        if not equals:
            raise ConfigError("--config", given=word, allowed="KEY=VALUE", do="write it as KEY=VALUE")
        given[key] = read_value(value, f"--config, key '{key}'")
    return given


def check_files(files: Sequence[Path]) -> None:
    """Read again, strictly, the configuration files that Snakemake has read as YAML 1.1.

    Raises:
        ConfigError: One holds what `read_yaml` refuses.
    """
    for file in files:
        if Path(file).suffix != ".json":
            read_yaml(file)
