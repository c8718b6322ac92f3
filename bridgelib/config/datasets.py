"""Datasets: named groups of tasks, with weights."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bridgelib.config.schema import as_type, read_yaml, require_known_keys, require_mapping
from bridgelib.errors import ConfigError


@dataclass(frozen=True)
class Dataset:
    """Which tasks to train on.

    Attributes:
        name: The dataset's name.
        include: Groups of glob patterns over task folders, relative to the data root. A sample first chooses a group
            by weight, then a transition in it.
        exclude: Glob patterns of task folders to leave out.
        sample_weights: One weight per group, or None for groups of equal weight. They are normalised to sum to 1.
    """

    name: str
    include: tuple[tuple[str, ...], ...]
    exclude: tuple[str, ...] = ()
    sample_weights: tuple[float, ...] | None = None


_KEYS = ("include", "exclude", "sample_weights")


def load_datasets(path: Path) -> dict[str, Dataset]:
    """The datasets of a YAML file: name -> include, exclude, sample_weights.

    Raises:
        ConfigError: An unknown key, an empty group, or weights that do not fit the groups.
    """
    content = read_yaml(path)
    return {name: read_dataset(name, entry, f"{path}, dataset '{name}'") for name, entry in content.items()}


def read_dataset(name: str, content: Mapping[str, Any], where: str) -> Dataset:
    """One dataset from its mapping; `include` may be a list of patterns (one group) or a list of such lists."""
    require_mapping(content, where)
    require_known_keys(content, _KEYS, where)
    include = content.get("include")
    listed = include if isinstance(include, list) and include and isinstance(include[0], list) else [include]
    groups = tuple(as_type(group, tuple[str, ...], f"{where}, key 'include'") for group in listed)
    if not all(groups):
        raise ConfigError(
            f"{where}, key 'include'", given="an empty group", do="name at least one task folder or pattern per group"
        )
    exclude = as_type(content.get("exclude") or [], tuple[str, ...], f"{where}, key 'exclude'")
    weights = as_type(content.get("sample_weights"), tuple[float, ...] | None, f"{where}, key 'sample_weights'")
    if weights is not None and (len(weights) != len(groups) or min(weights) < 0 or sum(weights) <= 0):
        raise ConfigError(
            f"{where}, key 'sample_weights'",
            given=list(weights),
            allowed=f"{len(groups)} weights, one per group of 'include', none negative, not all zero",
            do="give one weight per group",
        )
    return Dataset(name, groups, exclude, weights)
