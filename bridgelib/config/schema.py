"""Closed schemas: a YAML mapping becomes a frozen dataclass, or an error that tells the reader what to change."""

import dataclasses
import types
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Protocol, TypeVar

import yaml

from bridgelib.config.strict_yaml import Unclear, loaded
from bridgelib.errors import ConfigError, did_you_mean
from bridgelib.mistaken import LOOKED_AT, kind_of


class Dataclass(Protocol):
    """An instance of any dataclass, for the types alone."""

    __dataclass_fields__: ClassVar[dict[str, Any]]


T = TypeVar("T", bound=Dataclass)


def read_yaml(path: Path) -> dict[str, Any]:
    """The mapping in a YAML file; an empty file is an empty mapping.

    A section whose name begins with a dot is left out: it holds what others merge, `.base: &base {...}`.

    Raises:
        ConfigError: The file is missing, is not YAML, writes a key twice, holds something else than a mapping, or a
            number or word that YAML 1.1 and 1.2 read differently.
    """
    try:
        written = Path(path).read_bytes()  # once: it may be a pipe
        if (kind := kind_of(written[:LOOKED_AT])) is not None:
            raise ConfigError(path, given=f"no YAML: it is {kind.name}", do=kind.cure(path))
        content = loaded(written.decode("utf-8"))
    except OSError as error:
        raise ConfigError(path, given=error.strerror, do="check the path") from None
    except UnicodeDecodeError as error:
        raise ConfigError(path, given=f"not UTF-8 text: {error.reason}", do="save the file as UTF-8") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or str(error)
        raise ConfigError(f"{path}{line}", given=problem, do=getattr(error, "do", "correct the YAML")) from None
    content = {} if content is None else content
    require_mapping(content, str(path))
    return {key: value for key, value in content.items() if not key.startswith(".")}


def read_value(text: str, where: str) -> Any:
    """A value on a command line as YAML reads it; what is no YAML is text, as it stands.

    Raises:
        ConfigError: A number or word that YAML 1.1 and 1.2 read differently, or a key written twice.
    """
    try:
        return loaded(text)
    except Unclear as refused:
        raise ConfigError(where, given=refused.problem, do=refused.do) from None
    except yaml.YAMLError:
        return text


def require_mapping(content: object, where: str) -> None:
    """Refuse anything but a mapping with string keys."""
    if not isinstance(content, Mapping):
        raise ConfigError(where, given=_shown(content), allowed="a mapping (key: value)", do="write it as key: value")
    for key in content:
        if not isinstance(key, str):
            raise ConfigError(where, given=f"the key {key!r}", allowed="text keys", do="put the key in quotes")


def require_known_keys(
    content: Mapping[str, Any], known: typing.Iterable[str], where: str, do: str = "remove the key, or correct it"
) -> None:
    """Refuse the first key that is not in `known`, with the closest known one; `do` is said where none is close."""
    known = list(known)
    for key in content:
        if key not in known:
            raise ConfigError(where, given=f"the unknown key '{key}'", allowed=known, do=did_you_mean(key, known) or do)


def read_section(schema: type[T], content: Mapping[str, Any], where: str) -> T:
    """Make the frozen dataclass `schema` from a mapping.

    Args:
        schema: A dataclass whose fields are typed with int, float, str, bool, Literal, None, tuple[X, ...], Mapping
            or unions of these. A field without a default must be given.
        content: The mapping.
        where: The file and section, for messages.

    Raises:
        ConfigError: An unknown or missing key, or a value of another type.
    """
    require_mapping(content, where)
    fields = {field.name: field for field in dataclasses.fields(schema) if field.init}
    require_known_keys(content, fields, where)
    hints = typing.get_type_hints(schema)
    values = {}
    for name, field in fields.items():
        if name in content:
            values[name] = as_type(content[name], hints[name], f"{where}, key '{name}'")
        elif field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
            raise ConfigError(where, given=f"no key '{name}'", do=f"add the key '{name}' ({type_shown(hints[name])})")
    return schema(**values)


def as_type(value: Any, expected: Any, where: str, allowed: str | None = None) -> Any:
    """`value` as the type `expected`; numbers written as text (YAML reads `3e-4` as text) are taken as numbers.

    `allowed` says what a value may be, where the type alone would say too little.
    """
    converted = _converted(value, expected)
    if converted is _REFUSED:
        options, entries = _options(expected), value if isinstance(value, list) else [value]
        unknown = next((str(entry) for entry in entries if str(entry) not in options), str(value))
        hint = did_you_mean(unknown, options) or _in_quotes(value, expected)
        hint = hint or "write a value of the allowed kind"
        raise ConfigError(where, given=_shown(value), allowed=allowed or type_shown(expected), do=hint)
    return converted


def as_type_of(value: Any, default: Any, where: str) -> Any:
    """`value` as the type of an existing default: an int for an int, a list for a list, anything for None."""
    if default is None or value is None:
        return value
    if isinstance(default, Mapping):
        require_mapping(value, where)
        return value
    if isinstance(default, list):
        expected: Any = list
    elif isinstance(default, bool):
        expected = bool
    elif isinstance(default, int):
        expected = int
    else:
        expected = type(default)
    return as_type(value, expected, where)


_REFUSED = object()


def _options(expected: Any) -> list[str]:
    """The words that a type admits."""
    if typing.get_origin(expected) is typing.Literal:
        return [str(option) for option in typing.get_args(expected)]
    return [word for option in typing.get_args(expected) for word in _options(option)]


def _in_quotes(value: Any, expected: Any) -> str | None:
    """A hint for a text that looks like a number, or like true or false."""
    entries = value if isinstance(value, list) else [value]
    takes_text = expected is str or str in typing.get_args(expected)
    return "put it in quotes" if takes_text and any(isinstance(entry, int | float) for entry in entries) else None


def _converted(value: Any, expected: Any) -> Any:
    origin = typing.get_origin(expected)
    if expected is Any:
        return value
    if origin in (typing.Union, types.UnionType):
        candidates = (_converted(value, option) for option in typing.get_args(expected))
        return next((candidate for candidate in candidates if candidate is not _REFUSED), _REFUSED)
    if origin is typing.Literal:
        return next((option for option in typing.get_args(expected) if value == option), _REFUSED)
    if origin is tuple:
        entries = value if isinstance(value, list | tuple) else [value]
        converted = tuple(_converted(entry, typing.get_args(expected)[0]) for entry in entries)
        return _REFUSED if _REFUSED in converted else converted
    if expected is type(None):
        return None if value in (None, "null") else _REFUSED  # Snakemake's `--config key=null` is text
    if expected is list:
        return list(value) if isinstance(value, list | tuple) else _REFUSED
    if expected is bool:
        return value if isinstance(value, bool) else {"true": True, "false": False}.get(str(value).lower(), _REFUSED)
    if expected in (int, float):
        return _number(value, expected)
    if expected is str:
        return value if isinstance(value, str) else _REFUSED
    return value if isinstance(value, origin or expected) else _REFUSED


def _number(value: Any, expected: type) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return _REFUSED
    if isinstance(value, int) and expected is int:
        return value  # not by way of a float, which has 53 bits
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return _REFUSED
    if number != number or number in (float("inf"), float("-inf")):
        return _REFUSED
    if expected is int:
        return int(number) if number == int(number) else _REFUSED
    return number


_PLURALS = {int: "whole numbers", float: "numbers", str: "texts"}


def type_shown(expected: Any) -> str:
    """A type in the reader's words: "a whole number", "one of raw, jpeg"."""
    names = {int: "a whole number", float: "a number", str: "text", bool: "true or false", list: "a list"}
    origin = typing.get_origin(expected)
    if origin is typing.Literal:
        return "one of " + ", ".join(str(option) for option in typing.get_args(expected))
    if origin in (typing.Union, types.UnionType):
        return " or ".join(type_shown(option) for option in typing.get_args(expected))
    if origin is tuple:
        entry = typing.get_args(expected)[0]
        return f"a list of {_PLURALS.get(entry) or f'entries, each {type_shown(entry)}'}"
    if expected is type(None):
        return "nothing (null)"
    return names.get(expected, "a mapping")


def _shown(value: object) -> str:
    text = repr(value)
    return f"{text[:77]}..." if len(text) > 80 else text
