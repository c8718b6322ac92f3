"""What this machine has: free space on the disk of a folder, memory, cores. Standard library only."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

_GROUPS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))


@dataclass(frozen=True)
class Disk:
    """The disk that a folder lies on, or will lie on.

    Attributes:
        device: The number of the device, by which disks are told apart.
        folder: The folder, or the nearest one above it that is there.
        free_bytes: What this user may still write.
        free_files: Files and folders that may still be made; None where the file system sets no limit.
    """

    device: int
    folder: Path
    free_bytes: int
    free_files: int | None


def disk_of(folder: Path) -> Disk:
    """The disk of a folder, which need not be there yet."""
    existing = Path(folder).absolute()
    while not existing.exists():
        existing = existing.parent
    status = os.statvfs(existing)
    files = status.f_favail if status.f_files else None  # btrfs and others count none
    return Disk(existing.stat().st_dev, existing, status.f_bavail * status.f_frsize, files)


def memory_bytes(groups: Iterable[Path] = _GROUPS) -> int:
    """The machine's memory, or what the container or job that this process runs in may use of it."""
    limits = [os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")]
    for path in groups:
        try:
            limits.append(int(path.read_text(encoding="ascii")))
        except (OSError, ValueError):  # no such control group, or "max"
            continue
    return min(limits)


def available_cores() -> int:
    """The cores this process may use."""
    return len(os.sched_getaffinity(0))
