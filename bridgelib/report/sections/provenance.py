"""What all this was made with: code, machine, settings, and of each training its versions and configuration."""

import json
import platform
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bridgelib import __version__
from bridgelib.config.machines import ROOTS
from bridgelib.origins import differences
from bridgelib.report.bounds import EXAMPLES, ROWS, bounded
from bridgelib.report.markup import Markup, element
from bridgelib.report.reading import Facts
from bridgelib.report.runs import Run
from bridgelib.report.tables import Cell, table
from bridgelib.report.texts import said
from bridgelib.repository import CHECKOUT
from bridgelib.training.provenance import revision

_HEAD = (
    ("experiment", False),
    ("run", False),
    ("release", False),
    ("commit", False),
    ("device", False),
    ("host", False),
)


def provenance(facts: Facts) -> Iterator[Markup]:
    """The section."""
    subject = facts.subject
    made_by = {"bridgelib": __version__, "commit": revision(CHECKOUT) or "–", "Python": platform.python_version()}
    told = {**made_by, "host": platform.node(), "machine": subject.machine.name}
    told |= {root: getattr(subject.machine, root) for root in ROOTS} | dict(subject.settings)
    rows = [[Cell(key), Cell(element("code", str(value)))] for key, value in told.items()]
    yield table(said("provenance.page"), (("what", False), ("value", False)), rows)
    begun = [run for run in facts.runs if run.config]
    if not begun:
        return
    yield table(said("provenance.runs"), _HEAD, [_row(run) for run in begun])
    yield from _configurations(begun)


def _row(run: Run) -> list[Cell]:
    config: Mapping[str, Any] = run.config or {}
    made: Mapping[str, Any] = config.get("began_with", {})
    more = len(config.get("went_on_with", ()))
    versions = made.get("versions", {})
    release = " ".join(
        f"{name} {versions[name]}" for name in ("bridgelib", "jax", "flax", "python") if versions.get(name)
    )
    host = [
        made.get("host", ""),
        element("br") if more else None,
        said("provenance.went_on", count=more) if more else None,
    ]
    return [
        Cell(run.name),
        Cell(element("code", (run.done or {}).get("run", "–"))),
        Cell(release),
        Cell(element("code", (made.get("revision") or "–")[:20])),
        Cell(made.get("device", "–")),
        Cell(host),
    ]


def _configurations(runs: Sequence[Run]) -> Iterator[Markup]:
    """The first configuration whole, the others by what differs from it."""
    first, *others = runs
    whole = json.dumps(_settings(first), indent=1, sort_keys=True, ensure_ascii=False)
    head = element("summary", element("b", first.name), said("provenance.configuration"))
    yield element("details", head, element("pre", whole[:40_000]))
    lines = [(run.name, list(differences(_settings(first), _settings(run)))) for run in bounded(others, ROWS)[0]]
    if lines:
        told = [[element("b", name), element("pre", "\n".join(found[: 3 * EXAMPLES]))] for name, found in lines]
        head = element("summary", element("b", said("provenance.others")), said("provenance.differ", name=first.name))
        yield element("details", head, told)


def _settings(run: Run) -> dict[str, Any]:
    experiment = run.experiment
    tasks = [task.name for task in run.tasks][:20]
    return {"algorithm": experiment.algorithm, "dataset": experiment.dataset.name, "tasks": tasks, **experiment.config}
