"""A refusal stays one: what a job refused once, its next attempt in the same call of the workflow refuses at once.

Snakemake starts a job that failed again whatever it failed of, and the second attempt would load for minutes to say the
same. So the launcher tells a program where to note its refusal (`bridgelib.errors.run_program` does), and looks there
before it starts one.
"""

import hashlib
import os
import shutil
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

FOLDER = "BRIDGE_REFUSALS"
"""The variable in which the workflow's main process names a folder of this call, for all its jobs."""

_NOTES = Path(".snakemake", "refusals")


def of_this_call(folder: Path) -> dict[str, str]:
    """The variable, for a call of the workflow from a folder."""
    return {FOLDER: str(folder.absolute() / _NOTES / f"{os.getpid()}-{time.time_ns()}")}


def forget_former(folder: Path) -> None:
    """Remove what former calls from a folder noted there."""
    shutil.rmtree(folder / _NOTES, ignore_errors=True)


def note_of(program: Sequence[str], environ: Mapping[str, str]) -> Path | None:
    """Where the refusal of a program is noted; None outside of a workflow."""
    folder = environ.get(FOLDER)
    return Path(folder, hashlib.sha256("\0".join(program).encode()).hexdigest()[:16]) if folder else None


def refusal_in(note: Path | None) -> str | None:
    """The words of a former refusal; None where there was none."""
    try:
        return note.read_text(encoding="utf-8") if note else None
    except OSError:
        return None
