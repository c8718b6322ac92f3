"""Claims on folders: two workflows that write to the same ones would break each other's files, so the second stops.

Each registers in `<folder>/.claims/` of every folder that its jobs write to or read from, in a file that it keeps
locked for as long as it lives. Snakemake's own lock covers only its working directory.
Several may read from a folder; who writes there must be alone. With jobs on a cluster it is the main process that holds
the files. `bridgelib.locks` says what a lock is worth on NFS.
"""

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from bridgelib.errors import DataError
from bridgelib.layout import CLAIMS, portable_path
from bridgelib.locks import Holder, holder_of, lock_when_free, sign, try_lock
from bridgelib.workflow.plan import WorkflowPlan

_ALL_MAY = 0o666  # another user's workflow must be able to remove what a dead one left


def claims_of(plan: WorkflowPlan, jobs: Iterable[tuple[Iterable[str], Iterable[str]]]) -> dict[Path, bool]:
    """The folders that jobs use: whole roots, but below the runs the folders of single experiments.

    Args:
        plan: The workflow's plan.
        jobs: What each job makes, and what it reads.

    Returns:
        Folder -> whether something is written there.
    """
    machine, runs, venvs = plan.machine, Path(plan.machine.runs), plan.repository / ".venvs"
    roots = {venvs, runs, *map(Path, (machine.numpy, machine.tfrecord, *plan.data_roots))}
    roots |= {Path(machine.raw)} if plan.simulation else set()
    wanted: dict[Path, bool] = {}
    for made, read in jobs:
        for paths, writes in ((read, False), (made, True)):
            # Training claims no environment: else nobody could build one meanwhile.
            known = roots if writes else roots - {venvs}
            for folder in filter(None, {_claimed(Path(path).absolute(), known, runs) for path in paths}):
                wanted[folder] = wanted.get(folder, False) or writes
    return wanted


def _claimed(path: Path, roots: set[Path], runs: Path) -> Path | None:
    """The folder that a file is a part of, the innermost; None for what no other workflow writes."""
    root = max((root for root in roots if path.is_relative_to(root)), key=lambda root: len(root.parts), default=None)
    below = path.relative_to(root).parts if root == runs else ()
    return runs / below[0] if len(below) > 1 else root


def claim(wanted: Mapping[Path, bool]) -> list[int]:
    """Register this process in all these folders.

    Args:
        wanted: Folder -> whether something is written there. Folders that this user cannot write to are skipped.

    Returns:
        The open files that are the claims: they hold for as long as these are open.

    Raises:
        DataError: Another living process writes to one of them, or reads from one that is to be written.
    """
    held: list[int] = []
    try:
        for folder, writes in sorted(wanted.items()):
            with suppress(PermissionError), _register(folder / CLAIMS) as claims:
                _refuse_conflict(folder, claims, writes)
                held.append(_signed(claims, writes))
    except BaseException:
        for descriptor in held:
            os.close(descriptor)
        raise
    return held


def holders(folders: Iterable[Path]) -> dict[Holder, list[Path]]:
    """The living processes that have registered in these folders -> those of the folders that each writes to."""
    found: dict[tuple[str, int], tuple[Holder, list[Path]]] = {}
    for folder in dict.fromkeys(folders):
        for path in sorted((folder / CLAIMS).glob("*.json")):
            if (holder := holder_of(path)) is None:
                continue
            _, written = found.setdefault((holder.host, holder.pid), (holder, []))
            with suppress(OSError, ValueError, KeyError):
                written += [folder] if json.loads(path.read_bytes())["writes"] else []
    return dict(found.values())


@contextmanager
def _register(claims: Path) -> Iterator[Path]:
    """The folder of claims, locked: no other workflow reads or writes claims meanwhile."""
    try:
        claims.mkdir(parents=True, exist_ok=True)
        with suppress(PermissionError):
            claims.chmod(0o777)
    except OSError as error:
        raise PermissionError(error.errno, error.strerror) from error  # a read-only disk, for instance
    lock = claims / "lock"
    descriptor, _ = lock_when_free(lock, lambda: _opened(lock))
    try:
        yield claims
    finally:
        os.close(descriptor)


def _refuse_conflict(folder: Path, claims: Path, writes: bool) -> None:
    """Look through the claims; those of the dead are removed."""
    for path in sorted(claims.glob("*.json")):
        descriptor = _opened(path)
        try:
            if try_lock(descriptor):
                path.unlink(missing_ok=True)
            elif writes or _writes(descriptor):
                raise _taken(folder, Holder.of(descriptor), writes, _writes(descriptor))
        finally:
            os.close(descriptor)


def _writes(descriptor: int) -> bool:
    try:
        return json.loads(os.pread(descriptor, 1 << 16, 0))["writes"]
    except (ValueError, KeyError, TypeError):
        return True


def _signed(claims: Path, writes: bool) -> int:
    holder = Holder.here()
    descriptor = _opened(claims / f"{holder.host}-{holder.pid}.json")
    try_lock(descriptor)
    sign(descriptor, holder, writes=writes)
    return descriptor


def _opened(path: Path) -> int:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, _ALL_MAY)
    with suppress(PermissionError):
        os.fchmod(descriptor, _ALL_MAY)
    return descriptor


def _taken(folder: Path, holder: Holder | None, writes: bool, theirs: bool) -> DataError:
    who = holder or "another workflow"
    end = f", or end it on {holder.host}: kill -INT {holder.pid}" if holder else ""
    return DataError(
        portable_path(folder),
        given=f"{who}, {'writes' if theirs else 'reads'} here, and this workflow would {'write' if writes else 'read'}",
        do=f"wait for it{end}; or name another root in the machine profile. (Nothing was started.)",
    )
