"""A failed job in a few lines: its name, what the scheduler says, and the end of its log."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

LINES = 20  # of a log that are shown; the rest is in the file
_BYTES = 65_536


def as_text(
    name: str, logs: Sequence[str], shown: int = LINES, said: str | None = None, aux: Mapping[str, Any] | None = None
) -> str:
    """The lines to print.

    Args:
        name: The job.
        logs: Its logs, its own first.
        shown: How many lines of each are shown.
        said: What Snakemake or a scheduler says of it.
        aux: Further words of the scheduler, by what they are.
    """
    lines = [f"{name}: FAILED"]
    lines += [f"  {said}"] if said and said != "None" else []
    lines += [f"  {key}: {value}" for key, value in (aux or {}).items()]
    for log in logs:
        lines += _end(Path(log), shown)
    return "\n".join(lines)


def _end(log: Path, shown: int) -> list[str]:
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - _BYTES))
            text = file.read().decode("utf-8", "replace")
    except OSError as error:
        return [f"  log: {log} ({error.strerror})"]
    lines = text.splitlines()
    which = f", its last {shown} lines:" if len(lines) > shown > 0 else ""
    return [f"  log: {log}{which}", *(f"  | {line}" for line in lines[-shown:] if shown)]
