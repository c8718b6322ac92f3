"""Charts as SVG: curves with bands, histograms. Colours are classes of the style sheet: each theme has its own."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bridgelib.report.course import Curve
from bridgelib.report.markup import Markup, element

COLOURS = 8
"""Colours of the style sheet, `c0` and so on; what comes after them is grey, `c8`."""

_WIDTH, _HEIGHT, _LEFT, _BOTTOM, _TOP, _RIGHT = 760, 300, 62, 28, 10, 30
_DECADES = 1.3  # a range of more is drawn on a logarithmic axis


@dataclass(frozen=True)
class Line:
    """A line of a chart.

    Attributes:
        name: What it is, for the legend.
        curve: Its points.
        rank: Lines of lower rank come first.
        low, high: The edges of its band, with the same steps; none without a band.
        marks: Steps to mark on it.
    """

    name: str
    curve: Curve
    rank: float = 0.0
    low: Curve = ()
    high: Curve = ()
    marks: Sequence[float] = ()


@dataclass(frozen=True)
class Axis:
    """Values to places.

    Attributes:
        low, high: The ends, in values.
        start, end: The ends, in pixels.
        logarithmic: Whether equal ratios are equally far apart.
    """

    low: float
    high: float
    start: float
    end: float
    logarithmic: bool = False

    @classmethod
    def over(cls, values: np.ndarray, start: float, end: float, may_be_logarithmic: bool = True) -> "Axis":
        """An axis that holds all values, float [N], N at least 1."""
        low, high = float(values.min()), float(values.max())
        logarithmic = may_be_logarithmic and low > 0 and math.log10(high / low) > _DECADES
        if low == high:
            low, high = low - (abs(low) or 1) / 2, high + (abs(high) or 1) / 2
        return cls(low, high, start, end, logarithmic)

    def place(self, value: float) -> float:
        """Where a value lies, in pixels."""
        low, high, at = (math.log10(each) if self.logarithmic else each for each in (self.low, self.high, value))
        return self.start + (self.end - self.start) * (at - low) / (high - low)

    def ticks(self) -> list[float]:
        """Round values to write beside it."""
        if self.logarithmic:
            decades = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
            factors = (1, 2, 5) if len(decades) <= 4 else (1,)
            found = [factor * 10.0**decade for decade in decades for factor in factors]
        else:
            step = _round_step((self.high - self.low) / 4)
            first = math.ceil(self.low / step)
            found = [number * step for number in range(first, first + 12)]
        return [tick for tick in found if self.low <= tick <= self.high]


def chart(lines: Sequence[Line], labelled_by: str) -> Markup:
    """Curves over steps, all on one pair of axes; the first in front, in colours, those after them in grey.

    Args:
        lines: One line at least, each with a point at least.
        labelled_by: The id of the element that says what is shown.
    """
    steps = np.array([step for line in lines for step, _ in line.curve])
    values = np.array([value for line in lines for part in (line.curve, line.low, line.high) for _, value in part])
    across = Axis.over(np.append(steps, 0), _LEFT, _WIDTH - _RIGHT, may_be_logarithmic=False)
    up = Axis.over(values, _HEIGHT - _BOTTOM, _TOP)
    drawn = [_line(line, number, across, up) for number, line in reversed(list(enumerate(lines)))]
    head = {"class_": "chart", "viewBox": f"0 0 {_WIDTH} {_HEIGHT}", "role": "img", "aria_labelledby": labelled_by}
    return element("svg", _grid(across, up), drawn, **head)


def colour(number: int) -> str:
    """The class of a line's colour."""
    return f"c{min(number, COLOURS)}"


def legend(names: Sequence[str]) -> Markup:
    """The names of a chart's lines; those that have a colour can be pressed to show a line alone."""
    entries = [
        element(
            "button", element("i", class_=colour(number)), name, type="button", data_line=number, aria_pressed="false"
        )
        for number, name in enumerate(names[:COLOURS])
    ]
    return element("p", entries, class_="legend")


def _line(line: Line, number: int, across: Axis, up: Axis) -> Markup:
    band = [*line.high, *reversed(line.low)]
    parts = [element("path", class_="band", d=_path(band, across, up) + "Z")] if band else []
    if len(line.curve) == 1:
        parts.append(_mark(line.curve[0], across, up, "point"))
    parts.append(element("path", class_="line", d=_path(line.curve, across, up)))
    steps, values = zip(*line.curve, strict=True)
    parts += [_mark((step, float(np.interp(step, steps, values))), across, up, "mark") for step in line.marks]
    return element("g", element("title", line.name), parts, class_=colour(number), data_line=number)


def _path(curve: Curve, across: Axis, up: Axis) -> str:
    return "M" + "L".join(f"{across.place(step):.1f} {up.place(value):.1f}" for step, value in curve)


def _mark(point: tuple[float, float], across: Axis, up: Axis, kind: str) -> Markup:
    step, value = point
    place = {"cx": f"{across.place(step):.1f}", "cy": f"{up.place(max(value, up.low)):.1f}"}
    return element("circle", class_=kind, r=4, **place)


def _grid(across: Axis, up: Axis) -> list[Markup]:
    rows = [(up.place(tick), short(tick)) for tick in up.ticks()]
    columns = [(across.place(tick), short(tick)) for tick in across.ticks()]
    ends = {"x1": _LEFT, "x2": _WIDTH - _RIGHT}
    grid = [element("line", class_="grid", y1=f"{y:.1f}", y2=f"{y:.1f}", **ends) for y, _ in rows]
    grid += [element("text", text, x=_LEFT - 6, y=f"{y + 4:.1f}", text_anchor="end") for y, text in rows]
    return grid + [element("text", text, x=f"{x:.1f}", y=_HEIGHT - 6, text_anchor="middle") for x, text in columns]


def histogram(values: np.ndarray, weights: np.ndarray, low: float, high: float, labelled_by: str) -> Markup:
    """How often values occur between two ends; those beyond count to the last bars.

    Args:
        values, weights: float [N].
        low, high: The ends, low below high.
        labelled_by: The id of the element that says what is shown.
    """
    counts, _ = np.histogram(np.clip(values, low, high), bins=40, range=(low, high), weights=weights)
    heights = 60 * counts / max(counts.max(), 1e-12)
    path = "M0 60" + "".join(f"V{60 - height:.1f}h5" for height in heights) + "V60Z"
    zero = 200 * (0 - low) / (high - low)
    axis = element("line", class_="zero", x1=f"{zero:.1f}", x2=f"{zero:.1f}", y1=0, y2=60) if 0 < zero < 200 else None
    head = {"viewBox": "0 0 200 61", "preserveAspectRatio": "none", "role": "img", "aria_labelledby": labelled_by}
    return element("svg", element("path", class_="bars", d=path), axis, class_="histogram", **head)


def traces(demonstrated: Sequence[float | None], predicted: Sequence[float | None], labelled_by: str) -> Markup:
    """Two series over time in one small picture; None leaves a gap."""
    series = [np.array([math.nan if value is None else value for value in each]) for each in (demonstrated, predicted)]
    finite = np.concatenate(series)[np.isfinite(np.concatenate(series))]
    up = Axis.over(finite if len(finite) else np.zeros(1), 57, 3, may_be_logarithmic=False)
    across = Axis(0, max(1, len(demonstrated) - 1), 0, 200)
    paths = [
        element("path", class_=f"line {kind}", d=_path(curve, across, up))
        for kind, values in zip(("c7", "c0"), series, strict=True)
        if (curve := [(float(step), float(value)) for step, value in enumerate(values) if math.isfinite(value)])
    ]
    head = {"viewBox": "0 0 200 60", "preserveAspectRatio": "none", "role": "img", "aria_labelledby": labelled_by}
    return element("svg", paths, class_="histogram", **head)


def short(value: float) -> str:
    """A number in few characters."""
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:.3g}{letter}"
    return f"{value:.3g}"


def _round_step(step: float) -> float:
    power = 10.0 ** math.floor(math.log10(step))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= step * 0.999)
