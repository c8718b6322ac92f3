"""Disk, memory and limits of this host, compared with the workflow's own forecast of what it needs."""

import errno
import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from bridgelib.capacity import disk_of, memory_bytes
from bridgelib.config.experiments import Experiment
from bridgelib.doctor.check import Answer, check, error, not_checked, ok, warning
from bridgelib.doctor.needs import this_host
from bridgelib.doctor.subject import ROOT_OF, Subject
from bridgelib.errors import BridgeError
from bridgelib.jobs.gpus import lease_folder
from bridgelib.layout import portable_path
from bridgelib.text import readable_bytes
from bridgelib.workflow.forecast import disks_of, full_disk, too_many_files, too_much_memory

_ROOTS = ("numpy", "tfrecord", "runs")
_NEARLY_FULL = 0.9
_SMALLER = {
    "train_policy": "set a smaller `train_batch_size` in the experiments file",
    "raw_to_numpy": "snakemake {set} workers=1",
}
_GIB = 1 << 30
_FILES_BESIDE_RECORDS = 512
_NO_LOCKS = (errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS)


@check("disk")
def _disk(subject: Subject) -> Iterator[Answer]:
    for needed in disks_of(subject.stages):
        key = ROOT_OF.get(max(needed.stages, key=lambda stage: stage.disk_bytes).name)
        values = {"folder": portable_path(needed.disk.folder), "key": key}
        cure = None if key else "free space in {folder}"
        if refusal := full_disk(needed, subject.machine.name):
            yield error(f"{refusal.given}", cure, **values)
        elif needed.bytes > _NEARLY_FULL * needed.disk.free_bytes:
            yield warning(f"{needed}", cure, **values)
        else:
            yield ok(f"{needed}")


@check("inodes")
def _inodes(subject: Subject) -> Iterator[Answer]:
    for needed in disks_of(subject.stages):
        if refusal := too_many_files(needed, subject.machine.name):
            yield error(f"{refusal.given}", folder=portable_path(needed.disk.folder))
        else:
            free = needed.disk.free_files
            left = "any number" if free is None else f"{free:,}"
            yield ok(f"{needed.disk.folder}: {needed.files:,} files needed, {left} may be made")


@check("memory", needs=this_host)
def _memory(subject: Subject) -> Answer:
    stage = max(subject.stages, key=lambda stage: stage.concurrent_ram)
    there, free = memory_bytes(), subject.system.available_memory()
    now = f", {readable_bytes(free)} free now" if free is not None else ""
    takes = f"{stage.name} takes {readable_bytes(stage.concurrent_ram)} ({stage.concurrent} at once)"
    found = f"{takes}, of {readable_bytes(there)}{now}"
    if refusal := too_much_memory(stage, subject.machine.name):
        alone = _SMALLER.get(stage.name, "run it on a machine with more memory")
        return error(f"{refusal.given}", alone if stage.ram_bytes > there else None, cores=there // stage.ram_bytes)
    if free is not None and stage.ram_bytes > free:
        return warning(found, cure="free -g   # and wait until the other programs are done")
    if free is not None and stage.concurrent_ram > free:
        return warning(found, cores=free // stage.ram_bytes)
    return ok(found)


@check("shm", needs=this_host)
def _shm(subject: Subject) -> Answer:
    if not subject.system.shm.exists():
        return not_checked(f"{subject.system.shm} is not there")
    free = disk_of(subject.system.shm).free_bytes
    most = max((entry.num_devices for entry in subject.experiments), default=1)
    if most > 1 and subject.trains_on_gpu and free < _GIB:
        return warning(f"{free / _GIB:.2f} GiB free, and an experiment trains on {most} GPUs")
    return ok(f"{free / _GIB:.1f} GiB free")


@check("open-files", needs=this_host)
def _open_files(subject: Subject) -> Answer:
    soft, hard = subject.system.open_files()
    if subject.settings is None:
        return ok(f"{soft} files")
    needed = _FILES_BESIDE_RECORDS + 2 * max(map(partial(_tasks, subject), subject.experiments), default=0)
    if soft < needed:
        reachable = "" if hard >= needed else f"   # the administrator's limit is {hard}: /etc/security/limits.conf"
        return warning(f"{soft} files, and a training may open {needed}", cure=f"ulimit -n {needed}{reachable}")
    return ok(f"{soft} files, and a training may open {needed}")


def _tasks(subject: Subject, experiment: Experiment) -> int:
    """How many tasks it has; 0 where the raw data is missing, which another check reports."""
    try:
        return len(subject.plan.tasks(experiment.name))
    except BridgeError:
        return 0


@check("writable")
def _writable(subject: Subject) -> Iterator[Answer]:
    answers = list(filter(None, (_unwritable(subject, key) for key in _ROOTS)))
    yield from answers or [ok(", ".join(f"`{key}`" for key in _ROOTS))]


def _unwritable(subject: Subject, key: str) -> Answer | None:
    """What is wrong with the folder of a root; None where it can be written."""
    given = Path(getattr(subject.machine, key))
    try:
        folder = disk_of(given).folder
        where, read_only = portable_path(folder), folder.is_dir() and subject.system.is_read_only(folder)
        if not folder.is_dir():
            return error(f"`{key}` lies below {folder}, which is a file", folder=folder, key=key)
        if read_only or not os.access(folder, os.W_OK | os.X_OK):
            mounted = " (mounted read-only)" if read_only else ""
            return error(f"`{key}`: {where} cannot be written{mounted}", folder=where, key=key)
    except OSError as problem:  # such as of a network disk that is gone, or below a folder that may not be entered
        found = f"`{key}`: {given} cannot be looked at: {problem.strerror}"
        mount = f"ls {given}; df   # have the file system mounted again"
        return error(found, None if problem.errno == errno.EACCES else mount, folder=given, key=key)
    return None


@check("file-locks")
def _file_locks(subject: Subject) -> Answer:
    folders = [lease_folder(subject.environ).parent]
    folders += [disk_of(Path(subject.machine.runs)).folder] if subject.settings else []
    tried = []
    for folder in folders:
        try:
            subject.system.lock_a_file_in(folder)
            tried.append(portable_path(folder))
        except OSError as problem:
            if problem.errno in _NO_LOCKS:
                return error(f"{portable_path(folder)}: {problem.strerror}")
    return ok(f"in {' and '.join(tried)}") if tried else not_checked("no folder can be written")


@check("processor", needs=this_host)
def _processor(subject: Subject) -> Answer:
    flags = subject.system.processor_flags()
    if flags is None:
        return not_checked("this is no x86 processor, or it cannot be asked")
    return ok("it has AVX") if "avx" in flags else error("it has no AVX")
