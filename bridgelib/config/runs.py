"""The runs of an experiments file: a list of them, or a matrix; each once, or once for each of several seeds."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from bridgelib.config.schema import as_type, read_section, require_known_keys, require_mapping
from bridgelib.errors import ConfigError


@dataclass(frozen=True)
class RunSettings:
    """One entry of `runs:`, or one cell of `matrix:`."""

    algo: str
    task: str
    name: str | None = None
    policy_from: str | None = None
    seed: int | tuple[int, ...] | None = None
    config_overrides: Mapping | None = None
    bridgedata_overrides: Mapping | None = None
    extra_args: tuple[str, ...] = ()


@dataclass(frozen=True)
class Run:
    """One run.

    Attributes:
        settings: What the file says of it; `seed` is one number, or None where the file names none.
        where: The place in the file, for messages.
        is_member: Whether it is one of several seeds of a run, so that its name ends in its seed.
    """

    settings: RunSettings
    where: str
    is_member: bool = False


def runs_of(content: Mapping[str, Any], path: str) -> list[Run]:
    """The runs of an experiments file, in its order, each with one seed at most.

    Raises:
        ConfigError: Both `runs:` and `matrix:` or neither, an unknown key, a value of another type, or no seed or one
            twice where several are named.
    """
    if content.get("runs") and content.get("matrix"):
        raise ConfigError(path, given="both 'matrix' and 'runs'", do="keep one of the two sections")
    entries = _listed(content["runs"], path) if content.get("runs") else _crossed(content.get("matrix"), path)
    return [run for settings, where in entries for run in _of_each_seed(settings, where)]


def _listed(entries: Any, path: str) -> list[tuple[RunSettings, str]]:
    """The section `runs:`, each entry with the place it was read from."""
    if not isinstance(entries, list):
        raise ConfigError(f"{path}, section 'runs'", given="no list", do="start each run with '- algo: ...'")
    places = [f"{path}, section 'runs', entry {number}" for number in range(1, len(entries) + 1)]
    return [(read_section(RunSettings, entry, place), place) for entry, place in zip(entries, places, strict=True)]


def _crossed(matrix: Any, path: str) -> list[tuple[RunSettings, str]]:
    """The section `matrix:`, every algorithm on every task."""
    where, matrix = f"{path}, section 'matrix'", {} if matrix is None else matrix
    require_mapping(matrix, where)
    require_known_keys(matrix, ("algos", "tasks", "seeds"), where)
    for key in ("algos", "tasks", "seeds"):
        if (key in matrix or key != "seeds") and not (isinstance(matrix.get(key), list) and matrix[key]):
            raise ConfigError(
                f"{where}, key '{key}'" if matrix else path,
                given=matrix.get(key),
                allowed="a list with one entry or more",
                do="write `matrix: {algos: [bc], tasks: [all]}`, and `seeds: [0, 1]` if you like; or a list of `runs:`",
            )
    algos, tasks = (as_type(matrix[key], tuple[str, ...], f"{where}, key '{key}'") for key in ("algos", "tasks"))
    seeds = as_type(matrix["seeds"], tuple[int, ...], f"{where}, key 'seeds'") if "seeds" in matrix else None
    return [(RunSettings(algo=algo, task=task, seed=seeds), where) for algo in algos for task in tasks]


def _of_each_seed(settings: RunSettings, where: str) -> list[Run]:
    """The run, or one for each of its seeds."""
    seeds = settings.seed
    if not isinstance(seeds, tuple):
        return [Run(settings, where)]
    if not seeds or len(set(seeds)) < len(seeds):
        raise ConfigError(
            f"{where}, seeds",
            given=list(seeds),
            allowed="one or more whole numbers, each once",
            do="write `[0, 1, 2]`: the same seed again would train the same weights",
        )
    return [Run(replace(settings, seed=seed), where, is_member=True) for seed in seeds]
