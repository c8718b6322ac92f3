"""Declarations: frozen dataclasses whose fields say all there is to say about a setting, each in one line.

    batch_size: Annotated[int, at_least(1), "Transitions in a training batch."] = 256

The type, what a value must be besides (`Limit`), what it means, and the default. A configuration is read by its
declaration; the plain tree that overrides address, and docs/settings.md, are made from it.
"""

import typing
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, TypeVar

from bridgelib.config.limits import Limit
from bridgelib.config.schema import as_type, require_known_keys, require_mapping, type_shown
from bridgelib.errors import ConfigError


@dataclass(frozen=True)
class Contradiction:
    """Settings that are each allowed, but not together.

    Attributes:
        path: The setting to name, from the section that knows of it.
        given: Its value, in words.
        allowed: What would do, in words.
        do: What to change.
    """

    path: str
    given: object
    allowed: str
    do: str


@dataclass(frozen=True)
class Section:
    """The base class of every declared section of a configuration."""

    def contradictions(self) -> Iterator[Contradiction]:
        """Which of its settings do not go together."""
        return iter(())


S = TypeVar("S", bound=Section)


@dataclass(frozen=True)
class Chosen:
    """Marks a section whose declaration depends on another setting.

    Attributes:
        by: The name of that setting.
        read: (value of that setting, what is given, place for messages, default choice) -> section.
    """

    by: str
    read: Callable[[str, Mapping[str, Any], str, Section], Section]


@dataclass(frozen=True)
class Setting:
    """What a field declares.

    Attributes:
        kind: Its type, as `schema.as_type` takes it.
        limit: What a value of that type must be besides; null, where the type allows it, is never asked about.
        about: What it means, in one line; empty for a section.
        chosen: For a section that depends on another setting.
    """

    kind: Any
    limit: Limit | None
    about: str
    chosen: Chosen | None

    @property
    def allowed(self) -> str:
        """What a value may be, in words."""
        if self.limit is None:
            return type_shown(self.kind)
        return self.limit.allowed + ("; or null" if type(None) in typing.get_args(self.kind) else "")

    def read(self, value: Any, where: str) -> Any:
        """`value` as the declared type.

        Raises:
            ConfigError: The value is of another type, or beyond the limits.
        """
        by_name = self.limit is not None and self.limit.names is not None
        converted = as_type(value, self.kind, where, self.allowed if by_name else None)
        if self.limit and converted is not None and not self.limit.fits(converted):
            raise ConfigError(where, given=repr(value), allowed=self.allowed, do=self.limit.hint(value))
        return converted


_DECLARED: dict[type[Section], dict[str, Setting]] = {}


def settings_of(schema: type[Section]) -> dict[str, Setting]:
    """The settings of a declared section, by name."""
    if schema not in _DECLARED:
        kinds, annotated = typing.get_type_hints(schema), typing.get_type_hints(schema, include_extras=True)
        _DECLARED[schema] = {each.name: _setting(kinds[each.name], annotated[each.name]) for each in fields(schema)}
    return _DECLARED[schema]


def _setting(kind: Any, annotated: Any) -> Setting:
    said = getattr(annotated, "__metadata__", ())
    return Setting(
        kind=kind,
        limit=next((entry for entry in said if isinstance(entry, Limit)), None),
        about=next((entry for entry in said if isinstance(entry, str)), ""),
        chosen=next((entry for entry in said if isinstance(entry, Chosen)), None),
    )


def read_settings(defaults: S, given: Mapping[str, Any], where: str) -> S:
    """Settings from a mapping; what it does not name is as in `defaults`.

    Raises:
        ConfigError: An unknown key, a value of another type or beyond the limits, or values that contradict each other.
    """
    require_mapping(given, where)
    declared = settings_of(type(defaults))
    require_known_keys(given, declared, where)
    values: dict[str, Any] = {}
    for name in sorted(given, key=lambda name: declared[name].chosen is not None):  # once it is known what was chosen
        setting, default, place = declared[name], getattr(defaults, name), f"{where}.{name}"
        if setting.chosen:
            choice = values.get(setting.chosen.by, getattr(defaults, setting.chosen.by))
            values[name] = setting.chosen.read(choice, given[name], place, default)
        elif isinstance(default, Section):
            values[name] = read_settings(default, given[name], place)
        else:
            values[name] = setting.read(given[name], place)
    settings = replace(defaults, **values)
    for wrong in settings.contradictions():
        raise ConfigError(f"{where}.{wrong.path}", given=wrong.given, allowed=wrong.allowed, do=wrong.do)
    return settings


def tree_of(settings: Section, written: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Settings as a plain tree, lists for tuples.

    Args:
        settings: The settings.
        written: The mapping they were read from: numbers stay as they stand there, 1 and not 1.0.
    """
    tree: dict[str, Any] = {}
    written = written or {}
    for name in settings_of(type(settings)):
        value = getattr(settings, name)
        if isinstance(value, Section):
            tree[name] = tree_of(value, written.get(name))
            continue
        value = list(value) if isinstance(value, tuple | list) else value
        tree[name] = written[name] if name in written and written[name] == value else value
    return tree
