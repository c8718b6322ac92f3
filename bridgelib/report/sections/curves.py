"""Learning curves: all experiments on one axis, seeds as bands, restarts marked."""

import math
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from bridgelib.report.bounds import LINES, bounded
from bridgelib.report.course import Course, Curve
from bridgelib.report.drawing import COLOURS, Line, chart, legend
from bridgelib.report.markup import Markup, element
from bridgelib.report.reading import Facts
from bridgelib.report.runs import Run
from bridgelib.report.texts import said


def curves(facts: Facts) -> Iterator[Markup]:
    """The section."""
    charts = [
        *_chart(facts, "validation", lambda course: course.validation),
        *_chart(facts, "training", lambda course: course.training),
    ]
    yield from charts or [element("p", said("curves.nothing"))]


def _chart(facts: Facts, which: str, curve: Callable[[Course], Curve]) -> Iterator[Markup]:
    having = [run for run in facts.runs if curve(run.course)]
    lines, left = bounded(sorted(_lines(facts, having, curve), key=_merit), LINES)
    if not lines:
        return
    name = f"curves-{which}"
    yield element("h3", said(f"curves.{which}"), id=name)
    notes = [said("curves.seeds")] if any(line.low for line in lines) else []
    notes += [said("curves.marks")] if any(line.marks for line in lines) else []
    notes += [said("curves.grey", count=len(lines) + left - COLOURS)] if len(lines) > COLOURS else []
    caption = element("figcaption", said(f"curves.{which}_means"), [[" ", note] for note in notes])
    yield element("figure", chart(lines, name), legend([line.name for line in lines]), caption)


def _merit(line: Line) -> tuple[float, str]:
    """By the validation error at the end in every chart, so that a line has the same colour in all."""
    return (line.rank, line.name)


def _lines(facts: Facts, runs: Sequence[Run], curve: Callable[[Course], Curve]) -> Iterator[Line]:
    """A line for each experiment, or for all its seeds together."""
    named = {run.name: run for run in runs}
    members = {name: [named[each] for each in names if each in named] for name, names in facts.subject.families.items()}
    together = {name: of for name, of in members.items() if len(of) > 1}
    taken = {run.name for of in together.values() for run in of}
    for name, of in together.items():
        yield _band(name, of, curve)
    for run in runs:
        if run.name not in taken:
            yield Line(run.name, curve(run.course), rank=_error([run]), marks=run.course.resumed)


def _error(runs: Sequence[Run]) -> float:
    """The mean of the last validation errors; infinite where there are none."""
    errors = [run.error for run in runs if run.error is not None]
    return sum(errors) / len(errors) if errors else math.inf


def _band(name: str, runs: Sequence[Run], curve: Callable[[Course], Curve]) -> Line:
    """Mean, least and largest over several seeds, as far as all of them go."""
    curves = [curve(run.course) for run in runs]
    end = min(each[-1][0] for each in curves)
    steps = [step for step, _ in max(curves, key=len) if step <= end] or [end]
    values = np.array([np.interp(steps, *np.array(each).T) for each in curves])  # [seeds, steps]
    edges = (values.mean(axis=0), values.min(axis=0), values.max(axis=0))
    mean, low, high = (list(zip(steps, each.tolist(), strict=True)) for each in edges)
    marks = sorted({step for run in runs for step in run.course.resumed if step <= end})
    return Line(f"{name} ({len(runs)} ×)", mean, _error(runs), low, high, marks)
