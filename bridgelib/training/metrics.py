"""The metrics file: one JSON object per line. It is the authoritative record of a run; W&B only mirrors it."""

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from bridgelib.errors import DataError
from bridgelib.files import disk_errors


class Metrics:
    """Appends to a `metrics.jsonl`.

    A line is `{"step", "kind", "time", …values}`, its keys sorted. All but `time` is a pure function of the
    configuration and the step; what a clock says stands under `time` alone.

    Args:
        path: The file; made when missing.
        position: How many bytes of it the resumed state knows of. What follows was written by a process that was
            killed before its next checkpoint, and will be written again: it is cut off.

    Raises:
        DataError: The file is shorter than `position`, or cannot be written; `write` and `position` raise that too.
    """

    def __init__(self, path: Path, position: int = 0):
        self.path = path
        size = path.stat().st_size if path.exists() else 0
        if size < position:
            raise DataError(
                path,
                given=f"{size} bytes, where the checkpoint knows of {position}",
                do="put the file back, or remove the run folder to train from the start",
            )
        with disk_errors(path):
            self._file = path.open("ab", buffering=0)  # unbuffered: `close` must not retry what a full disk refused
            self._file.truncate(position)
            self._file.seek(position)

    def write(self, step: int, kind: str, values: Mapping[str, float], time: Mapping[str, float]) -> dict[str, Any]:
        """Append one line and return it. `values` must be finite; `time` may hold anything a clock says."""
        line = {**{key: float(value) for key, value in values.items()}, "step": step, "kind": kind, "time": dict(time)}
        text = json.dumps(line, sort_keys=True, allow_nan=False).encode() + b"\n"
        with disk_errors(self.path):
            while text:
                text = text[self._file.write(text) :]
        return line

    def position(self) -> int:
        """Bytes written so far, once they are on the disk."""
        with disk_errors(self.path):
            os.fsync(self._file.fileno())
        return self._file.tell()

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def read_metrics(path: Path, kind: str | None = None) -> Iterator[dict[str, Any]]:
    """The lines of a metrics file, of one kind or all; a last line that is not whole is left out.

    Raises:
        DataError: A line before the last is not JSON, or none of metrics.
    """
    with path.open("rb") as file:
        for number, text in enumerate(file, start=1):
            if not text.endswith(b"\n"):
                return
            try:
                line = json.loads(text)
                wanted = kind in (None, line["kind"])
            except (KeyError, TypeError) as error:
                raise DataError(f"{path}, line {number}", given="no entry `kind`") from error
            except ValueError as error:
                raise DataError(f"{path}, line {number}", given=f"not JSON: {error}") from error
            if wanted:
                yield line
