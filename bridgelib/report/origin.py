"""What a report was made from. Standard library only: the Snakefile asks while it is parsed."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from bridgelib.layout import DONE, EVALUATION, REFERENCES, REPORT, ROLLOUTS, latest_path
from bridgelib.origins import without_release
from bridgelib.versions import versions_of

_MARK = '<script type="application/json" id="origin">'
_LINES = 5  # of the page, among the first of which its origin stands


def report_origin(records: Path, tasks: Iterable[str], runs: Path, experiments: Iterable[str]) -> dict[str, Any]:
    """The origin of a report: all results that are there.

    Args:
        records: The root of the TFRecords.
        tasks: The tasks below it.
        runs: The folder of the experiments.
        experiments: Their names.
    """
    return {
        "versions": versions_of("report"),
        "tasks": {task: bytes_digest(records / task / REPORT) for task in tasks},
        "experiments": {name: _of_experiment(runs / name) for name in experiments},
        "references": bytes_digest(runs / REFERENCES),
    }


def _of_experiment(folder: Path) -> dict[str, Any]:
    digests = {name: bytes_digest(folder / name) for name in (DONE, EVALUATION, ROLLOUTS)}
    metrics = latest_path(folder) / "metrics.jsonl"
    return {**digests, "metrics": metrics.stat().st_size if metrics.is_file() else 0}


def bytes_digest(path: Path) -> str:
    """A digest of a file's bytes, as an evaluation takes long to parse; nothing for a file that is not there."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()[:12]
    except OSError:
        return ""


def origin_in_page(path: Path) -> Mapping[str, Any] | None:
    """The origin that a report carries; None where it is missing, cannot be read, or carries none."""
    try:
        with path.open(encoding="utf-8") as file:
            line = next(line for line, _ in zip(file, range(_LINES), strict=False) if line.startswith(_MARK))
        return without_release(json.loads(line.removeprefix(_MARK).partition("</script>")[0]))
    except (OSError, ValueError, StopIteration):
        return None
