"""Tables whose columns can be sorted, and what often stands in them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bridgelib.report.bounds import ROWS, bounded
from bridgelib.report.markup import Child, Markup, element
from bridgelib.report.texts import said


@dataclass(frozen=True)
class Cell:
    """A cell.

    Attributes:
        shown: What stands in it.
        value: What it is sorted by, where that is not what is shown; empty for what comes last.
    """

    shown: Child
    value: float | str | None = None


def number(value: float | None, form: str = ",", factor: float = 1) -> Cell:
    """A number in a format; nothing where there is none."""
    return Cell("–", "") if value is None else Cell(format(value * factor, form), round(value, 9))


def table(
    caption: Markup, head: Sequence[tuple[str, bool]], rows: Sequence[Sequence[Cell]], classes: Iterable[str] = ()
) -> Markup:
    """A table; no more than `bounds.ROWS` rows, and a line that says how many are left.

    Args:
        caption: What it is.
        head: Key of each column's name in the catalogue, and whether it holds numbers.
        rows: The rows; the first cell of each names it.
        classes: The class of each row; none for none.
    """
    shown, left = bounded(rows, ROWS)
    numeric = [is_number for _, is_number in head]
    named = [*classes, *[""] * len(shown)]
    lines = [_row(row, numeric, kind) for row, kind in zip(shown, named, strict=False)]
    made = element(
        "table",
        element("caption", caption),
        element("thead", element("tr", [_head(key, is_number) for key, is_number in head])),
        element("tbody", lines),
    )
    # It can be moved by the keyboard where it is wider than the page.
    frame = element("div", made, class_="scroll", tabindex=0, role="group")
    return Markup(frame + (element("p", said("more", count=f"{left:,}"), class_="dim") if left else ""))


def _head(key: str, is_number: bool) -> Markup:
    return element(
        "th", element("button", said(f"head.{key}"), type="button"), scope="col", class_="number" if is_number else None
    )


def _row(cells: Sequence[Cell], numeric: Sequence[bool], kind: str) -> Markup:
    first, *others = cells
    made = [element("th", first.shown, scope="row", data_value=first.value)]
    for cell, is_number in zip(others, numeric[1:], strict=True):
        made.append(element("td", cell.shown, class_="number" if is_number else None, data_value=cell.value))
    return element("tr", made, class_=kind or None)


def span(low: float, high: float, at: float) -> Markup:
    """A rate and its interval as a dot on a bar, from 0 to 1."""
    style = f"--low:{low:.3f};--high:{high:.3f};--at:{at:.3f}"
    return element("span", element("i"), element("b"), class_="range", style=style)


def percent(value: float) -> str:
    """A share as per cent."""
    return f"{100 * value:.0f} %"


def chip(key: str, kind: str) -> Markup:
    """A word in a coloured frame: good, warn, bad or quiet."""
    return element("span", said(key), class_=f"chip {kind}")
