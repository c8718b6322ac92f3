"""What came out of a machine's training runs, as a table in plain text."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bridgelib.conversion.tables import aligned
from bridgelib.files import read_json
from bridgelib.progress import duration

_HEAD = ("experiment", "steps", "first error", "last error", "best error", "error of the mean", "time", "state")


def runs_as_text(done_files: Sequence[Path]) -> str:
    """One line per experiment: steps, validation errors and time.

    The error is the squared distance between predicted and demonstrated action in normalised units, averaged over all
    transitions of the validation side; that of always predicting the mean action stands beside it.

    Args:
        done_files: `<runs>/<experiment>/done.json` of each; one that is missing is shown as not trained.
    """
    return aligned(_HEAD, [_line(Path(path)) for path in done_files]) + "\n"


def _line(done: Path) -> tuple[str, ...]:
    name = done.parent.name
    if not done.is_file():
        return (name, *("-",) * 6, "not trained")
    content: Mapping[str, Any] = read_json(done)
    scores = content["validation"]
    errors = [f"{scores[which]['mse']:.3f}" if scores else "-" for which in ("first", "last", "best")]
    mean = f"{scores['last']['mse_of_mean_action']:.3f}" if scores else "-"
    return (name, f"{content['step']:,}", *errors, mean, duration(content["seconds"]), "done")
