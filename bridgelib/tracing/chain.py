"""A chain as text: what is alike at one place of it (a hundred shards of one conversion) is told once."""

import json
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from bridgelib.layout import portable_path
from bridgelib.tracing.step import Step

_NAMED = 3  # results of a group, and demonstrations, that are named
_WIDTH = 112
_INDENT = "  "
_OF_ONE = ("task", "date", "seed", "demonstrations")  # options in which the sessions of one simulation differ
_LABEL = 11  # characters of `options`, `code` and the like, with the blanks after them


def as_text(step: Step, all_ids: bool = False) -> str:
    """The chain from a result back to the content ids; with `all_ids` every one of them is named."""
    lines = list(_lines([step], "", set()))
    ids = step.all_content_ids()
    if all_ids:
        lines += ["", *(f"{content_id}  {name}" for name, content_id in sorted(ids.items()))]
    elif len(ids) > _NAMED:
        lines += ["", f"{len(ids)} demonstrations in all; --ids (of snakemake: ids=all) names every content id"]
    return "\n".join(lines) + "\n"


def _lines(steps: Sequence[Step], indent: str, told: set[str]) -> Iterator[str]:
    for group in _groups(steps):
        files = [portable_path(step.file) for step in group]
        if told.issuperset(files):
            yield f"{indent}{group[0].name}: {_named(files)}, as above"
            continue
        told.update(files)
        yield f"{indent}{group[0].name}: {_named(files)}"
        yield from (_wrapped(line, f"{indent}    ") for line in _about(group))
        sources = {source.file: source for step in group for source in step.sources}
        yield from _lines(list(sources.values()), indent + _INDENT, told)


def _groups(steps: Iterable[Step]) -> list[list[Step]]:
    """Steps that differ in their files, times and hosts only, together."""
    found: dict[str, list[Step]] = {}
    for step in steps:
        made = {key: (step.made or {}).get(key) for key in ("release", "revision", "lock")}
        simulated = step.name == "simulate_demonstrations"
        options = {key: value for key, value in step.options.items() if not simulated or key not in _OF_ONE}
        found.setdefault(json.dumps([step.name, made, options, step.state], sort_keys=True), []).append(step)
    return list(found.values())


def _about(group: Sequence[Step]) -> Iterator[str]:
    first = group[0]
    if first.state:
        yield f"ATTENTION  {first.state}"
    if first.name != "raw":
        yield f"made       {_times([step.made for step in group])}"
        yield f"code       {_code(first.made)}"
    if options := {key: value for key, value in first.options.items() if len(group) == 1 or key not in _OF_ONE}:
        yield f"options    {_short(options)}"
    ids = {name: content_id for step in group for name, content_id in step.content_ids.items()}
    for name, content_id in list(ids.items())[:_NAMED]:
        yield f"content    {content_id}  {name}"
    if len(ids) > _NAMED:
        yield f"content    and {len(ids) - _NAMED} more"


def _times(made: Sequence[Mapping[str, Any] | None]) -> str:
    times = sorted(each["at"] for each in made if each and "at" in each)
    if not times:
        return "not known when: by a release that wrote no seals"
    seconds = sum(each["seconds"] for each in made if each and "seconds" in each)
    hosts = ", ".join(sorted({each["host"] for each in made if each and each.get("host")}))
    span = times[0] if times[0] == times[-1] else f"{times[0]} to {times[-1]}"
    return f"{span}, in {seconds:g} s, on {hosts}"


def _code(made: Mapping[str, Any] | None) -> str:
    if not made:
        return "not known"
    revision = made.get("revision")
    changes = " and changes" if revision and revision.endswith("-dirty") else ""
    commit = f"commit {revision[:12]}{changes}" if revision else "no commit"
    lock = f"lock {made['lock']}" if made.get("lock") else "lock not known"
    release = made.get("release") or "of a release that is not recorded"
    return f"bridgedata {release}, {commit}; Python {made.get('python')}, {lock}"


def _short(options: Mapping[str, Any]) -> str:
    text = ", ".join(f"{key} {_value(value)}" for key, value in options.items() if value is not None)
    return text if len(text) <= 4 * _WIDTH else f"{text[: 4 * _WIDTH]}… (all: --json)"


def _wrapped(line: str, indent: str) -> str:
    """A line of `_about`; that of the options in several, those after the first below its words."""
    if not line.startswith("options"):
        return indent + line
    return textwrap.fill(line, _WIDTH, initial_indent=indent, subsequent_indent=indent + " " * _LABEL)


def _value(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _named(files: Sequence[str]) -> str:
    more = f" and {len(files) - _NAMED} more" if len(files) > _NAMED else ""
    return ", ".join(files[:_NAMED]) + more
