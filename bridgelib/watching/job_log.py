"""What the log of a job says of how far it is: the newest line of progress, of a validation, and of anything else."""

import os
import re
from dataclasses import dataclass
from pathlib import Path

from bridgelib.progress import Reported

_TAIL = 16_384  # bytes at the end of a log that are looked at
_VALIDATION = re.compile(r"validation after step (\d+): (.*)")
_SUCCESS = re.compile(r"[^,]+: (\d+) of (\d+) succeed\b.*")  # of a task; not of instructions in other words
_SETUP = "[job] "  # how lines of `envs/run` begin
_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|[\x00-\x08\x0b-\x1f\x7f]")


@dataclass(frozen=True)
class JobLog:
    """What a log says, as far as its end was read.

    Attributes:
        progress: The newest report of progress; None where there is none.
        validation: The newest validation of a training, such as "mse 0.532 (step 4000)"; empty without any.
        success: Of the rollouts of a policy in all tasks, such as "84 of 100 succeeded"; empty before they have ended.
        last: The last line that says something else; empty without any.
        changed: When it was written to, seconds since 1970; 0 where there is no log.
    """

    progress: Reported | None = None
    validation: str = ""
    success: str = ""
    last: str = ""
    changed: float = 0.0

    @classmethod
    def read(cls, path: Path) -> "JobLog":
        """Read the end of a log, which may not be there yet."""
        try:
            with Path(path).open("rb") as file:
                status = os.fstat(file.fileno())
                file.seek(max(0, status.st_size - _TAIL))
                text = file.read().decode("utf-8", "replace")
        except OSError:
            return cls()
        return cls.of(text, status.st_mtime)

    @classmethod
    def of(cls, text: str, changed: float = 0.0) -> "JobLog":
        """What the lines of a text say; a redrawn line counts as one of its own, control characters are left out."""
        progress, validation, last, results = None, "", "", list[tuple[int, int]]()
        for raw in text.replace("\r", "\n").split("\n"):
            line = _CONTROL.sub("", raw).rstrip()
            if report := Reported.of(line):
                progress = report
            elif found := _VALIDATION.fullmatch(line):
                validation = f"{found[2].split(', ')[0]} (step {found[1]})"
            elif found := _SUCCESS.fullmatch(line):
                results.append((int(found[1]), int(found[2])))
            elif line and not line.startswith(_SETUP):
                last = line.strip()
        successes, episodes = map(sum, zip(*results, strict=True)) if results else (0, 0)
        success = f"{successes} of {episodes} succeeded" if results else ""
        return cls(progress, validation, success, last, changed)
