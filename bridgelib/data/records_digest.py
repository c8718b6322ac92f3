"""Digests that identify the TFRecords of a task. Standard library only: the Snakefile asks while it is parsed."""

import os
from collections.abc import Iterable
from pathlib import Path

from bridgelib.layout import REPORT, SPLITS, records_path
from bridgelib.origins import UNKNOWN, digest_in


def records_digests(root: Path, tasks: Iterable[str]) -> dict[str, str]:
    """Task -> the digest of its TFRecords, for tasks below a root; without empty ones, as in datasets."""
    folders = {task: Path(root) / task for task in sorted(set(tasks))}
    return {task: records_digest(folder) for task, folder in folders.items() if not holds_nothing(folder)}


def holds_nothing(folder: Path) -> bool:
    """Whether the TFRecords in a task's folder are there and empty, since no trajectory of the task was kept."""
    files = [records_path(folder, split) for split in SPLITS]
    return all(file.exists() and file.stat().st_size == 0 for file in files)


def records_digest(folder: Path) -> str:
    """The digest of the TFRecords in a task's folder: of their origin, as their report records it.

    TFRecords made elsewhere have no such report; theirs is of sizes and last checksums. UNKNOWN where there are none.
    """
    identity = digest_in(folder / REPORT)
    if identity != UNKNOWN:
        return identity
    try:
        return " ".join(_size_and_tail(records_path(folder, split)) for split in SPLITS)
    except OSError:
        return UNKNOWN


def _size_and_tail(path: Path) -> str:
    """Bytes of a TFRecord, and its last four: the checksum of its last record."""
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - 4))
        return f"{size}:{file.read().hex()}"
