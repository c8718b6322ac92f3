"""What evaluations found, as a table in plain text. Standard library only: the workflow prints it."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from bridgelib.conversion.tables import aligned
from bridgelib.files import read_json

_MILLI = 1000
_UNITS = {"m": ("mm", _MILLI), "rad": ("mrad", _MILLI)}


def evaluations_as_text(paths: Sequence[Path]) -> str:
    """Of each experiment the policy's errors beside those of the baselines, and how well it knows the gripper.

    Args:
        paths: `<runs>/<experiment>/evaluation.json` of each; one that is missing is shown as not evaluated.
    """
    found = {Path(path): read_json(path) if Path(path).is_file() else None for path in paths}
    dimensions = next((content["dimensions"] for content in found.values() if content), [])
    head = ("experiment", "predicted by", *map(_heading, dimensions), "accuracy", "F1 of changes")
    lines = [line for path, content in found.items() for line in _lines(path.parent.name, content, dimensions)]
    return aligned(head, lines, text_columns=2) + "\n"


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
        score = content["overall"][who]
        scales = [_UNITS.get(dimension["unit"], ("", 1))[1] for dimension in dimensions]
        errors = [score["error"][dimension["name"]]["value"] for dimension in dimensions]
        shown = [f"{scale * error:.3g}" for scale, error in zip(scales, errors, strict=True)]
        gripper = [score["gripper"][name]["value"] for name in ("accuracy", "change_f1")]
        yield (experiment, who.replace("_", " "), *shown, *("-" if each is None else f"{each:.2f}" for each in gripper))
        experiment = ""
