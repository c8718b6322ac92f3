"""How much of everything the page shows, so that it stays below 15 MB whatever there is.

Bytes are those of the page: of a picture a third more than of its file.
"""

from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")

ROWS = 600
"""Rows of a table."""

LINES = 200
"""Curves of a chart."""

POINTS = 150
"""Points of a curve."""

SHEETS = 8_000_000
"""Bytes of all contact sheets together."""

FILMS, FILM_COUNT = 2_500_000, 36
"""Bytes of all films of rollouts together, and how many there are at most."""

EXAMPLES = 8
"""Policies whose predictions are shown one by one."""

SHOWN = 12
"""Of what is only named as an example."""


def bounded(items: Sequence[T], most: int) -> tuple[Sequence[T], int]:
    """The first of some items, and how many are left."""
    return items[:most], max(0, len(items) - most)


def evenly(count: int, most: int) -> list[int]:
    """At most so many numbers below `count`, spread evenly, the first and the last among them."""
    if count <= most:
        return list(range(count))
    return [place * (count - 1) // (most - 1) for place in range(most)]
