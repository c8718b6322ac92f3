"""Overrides in the users' own words: `config.agent_kwargs.use_proprio: true`, `--config.batch_size=800`."""

import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from bridgelib.config.algorithms import goals
from bridgelib.config.schema import as_type_of, read_value, require_mapping
from bridgelib.errors import ConfigError, did_you_mean

_MOVED = {"obs_horizon": "dataset_kwargs.obs_horizon"}
"""Where the predecessor's configurations have a setting, and where it stands here."""

_OPEN = {"dataset_kwargs.goal_relabeling_kwargs": goals.SETTINGS}
"""Sections to which an override may add what another setting's value may ask for."""

_IN_MEMORY = "remove it: batches are drawn from an index of all frames, and no buffer is filled with images"
_LEFT_OUT = {
    "data_path": "write it as `data_root:` under `global:`, or in the machine profile",
    "save_dir": "write it as `save_dir:` under `global:`, or in the machine profile",
    "resume_path": "remove it: a training that was stopped resumes from its newest checkpoint by itself",
    "dataset_kwargs.shuffle_buffer_size": _IN_MEMORY,
    "dataset_kwargs.prefetch_num_batches": _IN_MEMORY,
    "dataset_kwargs.cache": _IN_MEMORY,
}
"""Settings that only the predecessor's configurations have -> what to do instead."""


def apply_override(config: dict[str, Any], key: str, value: Any, where: str) -> None:
    """Set the entry of a configuration tree that a dotted key names; an existing entry fixes its type.

    Args:
        config: The tree, changed in place.
        key: The path, with or without the leading `config.`.
        value: The new value; a mapping replaces entries below the key one by one.
        where: The place to name in messages.

    Raises:
        ConfigError: The key names nothing, or the value is of another type.
    """
    if key == "config":
        require_mapping(value, f"{where}, {key}")
        for entry, below in value.items():
            apply_override(config, entry, below, where)
        return
    dotted = key.removeprefix("config.")
    path = _MOVED.get(dotted, dotted).split(".")
    node = config
    for depth, part in enumerate(path):
        if part not in _entries(node, path[:depth]):
            raise _names_nothing(key, path[:depth], part, node, where)
        if depth < len(path) - 1:
            node = node[part]
    current = node.get(path[-1])
    if isinstance(current, dict):
        require_mapping(value, f"{where}, {key}")
        for entry, below in value.items():
            apply_override(config, ".".join([*path, entry]), below, where)
    else:
        node[path[-1]] = as_type_of(value, current, f"{where}, {key}")


def _entries(node: Any, path: Sequence[str]) -> list[str]:
    """The names that an override may use below a path of the tree."""
    return list({**node, **_OPEN.get(".".join(path), {})}) if isinstance(node, dict) else []


def _names_nothing(key: str, before: Sequence[str], part: str, node: Any, where: str) -> ConfigError:
    known = _entries(node, before)
    hint = _LEFT_OUT.get(".".join([*before, part])) or did_you_mean(part, known)
    place = ".".join(["config", *before])
    return ConfigError(
        where,
        given=f"the override '{key}', which names nothing: '{place}' has no '{part}'",
        allowed=known or None,
        do=hint or "correct the name",
    )


def overrides_of_mapping(mapping: Mapping[str, Any] | None, where: str) -> dict[str, Any]:
    """The overrides in the users' `config_overrides` or `bridgedata_overrides`.

    Raises:
        ConfigError: `mapping` is none with text keys, or a tuple in it holds what `read_value` refuses.
    """
    require_mapping(mapping or {}, where)
    return _from_python(mapping or {}, where)


def overrides_of_arguments(arguments: Sequence[str], where: str) -> dict[str, Any]:
    """The overrides in the users' `extra_args`: `--config.x=1`, `--config.x 1`, `--bridgedata_config.y=[...]`.

    Raises:
        ConfigError: An argument of another form; the trainer has no other flags.
    """
    tokens = [token for argument in arguments for token in _split(argument, where)]
    overrides: dict[str, Any] = {}
    while tokens:
        token = tokens.pop(0)
        flag, equals, value = token.partition("=")
        if not flag.startswith(("--config.", "--bridgedata_config.")):
            raise ConfigError(
                where,
                given=token,
                allowed="--config.KEY=VALUE, --config.KEY VALUE, --bridgedata_config.KEY=VALUE",
                do="write it as an override, or remove it",
            )
        if not equals:
            if not tokens or tokens[0].startswith("--"):
                raise ConfigError(where, given=f"{token} without a value", do=f"write {token}=VALUE")
            value = tokens.pop(0)
        overrides[flag.removeprefix("--")] = _parsed(value, f"{where}, {flag}")
    return overrides


def _split(argument: str, where: str) -> list[str]:
    try:
        return shlex.split(argument)
    except ValueError as error:  # a quotation mark without its fellow
        raise ConfigError(where, given=f"{argument} ({error})", do="close the quotation, or remove the mark") from None


def _parsed(value: str, where: str) -> Any:
    """A command-line value as YAML reads it: numbers, true/false, lists; what is Python's as `_from_python` does."""
    meant = _from_python({"True": True, "False": False}.get(value, value), where)
    return read_value(meant, where) if isinstance(meant, str) else meant


def _from_python(value: Any, where: str) -> Any:
    """Text that is Python's None or a tuple, "(256, 256)", as what it means: the predecessor's flags take it so."""
    if isinstance(value, Mapping):
        return {key: _from_python(entry, f"{where}, {key}") for key, entry in value.items()}
    if value == "None":
        return None
    if isinstance(value, str) and value.startswith("(") and value.endswith(")"):
        entries = read_value(f"[{value[1:-1]}]", where)
        return entries if isinstance(entries, list) else value
    return value
