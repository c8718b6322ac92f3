"""Numbers and tables for people, in plain text."""

from collections.abc import Sequence

WIDEST = 120  # characters to which a column is filled up; one long entry would widen all lines


def aligned(
    head: tuple[str, ...], lines: Sequence[tuple[str, ...]], text_columns: int = 1, last_apart: bool = False
) -> str:
    """Columns as wide as their widest entry (at most `WIDEST`): `text_columns` to the left, numbers to the right."""
    widths = [min(WIDEST, max(map(len, column))) for column in zip(head, *lines, strict=True)]
    rule = "  ".join("-" * width for width in widths)

    def line(cells: tuple[str, ...]) -> str:
        padded = [
            cell.ljust(width) if column < text_columns else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(cells, widths, strict=True))
        ]
        return "  ".join(padded).rstrip()

    printed = [line(head), rule, *map(line, lines)]
    if last_apart:
        printed.insert(-1, rule)
    return "\n".join(printed)


def shortened(text: str, width: int) -> str:
    """A text in at most `width` characters, 8 or more: what is too long loses its middle, since ends differ most."""
    if len(text) <= width:
        return text
    tail = min(19, (width - 1) // 2)  # a date of a collection session has 19
    return f"{text[: width - 1 - tail]}…{text[-tail:]}"


def readable_bytes(size: float) -> str:
    """A size in decimal units: 216000000000 is 216.0 GB."""
    if size < 1000:
        return f"{size} B"
    for unit in ("kB", "MB", "GB"):
        size /= 1000
        if size < 999.95:
            return f"{size:.1f} {unit}"
    return f"{size / 1000:.1f} TB"


def duration(seconds: float) -> str:
    """Seconds as h:mm:ss."""
    minutes, second = divmod(round(seconds), 60)
    hour, minute = divmod(minutes, 60)
    return f"{hour}:{minute:02d}:{second:02d}"
