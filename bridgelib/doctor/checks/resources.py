"""Disk, memory and limits of this host, against what the workflow will need."""

import errno
import os
from collections.abc import Iterator
from pathlib import Path

from bridgelib.doctor.check import Answer, check, error, not_checked, ok, warning
from bridgelib.doctor.subject import ELSEWHERE, REFUSED, ROOT_OF, Subject
from bridgelib.doctor.system import existing
from bridgelib.errors import BridgeError
from bridgelib.jobs.gpus import lease_folder
from bridgelib.layout import portable_path
from bridgelib.text import readable_bytes
from bridgelib.workflow.forecast import disks_of

_ROOTS = ("numpy", "tfrecord", "runs")
_NEARLY_FULL = 0.9
_SMALLER = {
    "train_policy": "set a smaller `train_batch_size` in the experiments file",
    "raw_to_numpy": "snakemake {set} workers=1",
}
_NO_FORECAST = "what the workflow will need cannot be told without settings and raw data"
_GIB = 1 << 30
_SHM_OF_A_GPU = 1 * _GIB
_FILES_BESIDE_RECORDS = 512
_NO_LOCKS = (errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS)


@check("disk")
def disk(subject: Subject) -> Iterator[Answer]:
    """Has each disk room for what the workflow will still write there?"""
    if subject.stages is None:
        yield not_checked(_NO_FORECAST)
        return
    for needed in disks_of(subject.stages):
        free = subject.system.disk(needed.disk.folder).free_bytes
        where = portable_path(needed.disk.folder)
        roots = dict.fromkeys(portable_path(stage.root) for stage in needed.stages)
        found = f"the disk of {', '.join(roots)}: {readable_bytes(needed.bytes)} needed, {readable_bytes(free)} free"
        largest = max(needed.stages, key=lambda stage: stage.disk_bytes)
        key = ROOT_OF.get(largest.name)
        cure = None if key else "free space in {folder}"
        if needed.least_bytes > free:
            yield error(f"{found}; most of it for {largest.name}", cure=cure, folder=where, key=key)
        elif needed.bytes > _NEARLY_FULL * free:
            yield warning(f"{found}; most of it for {largest.name}", cure=cure, folder=where, key=key)
        else:
            yield ok(found)


@check("inodes")
def inodes(subject: Subject) -> Iterator[Answer]:
    """May as many files be made on each disk as the workflow will still make?"""
    if subject.stages is None:
        yield not_checked(_NO_FORECAST)
        return
    for needed in disks_of(subject.stages):
        free = subject.system.disk(needed.disk.folder).free_files
        where = portable_path(needed.disk.folder)
        on = f"the disk of {', '.join(dict.fromkeys(portable_path(stage.root) for stage in needed.stages))}"
        if free is None:
            yield ok(f"{on}: no limit")
            continue
        found = f"{on}: {needed.files:,} files needed, {free:,} may be made"
        yield ok(found) if needed.files <= free else error(found, folder=where)


@check("memory")
def memory(subject: Subject) -> Answer:
    """Is there memory for the jobs that run at the same time?"""
    if subject.elsewhere:
        return not_checked(ELSEWHERE)
    if subject.stages is None:
        return not_checked(_NO_FORECAST)
    stage = max(subject.stages, key=lambda stage: stage.ram_at_once)
    there, free = subject.system.memory(), subject.system.available_memory()
    found = (
        f"{stage.name} takes {readable_bytes(stage.ram_at_once)} ({stage.at_once} at once), "
        f"of {readable_bytes(there)}{f', {readable_bytes(free)} free now' if free is not None else ''}"
    )
    if stage.ram_bytes > there:  # not even one
        return error(found, cure=_SMALLER.get(stage.name, "run it on a machine with more memory"))
    if stage.ram_at_once > there:
        return error(found, cores=there // stage.ram_bytes)
    if free is not None and stage.ram_bytes > free:
        return warning(found, cure="free -g   # and wait until the other programs are done")
    if free is not None and stage.ram_at_once > free:
        return warning(found, cores=free // stage.ram_bytes)
    return ok(found)


@check("shm")
def shm(subject: Subject) -> Answer:
    """Has /dev/shm room for GPUs to talk to each other?"""
    if subject.elsewhere:
        return not_checked(ELSEWHERE)
    if not subject.system.shm.exists():
        return not_checked(f"{subject.system.shm} is not there")
    free = subject.system.disk(subject.system.shm).free_bytes
    most = max((entry.devices for entry in subject.experiments), default=1)
    if most > 1 and subject.trains_on_gpu and free < _SHM_OF_A_GPU:
        return warning(f"{free / _GIB:.2f} GiB free, and an experiment trains on {most} GPUs")
    return ok(f"{free / _GIB:.1f} GiB free")


@check("open-files")
def open_files(subject: Subject) -> Answer:
    """May a process open as many files as a training reads?"""
    if subject.elsewhere:
        return not_checked(ELSEWHERE)
    soft, hard = subject.system.open_files()
    if subject.plan is None:
        return ok(f"{soft} files")
    needed = _FILES_BESIDE_RECORDS + 2 * _most_tasks(subject)
    if soft < needed:
        reachable = "" if hard >= needed else f"   # the administrator's limit is {hard}: /etc/security/limits.conf"
        return warning(f"{soft} files, and a training may open {needed}", cure=f"ulimit -n {needed}{reachable}")
    return ok(f"{soft} files, and a training may open {needed}")


def _most_tasks(subject: Subject) -> int:
    """Tasks of the largest experiment, as far as they are known."""
    counts = [0]
    for experiment in subject.experiments:
        try:
            counts.append(len(subject.plan.tasks(experiment.name)))
        except BridgeError:  # the raw data is not there: another check says so
            continue
    return max(counts)


@check("writable")
def writable(subject: Subject) -> Iterator[Answer]:
    """Can the folders for results be made and written?"""
    if subject.machine is None:
        yield not_checked(REFUSED)
        return
    wrong = False
    for key in _ROOTS:
        try:
            answer = _unwritable(subject, key)
        except OSError as problem:  # to ask about it fails: a network's disk that is gone, a folder above it is closed
            folder = getattr(subject.machine, key)
            mount = f"ls {folder}; df   # have the file system mounted again"
            cure = None if problem.errno == errno.EACCES else mount
            answer = error(f"`{key}`: {folder} cannot be looked at: {problem.strerror}", cure, folder=folder, key=key)
        if answer is not None:
            wrong = True
            yield answer
    if not wrong:
        yield ok(", ".join(f"`{key}`" for key in _ROOTS))


def _unwritable(subject: Subject, key: str) -> Answer | None:
    """What is wrong with the folder of a root; None where it can be written."""
    folder = existing(Path(getattr(subject.machine, key)))
    if not folder.is_dir():
        return error(f"`{key}` lies below {folder}, which is a file", folder=folder, key=key)
    read_only = subject.system.is_read_only(folder)
    if read_only or not os.access(folder, os.W_OK | os.X_OK):
        mounted = " (mounted read-only)" if read_only else ""
        return error(
            f"`{key}`: {portable_path(folder)} cannot be written{mounted}", folder=portable_path(folder), key=key
        )
    return None


@check("file-locks")
def file_locks(subject: Subject) -> Answer:
    """Does the file system of the runs, and that of the GPU leases, lock files?"""
    folders = [lease_folder(subject.environ).parent]
    if subject.machine is not None:
        folders.append(existing(Path(subject.machine.runs)))
    tried = []
    for folder in folders:
        try:
            subject.system.lock_a_file_in(folder)
            tried.append(portable_path(folder))
        except OSError as problem:
            if problem.errno in _NO_LOCKS:
                return error(f"{portable_path(folder)}: {problem.strerror}")
    return ok(f"in {' and '.join(tried)}") if tried else not_checked("no folder can be written")


@check("processor")
def processor(subject: Subject) -> Answer:
    """Has the processor AVX, which jaxlib's wheels are compiled for?"""
    if subject.elsewhere:
        return not_checked(ELSEWHERE)
    flags = subject.system.processor_flags()
    if flags is None:
        return not_checked("this is no x86 processor, or it cannot be asked")
    return ok("it has AVX") if "avx" in flags else error("it has no AVX")
