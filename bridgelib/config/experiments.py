"""Experiments: the users' `multi_train.yaml`, resolved into one complete configuration per training run."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from bridgelib.config.algorithms import ALGORITHMS, algorithm_defaults, algorithm_named, checked
from bridgelib.config.algorithms.added import without_added
from bridgelib.config.algorithms.algorithm import Algorithm, Need
from bridgelib.config.datasets import Dataset, read_dataset
from bridgelib.config.declaration import read_settings
from bridgelib.config.overrides import apply_override, overrides_of_arguments, overrides_of_mapping
from bridgelib.config.runs import Run, RunSettings, runs_of
from bridgelib.config.schema import read_section, read_yaml, require_known_keys
from bridgelib.errors import ConfigError
from bridgelib.layout import portable_path


@dataclass(frozen=True)
class GlobalSettings:
    """The `global:` section. None means: the machine profile's, or the algorithm's own default."""

    data_root: str | None = None
    save_dir: str | None = None
    train_batch_size: int | None = None
    val_batch_size: int | None = None
    num_steps: int | None = None
    eval_interval: int | None = None
    save_interval: int | None = None
    log_interval: int | None = None
    warmup_steps: int | None = None
    eval_batches: int | None = None
    policy_from: str | None = None
    decay_steps_bc: int | None = None
    decay_steps_gc_bc: int | None = None
    actor_decay_steps_gc_ddpm_bc: int | None = None
    seed: int | None = None
    cuda_visible_devices: str | int | None = "0"
    xla_flags: str | None = "--xla_gpu_force_compilation_parallelism=1"
    use_pip_cuda_libs: bool = True
    jax_platform_name: Literal["auto", "cpu", "gpu", "cuda"] | None = None
    name_format: str = "{algo}_{task}"
    config_overrides: Mapping | None = None
    extra_args: tuple[str, ...] = ()


@dataclass(frozen=True)
class Experiment:
    """One algorithm on one dataset, everything resolved.

    Attributes:
        name: Unique in its file; also the name of the run's folder.
        algorithm: A key of `ALGORITHMS`.
        dataset: The tasks to train on.
        config: The complete tree of hyperparameters, in the predecessor's names.
        data_root: Where its TFRecords lie, or None for the machine's.
        save_dir: Where its run folder goes, or None for the machine's.
        num_devices: How many accelerators it takes.
        xla_flags, cuda_libs, jax_platform: How its process is started; None: as the machine profile says.
        family: The name that it shares with the same experiment under other seeds; None where there is one seed.
    """

    name: str
    algorithm: str
    dataset: Dataset
    config: dict[str, Any]
    data_root: str | None = None
    save_dir: str | None = None
    num_devices: int = 1
    xla_flags: str | None = None
    cuda_libs: str | None = None
    jax_platform: str | None = None
    family: str | None = None

    @property
    def needs(self) -> frozenset[Need]:
        """What its algorithm needs of a batch besides observations and actions."""
        return ALGORITHMS[self.algorithm].needs

    @cached_property
    def settings(self) -> Algorithm:
        """The algorithm with its configuration, for what is asked by type instead of by name."""
        return read_settings(ALGORITHMS[self.algorithm], self.config, f"experiment '{self.name}', config")

    @property
    def digest(self) -> str:
        """Twelve hex digits of what determines the trained weights: algorithm, dataset and hyperparameters."""
        return hashlib.sha256(self.as_json().encode()).hexdigest()[:12]

    def as_json(self) -> str:
        """What determines the trained weights, as canonical JSON."""
        content = {"algorithm": self.algorithm, "dataset": asdict(self.dataset), "config": without_added(self.config)}
        return json.dumps(content, sort_keys=True, separators=(",", ":"))


def load_experiments(path: Path, datasets: Mapping[str, Dataset]) -> dict[str, Experiment]:
    """Read an experiments file.

    Args:
        path: A YAML file with `global:` and either `matrix:` (algos × tasks × seeds) or `runs:`.
        datasets: The named datasets; a task that is none of them is the folder of a single task.

    Returns:
        Experiments by name, in the order of the file.

    Raises:
        ConfigError: An unknown key, algorithm or override, a name given twice, a file without runs.
    """
    content, place = read_yaml(path), portable_path(path)
    anchors = "remove it; or, if it only holds what others merge, begin its name with a dot: `.base: &base`"
    require_known_keys(content, ("global", "matrix", "runs"), place, do=anchors)
    settings = read_section(GlobalSettings, _section(content, "global"), f"{place}, section 'global'")
    experiments: dict[str, Experiment] = {}
    owners: dict[str, str] = {}  # every name, with its seed and without -> the entry that has it
    for run in runs_of(content, place):
        experiment = _resolve(run, settings, datasets, place)
        for name in filter(None, (experiment.name, experiment.family)):
            if name in experiments or owners.setdefault(name, run.where) != run.where:
                raise ConfigError(
                    run.where,
                    given=f"the experiment name '{name}' a second time",
                    do="give each run a name of its own (`name:`), or use {algo} and {task} in name_format",
                )
        experiments[experiment.name] = experiment
    return experiments


def families(experiments: Mapping[str, Experiment]) -> dict[str, list[str]]:
    """The names of the experiments that differ in nothing but their seeds, by the name that they share."""
    found: dict[str, list[str]] = {}
    for name, experiment in experiments.items():
        if experiment.family:
            found.setdefault(experiment.family, []).append(name)
    return found


def _section(content: Mapping[str, Any], name: str) -> Any:
    """A section of the file; one that is missing, or left empty, is an empty mapping."""
    return {} if content.get(name) is None else content[name]


def _resolve(member: Run, settings: GlobalSettings, datasets: Mapping[str, Dataset], path: str) -> Experiment:
    """One run with the global settings and the algorithm's defaults under it."""
    run, where = member.settings, member.where
    algorithm_named(run.algo, where)
    config = algorithm_defaults(run.algo)
    for key, value in _global_overrides(run.algo, settings).items():
        apply_override(config, key, value, f"{path}, section 'global'")
    dataset = datasets.get(run.task) or Dataset(run.task, ((run.task,),))
    dataset_overrides: dict[str, Any] = {}
    for source, entry, place in (
        ("config", settings.config_overrides, f"{path}, section 'global', key 'config_overrides'"),
        ("config", settings.extra_args, f"{path}, section 'global', key 'extra_args'"),
        ("config", _own(run, "policy_from"), f"{where}, key 'policy_from'"),
        ("config", _own(run, "seed"), f"{where}, key 'seed'"),
        ("config", run.config_overrides, f"{where}, key 'config_overrides'"),
        ("dataset", run.bridgedata_overrides, f"{where}, key 'bridgedata_overrides'"),
        ("config", run.extra_args, f"{where}, key 'extra_args'"),
    ):
        read = overrides_of_arguments(entry, place) if isinstance(entry, tuple) else overrides_of_mapping(entry, place)
        for key, value in read.items():
            if source == "dataset" or key.startswith("bridgedata_config."):
                dataset_overrides[key.removeprefix("bridgedata_config.")] = value
            else:
                apply_override(config, key, value, place)
    if dataset_overrides:
        dataset = _overridden(dataset, dataset_overrides, where)
    if run.seed not in (None, config["seed"]):
        given = f"seed {run.seed}, and {config['seed']} among the overrides of the same run"
        raise ConfigError(f"{where}, key 'seed'", given=given, do="remove one of the two")
    name = _name(run, settings, where)
    return Experiment(
        name=f"{name}_s{run.seed}" if member.is_member else name,
        algorithm=run.algo,
        dataset=dataset,
        config=checked(config, run.algo, where),
        data_root=settings.data_root,
        save_dir=settings.save_dir,
        num_devices=_device_count(
            settings.cuda_visible_devices, f"{path}, section 'global', key 'cuda_visible_devices'"
        ),
        xla_flags=settings.xla_flags,
        cuda_libs=None if settings.use_pip_cuda_libs else "system",
        jax_platform="cuda" if settings.jax_platform_name == "gpu" else settings.jax_platform_name,
        family=name if member.is_member else None,
    )


def _own(run: RunSettings, key: str) -> dict[str, Any] | None:
    """A setting that a run names by a key of its own, as an override."""
    value = getattr(run, key)
    return None if value is None else {key: value}


def _global_overrides(algorithm: str, settings: GlobalSettings) -> dict[str, Any]:
    """What the `global:` section says about one algorithm's configuration, by dotted key."""
    given = {
        "config.batch_size": settings.train_batch_size,
        "config.val_batch_size": settings.val_batch_size or settings.train_batch_size,
        "config.num_steps": settings.num_steps,
        "config.eval_interval": settings.eval_interval,
        "config.save_interval": settings.save_interval,
        "config.log_interval": settings.log_interval,
        "config.eval_batches": settings.eval_batches,
        "config.policy_from": settings.policy_from,
        "config.seed": settings.seed,
        "config.agent_kwargs.warmup_steps": settings.warmup_steps,
    }
    for name in ("decay_steps", "actor_decay_steps"):
        given[f"config.agent_kwargs.{name}"] = getattr(settings, f"{name}_{algorithm}", None)
    if not hasattr(ALGORITHMS[algorithm].agent_kwargs, "warmup_steps"):  # a new algorithm may not have it
        del given["config.agent_kwargs.warmup_steps"]
    return {key: value for key, value in given.items() if value is not None}


def _overridden(dataset: Dataset, overrides: Mapping[str, Any], where: str) -> Dataset:
    content = {
        "include": [list(group) for group in dataset.include],
        "exclude": list(dataset.exclude),
        "sample_weights": list(dataset.sample_weights) if dataset.sample_weights else None,
        **overrides,
    }
    return replace(read_dataset(dataset.name, content, f"{where}, key 'bridgedata_overrides'"), name=dataset.name)


def _name(run: RunSettings, settings: GlobalSettings, where: str) -> str:
    """The run's own name, or the name format filled in; there underscores stand for what no name may have."""
    try:
        name = run.name or settings.name_format.format(algo=run.algo, task=run.task)
    except (KeyError, IndexError, ValueError, AttributeError, TypeError) as error:
        raise ConfigError(
            f"{where}, key 'name_format'",
            given=f"{settings.name_format!r} ({error})",
            allowed="text with {algo} and {task}",
            do="use only these two fields",
        ) from None
    name = name.replace("/", "_").replace("*", "all")
    if not run.name:  # a task's folder may be called anything
        name = re.sub(r"[^A-Za-z0-9._-]+", "_", name)
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", name):
        raise ConfigError(
            where, given=f"the experiment name {name!r}", allowed="letters, digits, '.', '_' and '-'", do="rename it"
        )
    return name


def _device_count(cuda_visible_devices: str | int | None, where: str) -> int:
    """How many devices the users' `cuda_visible_devices: "0,1"` asks for; which ones, the machine decides."""
    devices = [entry.strip() for entry in str(cuda_visible_devices or "0").split(",") if entry.strip()]
    known = all(re.fullmatch(r"\d+|(GPU|MIG)-[\w/-]+", entry) for entry in devices)
    if not known or len(set(devices)) < len(devices):
        raise ConfigError(
            where,
            given=cuda_visible_devices,
            allowed='numbers of GPUs, each once: "0" or "0,1"',
            do="write one number for each GPU that a run is to take; to train on the CPU: `jax_platform_name: cpu`",
        )
    return max(1, len(devices))
