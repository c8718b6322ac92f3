"""The course of a training: its learning curves, thinned, and where it was resumed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from bridgelib.report.bounds import POINTS
from bridgelib.report.forms import METRICS, require
from bridgelib.training.metrics import read_metrics

Curve = Sequence[tuple[float, float]]
"""Steps and values, rising by step."""


@dataclass(frozen=True)
class Course:
    """What metrics.jsonl holds of a run.

    Attributes:
        validation: The squared error on the validation split.
        of_mean: The same of always predicting the mean action; None without a validation.
        training: The loss on training batches.
        transitions: How many transitions a validation looks at; 0 without one.
        resumed: The steps that the run was resumed from.
        step: The last step with a number.
        rate: Steps a second, the median of what was logged; None where nothing was.
    """

    validation: Curve = ()
    of_mean: float | None = None
    training: Curve = ()
    transitions: int = 0
    resumed: Sequence[int] = ()
    step: int = 0
    rate: float | None = None


def course_of(metrics: Path) -> Course:
    """Read the course of a run.

    Raises:
        DataError: A line is damaged.
    """
    lines = list(read_metrics(metrics)) if metrics.is_file() else []
    for line in lines:
        require(line, METRICS, metrics)
    validations = [line for line in lines if line["kind"] == "validation" and "mse" in line]
    trainings = [line for line in lines if line["kind"] == "train" and "loss" in line]
    rates = sorted(line["time"]["steps_per_second"] for line in trainings if "steps_per_second" in line["time"])
    last = validations[-1] if validations else {}
    return Course(
        validation=thinned([(line["step"], line["mse"]) for line in validations]),
        of_mean=last.get("mse_of_mean_action"),
        training=thinned([(line["step"], line["loss"]) for line in trainings]),
        transitions=int(last.get("transitions", 0)),
        resumed=[line["time"]["resumed_from"] for line in lines if "resumed_from" in line["time"]],
        step=lines[-1]["step"] if lines else 0,
        rate=rates[len(rates) // 2] if rates else None,
    )


def thinned(curve: Curve, most: int = POINTS) -> Curve:
    """At most so many points: means of as many consecutive ones, but the first and the last as they are."""
    if len(curve) <= most:
        return curve
    width = -(-(len(curve) - 2) // (most - 2))
    return [curve[0], *map(_mean, _groups(curve[1:-1], width)), curve[-1]]


def _groups(curve: Curve, width: int) -> Iterable[Curve]:
    points = iter(curve)
    while group := list(islice(points, width)):
        yield group


def _mean(points: Curve) -> tuple[float, float]:
    steps, values = zip(*points, strict=True)
    return sum(steps) / len(steps), sum(values) / len(values)
