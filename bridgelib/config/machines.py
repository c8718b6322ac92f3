"""Machine profiles: where a host keeps its data, and what it has."""

import fnmatch
import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Literal

from bridgelib.config.paths import found_file
from bridgelib.config.schema import as_type, read_section, read_yaml
from bridgelib.errors import ConfigError, did_you_mean
from bridgelib.layout import absolute_path, portable_path

DEFAULT_MACHINE = "demo"


@dataclass(frozen=True)
class MachineProfile:
    """One host: its four roots and what it has. Relative paths become absolute when the profile is loaded."""

    raw: str
    numpy: str
    tfrecord: str
    runs: str
    depth: int | Literal["auto"] = "auto"
    workers: int = 8
    tfrecord_workers: int = 1
    train_proportion: float = 0.9
    im_size: int = 256
    cameras: tuple[int, ...] = (0,)
    gaze: Literal["none", "filter", "no_filter"] = "none"
    latency_shift: int | Literal["auto"] = "auto"
    image_encoding: Literal["raw", "jpeg"] = "raw"
    gpus: tuple[int, ...] = ()
    environment: Literal["cpu", "cuda12", "cuda13", "seed-cuda12"] = "cpu"
    cuda_libs: Literal["pip", "system", "clean"] = "pip"
    xla_flags: str = ""
    jax_platform: Literal["auto", "cpu", "cuda"] = "auto"
    gpu_memory: Literal["auto", "grow"] | float = "auto"
    deterministic: bool = False
    threads: int | None = None
    hostnames: tuple[str, ...] = ()
    simulation: Mapping[str, Any] | None = None
    exclude: tuple[str, ...] = ()
    name: str = field(init=False, default="")

    def with_roots(self, **roots: str) -> "MachineProfile":
        """The same machine with some of its roots elsewhere, or written otherwise."""
        moved = replace(self, **dict[str, Any](roots))
        object.__setattr__(moved, "name", self.name)
        return moved


ROOTS = ("raw", "numpy", "tfrecord", "runs")

ENVIRONMENTS = {"cpu": "train", "cuda12": "train-cuda12", "cuda13": "train-cuda13", "seed-cuda12": "seed-cuda12"}
"""Values of `environment` -> the lock in envs/ that trains."""

MACHINE_KEYS = tuple(entry.name for entry in fields(MachineProfile) if entry.init)


def choose_machine(given: str | None, repository: Path, environ: Mapping[str, str] = os.environ) -> str:
    """The machine to use: as given, else the variable MACHINE, else the profile that lists this host, else `demo`."""
    if given:
        return str(given)
    if environ.get("MACHINE"):
        return environ["MACHINE"]
    host = socket.gethostname()
    for path in sorted((repository / "config" / "machines").glob("*.yaml")):
        patterns = as_type(read_yaml(path).get("hostnames", []), tuple[str, ...], f"{path}, key 'hostnames'")
        if any(fnmatch.fnmatch(host, pattern) for pattern in patterns):
            return path.stem
    return DEFAULT_MACHINE


def load_machine(machine: str, repository: Path, overrides: Mapping[str, Any] | None = None) -> MachineProfile:
    """Load the profile of `machine`.

    Args:
        machine: A name in `config/machines/`, or the path of a profile anywhere.
        repository: The folder that holds `config/`. Relative roots in a profile of `config/machines/` start here, in a
            profile elsewhere they start at its own folder.
        overrides: Keys that win over the profile's (from the command line).

    Raises:
        ConfigError: No such machine, or a key that is unknown, missing or of a wrong kind.
    """
    path = profile_path(machine, repository)
    overrides = overrides or {}
    content = {**read_yaml(path), **overrides}
    where = portable_path(path) + (f" with --config {', '.join(sorted(overrides))}" if overrides else "")
    content["gpus"] = _gpu_list(content.get("gpus"), f"{where}, key 'gpus'")
    profile = read_section(MachineProfile, content, where)
    base = repository if path.parent == repository / "config" / "machines" else path.parent
    profile = profile.with_roots(**_roots(profile, base, where))
    object.__setattr__(profile, "name", path.stem)
    _check(profile, where)
    return profile


def _roots(profile: MachineProfile, base: Path, where: str) -> dict[str, str]:
    """The four roots as absolute paths: four different folders, whose names Snakemake takes literally."""
    roots: dict[str, str] = {}
    for key in ROOTS:
        roots[key] = _root(getattr(profile, key), base, f"{where}, key '{key}'", roots)
    return roots


def _root(given: str, base: Path, where: str, others: Mapping[str, str]) -> str:
    """One root as an absolute path, beside the others."""
    path = str(absolute_path(given, base, where))
    same = next((other for other, folder in others.items() if folder == path), None)
    if not given.strip() or same or set("{}\n\0") & set(path):
        raise ConfigError(
            where,
            given=f"{given!r}, the folder of `{same}`" if same else repr(given),
            allowed="a folder of its own, with no braces or line breaks in its path",
            do="name another folder",
        )
    return path


def with_runs(machine: MachineProfile, given: str, base: Path, where: str) -> MachineProfile:
    """The machine with its runs in another folder, as experiments files name one.

    Args:
        machine: The machine's profile.
        given: The folder for the runs.
        base: Where it starts when it is relative.
        where: The place to name in messages.

    Raises:
        ConfigError: The folder is another root, or cannot be named so.
    """
    others = {key: getattr(machine, key) for key in ("raw", "numpy", "tfrecord")}
    return machine.with_roots(runs=_root(given, base, where, others))


def profile_path(machine: str, repository: Path) -> Path:
    """The file of a machine given by name or by path: one from the working directory, else from the repository."""
    machines = repository / "config" / "machines"
    names = sorted(entry.stem for entry in machines.glob("*.yaml"))
    if machine.endswith((".yaml", ".yml")) or "/" in machine:
        return found_file(machine, [Path.cwd(), repository], f"machine '{machine}'", known=[*names, "a profile's path"])
    path = machines / f"{machine}.yaml"
    if not path.is_file():
        raise ConfigError(
            f"machine '{machine}'",
            given=f"no such profile: {path}",
            allowed=[*names, "the path of a profile (*.yaml)"],
            do=did_you_mean(machine, names) or f"copy {machines / 'tasl.yaml'} and name your copy",
        )
    return path


def _gpu_list(given: Any, where: str) -> list[int]:
    """GPU numbers as users write them: 0, "0", "0,1" or [0, 1]."""
    if isinstance(given, list | tuple):
        entries = [str(entry) for entry in given]
    else:
        entries = [entry.strip() for entry in str("" if given in (None, "null") else given).split(",") if entry.strip()]
    if not all(entry.isdecimal() for entry in entries):
        raise ConfigError(
            where,
            given=given,
            allowed='numbers of GPUs: "0", "0,1" or [0, 1]; nothing where there is none',
            do="take the numbers that `nvidia-smi -L` lists",
        )
    return [int(entry) for entry in entries]


def _check(profile: MachineProfile, where: str) -> None:
    """Refuse values that are beyond their limits."""
    rules = (
        ("train_proportion", 0 < profile.train_proportion <= 1, "more than 0, at most 1"),
        ("im_size", 16 <= profile.im_size <= 1024, "16 to 1024"),
        ("workers", profile.workers >= 1, "1 or more"),
        ("tfrecord_workers", profile.tfrecord_workers >= 1, "1 or more"),
        ("threads", profile.threads is None or profile.threads >= 1, "1 or more, or nothing for all cores"),
        (
            "depth",
            profile.depth == "auto" or profile.depth >= 2,
            "auto, or 2 (<raw>/<task>/<date>) or more",
        ),
        (
            "cameras",
            0 in profile.cameras and min(profile.cameras) >= 0 and len(set(profile.cameras)) == len(profile.cameras),
            "a list that contains camera 0, each camera once",
        ),
        ("latency_shift", profile.latency_shift in ("auto", 0, 1), "auto, 0 or 1"),
        ("gaze", profile.gaze == "none" or profile.simulation is None, "none where demonstrations are simulated"),
        (
            "gpu_memory",
            isinstance(profile.gpu_memory, str) or 0 < profile.gpu_memory <= 1,
            "auto, grow, or a share of the GPU's memory: more than 0, at most 1",
        ),
        ("gpus", len(set(profile.gpus)) == len(profile.gpus), "each GPU once"),
    )
    for key, holds, allowed in rules:
        if not holds:
            raise ConfigError(
                f"{where}, key '{key}'", given=getattr(profile, key), allowed=allowed, do="correct the value"
            )
