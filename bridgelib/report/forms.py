"""The forms of the results that the page shows, as far as it shows them; a file that has another one is refused.

A form is

    float, str       a finite number; a text
    a pattern        a text that it matches
    None             nothing
    {"key": form}    a mapping with this entry, and any others; `key?` may be missing
    {...: form}      a mapping, each of whose entries has this form
    [form]           a list of such; [form, form] one of two
    (form, form)     one or the other
"""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bridgelib.errors import DataError

_VALUE = (None, {"value": (None, float), "interval?": (None, [float, float])})
_SCORE = {"error": {...: _VALUE}, "gripper": {"accuracy": _VALUE, "change_f1": _VALUE}}
_WHO = {"policy": _SCORE, "mean_action": _SCORE, "previous_action": _SCORE, "nearest_neighbour": _SCORE}
_ROWS = [[(None, float)]]
_QUARTILES = [float, float, float]
_RESULT = {
    **{"episodes": float, "successes": float, "rate": float, "interval": [float, float]},
    **{"steps_to_success": (None, _QUARTILES), "distance": _QUARTILES},
}
_MADE = {"versions?": {}, "revision?": (None, str), "host?": (None, str), "device?": (None, str)}

DONE = {"run": str, "step": float, "seconds": float}
CONFIG = {"began_with?": _MADE, "went_on_with?": [{}]}
METRICS = {
    **{"step": float, "time": {"steps_per_second?": float, "resumed_from?": float}, "mse?": float, "loss?": float},
    **{"transitions?": float, "mse_of_mean_action?": float},
}
EVALUATION = {
    "note": (None, str),
    "dimensions": [{"name": str, "unit": str}],
    "validation": {"evaluated": {"transitions": float}},
    "overall": (None, _WHO),
    "by_task": {...: {"trajectories": float, **_WHO}},
    "examples": [
        {
            **{"task": str, "name": str, "instruction": (None, str), "demonstrated": _ROWS, "predicted": _ROWS},
            "pictures": [{"image": str, "step": float}],
        }
    ],
}
ROLLOUTS = {
    "tasks": {...: _RESULT},
    "held_out_tasks?": {...: _RESULT},
    "pictures?": [re.compile(r".+-(success|failure)-\d+\.webp")],
}
REFERENCES = {"references": {...: {"tasks": {...: _RESULT}}}}
FORECAST = {"conversion?": {...: float}, "trainings?": {...: float}}
STATISTICS = {"transitions": float, "action": {"mean": [float], "std": [float]}}


def require(content: Any, form: Any, where: object) -> None:
    """Refuse what has another form.

    Raises:
        DataError: With the first place that has.
    """
    for place in _misfits(content, form, ""):
        raise DataError(where, given=f"a damaged result: {place}", do="remove it and run the step that makes it")


def _misfits(content: Any, form: Any, place: str) -> Iterator[str]:
    """Each place that has another form, and what is there."""
    if isinstance(form, tuple):
        misfits = [list(_misfits(content, each, place)) for each in form]
        yield from misfits[-1] if all(misfits) else []
    elif isinstance(form, Mapping) and isinstance(content, Mapping):
        yield from _misfits_in_mapping(content, form, place)
    elif isinstance(form, list) and isinstance(content, list) and len(form) in (1, len(content)):
        forms: Sequence[Any] = form * len(content) if len(form) == 1 else form
        for number, (entry, wanted) in enumerate(zip(content, forms, strict=True)):
            yield from _misfits(entry, wanted, f"{place}[{number}]")
    elif not _fits(content, form):
        yield f"{place.removeprefix('.') or 'all of it'} is {str(content)[:40]!r}"


def _misfits_in_mapping(content: Mapping[str, Any], form: Mapping[Any, Any], place: str) -> Iterator[str]:
    forms = dict.fromkeys(content, form[...]) if ... in form else form
    for key, wanted in forms.items():
        name = key.removesuffix("?") if ... not in form else key
        if name in content:
            yield from _misfits(content[name], wanted, f"{place}.{name}")
        elif name == key:
            yield f"{place.removeprefix('.')} lacks {name}".strip()


def _fits(content: Any, form: Any) -> bool:
    if form is float:
        return isinstance(content, int | float) and not isinstance(content, bool) and math.isfinite(content)
    if isinstance(form, re.Pattern):
        return isinstance(content, str) and form.fullmatch(content) is not None
    return content is None if form is None else isinstance(form, type) and isinstance(content, form)
