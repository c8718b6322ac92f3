"""The evaluations as a table in plain text. Standard library only: the workflow prints it."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from bridgelib.evaluation.seeds import mean_with_margin
from bridgelib.files import read_json
from bridgelib.text import aligned

_MILLI = 1000
_UNITS = {"m": ("mm", _MILLI), "rad": ("mrad", _MILLI)}


def evaluations_as_text(paths: Sequence[Path], seeds: Mapping[str, Sequence[str]] | None = None) -> str:
    """For each experiment, the errors of policy and baselines, and the policy's gripper accuracy and F1.

    Args:
        paths: `<runs>/<experiment>/evaluation.json` of each; one that is missing is shown as not evaluated.
        seeds: Name -> the experiments that share it and differ in their seeds; the mean of their policies has a line.
    """
    found = {Path(path): read_json(path) if Path(path).is_file() else None for path in paths}
    dimensions: list[dict[str, str]] = next((content["dimensions"] for content in found.values() if content), [])
    head = ("experiment", "predicted by", *map(_heading, dimensions), "accuracy", "F1 of changes")
    lines = [line for path, content in found.items() for line in _lines(path.parent.name, content, dimensions)]
    known = {path.parent.name: content for path, content in found.items() if content and content["overall"]}
    means = []
    for family, names in (seeds or {}).items():
        scores = [known[name]["overall"]["policy"] for name in names if name in known]
        if len(scores) > 1:
            means.append((f"{family}, mean", f"policy, {len(scores)} seeds", *_means(scores, dimensions)))
    told = "\n± is half the 95 % interval of the mean over seeds (Student's t).\n" if means else ""
    return aligned(head, [*lines, *means], text_columns=2) + "\n" + told


def _heading(dimension: Mapping[str, str]) -> str:
    unit = _UNITS.get(dimension["unit"])
    return f"{dimension['name']} {unit[0]}" if unit else dimension["name"]


def _lines(
    experiment: str, content: Mapping[str, Any] | None, dimensions: Sequence[Mapping[str, str]]
) -> Iterator[tuple[str, ...]]:
    if content is None or content["overall"] is None:
        why = "not evaluated" if content is None else "nothing to validate on"
        yield (experiment, why, *("-",) * (len(dimensions) + 2))
        return
    for who in ("policy", "mean_action", "previous_action", "nearest_neighbour"):
        errors, gripper = _numbers(content["overall"][who], dimensions)
        shown = (f"{error:.3g}" for error in errors)
        yield (experiment, who.replace("_", " "), *shown, *("-" if each is None else f"{each:.2f}" for each in gripper))
        experiment = ""


def _numbers(
    score: Mapping[str, Any], dimensions: Sequence[Mapping[str, str]]
) -> tuple[list[float], list[float | None]]:
    """The errors in the units of the table, and accuracy and F1 of the gripper, None where there is none."""
    scales = [_UNITS.get(dimension["unit"], ("", 1))[1] for dimension in dimensions]
    errors = [score["error"][dimension["name"]]["value"] for dimension in dimensions]
    gripper = [score["gripper"][name]["value"] for name in ("accuracy", "change_f1")]
    return [scale * error for scale, error in zip(scales, errors, strict=True)], gripper


def _means(scores: Sequence[Mapping[str, Any]], dimensions: Sequence[Mapping[str, str]]) -> Iterator[str]:
    """Mean and margin of each column over several seeds; nothing of one that a seed has not."""
    lines = [[*errors, *gripper] for errors, gripper in (_numbers(score, dimensions) for score in scores)]
    for column in zip(*lines, strict=True):
        yield "-" if None in column else "{:.3g} ± {:.2g}".format(*mean_with_margin(column))
