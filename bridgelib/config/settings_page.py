"""The page `docs/settings.md`, made from the declarations of the algorithms, so that it cannot differ from them."""

import inspect
from collections.abc import Iterator
from typing import Any

from bridgelib.config.algorithms import ALGORITHMS
from bridgelib.config.algorithms.algorithm import in_yaml
from bridgelib.config.algorithms.goals import STRATEGIES
from bridgelib.config.declaration import Section, Setting, settings_of

_HEAD = """\
# Settings of the algorithms

<!-- Made by `python -m bridgelib.config.settings_page > docs/settings.md`. Do not edit. -->

Every name that an override may use, its section's before it (`config.agent_kwargs.use_proprio`), with what it may be,
which is checked before anything is converted, and the published default. How an experiments file is written is said in
[config/README.md](../config/README.md).

| algorithm | what it is | what it needs besides observations and actions |
| --- | --- | --- |"""
_COLUMNS = ["| setting | what it is | may be | default | of |", "| --- | --- | --- | --- | --- |"]


def as_markdown() -> str:
    """The whole page."""
    lines = [_HEAD]
    for name, algorithm in ALGORITHMS.items():
        needs = ", ".join(need.replace("_", " ") for need in sorted(algorithm.needs))
        lines.append(f"| `{name}` | {inspect.getdoc(algorithm)} | {needs or 'nothing'} |")
    for section, rows in _sections().items():
        lines += ["", f"## `{section}`", "", *_COLUMNS, *rows]
    lines += ["", "## Goals", "", "| `goal_relabeling_strategy` | the goal | takes |", "| --- | --- | --- |"]
    for name, strategy in STRATEGIES.items():
        takes = (f"`{key}`, {setting.allowed}: {setting.about}" for key, setting in settings_of(strategy).items())
        lines.append(f"| `{name}` | {inspect.getdoc(strategy)} | {' '.join(takes)} |")
    lines += ["", "## Settings of which an algorithm knows one value", ""]
    for name, algorithm in ALGORITHMS.items():
        for path, (value, why) in algorithm.only.items():
            lines.append(f"- `{name}`, `config.{path}`: `{in_yaml(value)}`, because {why}.")
    return "\n".join(lines) + "\n"


def _sections() -> dict[str, list[str]]:
    """The lines of each section's table, each setting once."""
    declared: dict[str, Setting] = {}
    defaults: dict[str, dict[str, list[str]]] = {}  # path -> default -> the algorithms that have it
    for name, algorithm in ALGORITHMS.items():
        for path, setting, default in _leaves(algorithm, "config"):
            declared.setdefault(path, setting)
            defaults.setdefault(path, {}).setdefault(f"`{in_yaml(default)}`", []).append(name)
    sections: dict[str, list[str]] = {}
    for path, setting in declared.items():
        section, _, name = path.rpartition(".")
        row = f"| `{name}` | {setting.about} | {setting.allowed} | {_defaults_and_owners(defaults[path])} |"
        sections.setdefault(section, []).append(row)
    return sections


def _leaves(section: Section, path: str) -> Iterator[tuple[str, Setting, Any]]:
    """Every setting of a section, and of those in it: its path, its declaration, its default."""
    for name, setting in settings_of(type(section)).items():
        value, place = getattr(section, name), f"{path}.{name}"
        if isinstance(value, Section):
            yield from _leaves(value, place)
        else:
            yield place, setting, value


def _defaults_and_owners(defaults: dict[str, list[str]]) -> str:
    """Two cells: the default, the rarer ones with whose they are; and which algorithms have the setting."""
    owners = [name for names in defaults.values() for name in names]
    usual = max(defaults, key=lambda default: len(defaults[default]))
    others = [f"; of {', '.join(names)} {default}" for default, names in defaults.items() if default != usual]
    return f"{usual}{''.join(others)} | {'all' if len(owners) == len(ALGORITHMS) else ', '.join(owners)}"


if __name__ == "__main__":
    print(as_markdown(), end="")
