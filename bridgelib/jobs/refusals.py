"""Notes of refusals: a job that was refused is not started again in the same call of the workflow.

Snakemake restarts a failed job whatever the reason, and a second attempt would load for minutes to refuse again. So the
launcher passes a program a path for its refusal, and `bridgelib.errors.run_program` writes it there. The workflow looks
there before it restarts a job; where it does not, as on a cluster's node, the launcher does.
"""

import hashlib
import os
import shutil
import time
from collections.abc import Iterable, Mapping, Sequence
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


def stands_in(logs: Iterable[str], environ: Mapping[str, str]) -> bool:
    """Whether one of the logs of a job has words that were noted as a refusal in this call of the workflow."""
    folder = environ.get(FOLDER)
    noted = [words for note in Path(folder).glob("*") if (words := refusal_in(note))] if folder else []
    texts = [Path(log).read_text(encoding="utf-8", errors="replace") for log in logs if noted and Path(log).is_file()]
    return any(words in text for words in noted for text in texts)
