"""Overrides in the users' own words: `config.agent_kwargs.use_proprio: true`, `--config.batch_size=800`."""

import shlex
from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from bridgelib.config.schema import as_type_of, require_mapping
from bridgelib.errors import ConfigError, did_you_mean


def apply_override(config: dict[str, Any], key: str, value: Any, where: str) -> None:
    """Set the entry of a configuration tree that a dotted key names; an existing entry fixes its type.

    Args:
        config: The tree, changed in place.
        key: The path, with or without the leading `config.`.
        value: The new value; a mapping replaces entries below the key one by one.
        where: For messages.

    Raises:
        ConfigError: The key names nothing, or the value is of another type.
    """
    path = str(key).removeprefix("config.").split(".")
    node = config
    for depth, part in enumerate(path):
        if not isinstance(node, dict) or part not in node:
            raise _names_nothing(key, path[:depth], part, node, where)
        if depth < len(path) - 1:
            node = node[part]
    current = node[path[-1]]
    if isinstance(current, dict) and value is not None:
        require_mapping(value, f"{where}, {key}")
        for entry, below in value.items():
            apply_override(config, ".".join([*path, entry]), below, where)
    else:
        node[path[-1]] = as_type_of(value, current, f"{where}, {key}")


def _names_nothing(key: str, before: Sequence[str], part: str, node: Any, where: str) -> ConfigError:
    known = list(node) if isinstance(node, dict) else []
    hint = did_you_mean(part, known)
    place = ".".join(["config", *before])
    return ConfigError(
        where,
        given=f"the override '{key}', which names nothing: '{place}' has no '{part}'",
        allowed=known or None,
        do=hint or "correct the name",
    )


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
        overrides[flag.removeprefix("--")] = _parsed(value)
    return overrides


def _split(argument: str, where: str) -> list[str]:
    try:
        return shlex.split(argument)
    except ValueError as error:  # a quotation mark without its fellow
        raise ConfigError(where, given=f"{argument} ({error})", do="close the quotation, or remove the mark") from None


def _parsed(value: str) -> Any:
    """A command-line value as YAML reads it: numbers, true/false, lists; Python's True, False and None too."""
    words: Mapping[str, Any] = {"True": True, "False": False, "None": None}
    if value in words:
        return words[value]
    try:
        return yaml.safe_load(value)
    except yaml.YAMLError:
        return value
