"""What this host has, as the kernel tells it. Tests put another folder or another answer in place."""

import os
import resource
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Disk:
    """The file system of a folder.

    Attributes:
        free, total: Bytes that this user may still write, and in all.
        free_files, files: Inodes; both 0 where the file system does not count them.
        device: Equal for folders on one file system.
    """

    free: int
    total: int
    free_files: int
    files: int
    device: int


@dataclass(frozen=True)
class System:
    """Where the kernel's answers are read."""

    proc: Path = Path("/proc")
    cgroup: Path = Path("/sys/fs/cgroup")
    shm: Path = Path("/dev/shm")
    devices: Path = Path("/dev")

    def memory(self) -> int | None:
        """Bytes of memory that jobs here can still take: what is available, or less in a container; None if unknown."""
        limits = [limit for limit in (self._available(), self._container_limit()) if limit is not None]
        return min(limits, default=None)

    def _available(self) -> int | None:
        try:
            lines = (self.proc / "meminfo").read_text().splitlines()
        except OSError:
            return None
        kilobytes = next((line.split()[1] for line in lines if line.startswith("MemAvailable:")), None)
        return int(kilobytes) * 1024 if kilobytes else None

    def _container_limit(self) -> int | None:
        for name in ("memory.max", "memory/memory.limit_in_bytes"):
            try:
                limit = (self.cgroup / name).read_text().strip()
            except OSError:
                continue
            if limit.isdecimal() and int(limit) < 1 << 60:  # version 1 writes a huge number for "no limit"
                return int(limit)
        return None

    def processor_flags(self) -> frozenset[str] | None:
        """The first processor's flags on x86; None elsewhere."""
        try:
            lines = (self.proc / "cpuinfo").read_text(errors="replace").splitlines()
        except OSError:
            return None
        flags = next((line.partition(":")[2] for line in lines if line.startswith("flags")), None)
        return frozenset(flags.split()) if flags is not None else None

    def disk(self, folder: Path) -> Disk:
        """The file system of a folder, or of the nearest one above it that exists."""
        folder = existing(folder)
        status = os.statvfs(folder)
        return Disk(
            free=status.f_bavail * status.f_frsize,
            total=status.f_blocks * status.f_frsize,
            free_files=status.f_favail,
            files=status.f_files,
            device=folder.stat().st_dev,
        )

    def is_read_only(self, folder: Path) -> bool:
        """Whether the file system of an existing folder is mounted read-only."""
        return bool(os.statvfs(folder).f_flag & os.ST_RDONLY)

    def open_files(self) -> tuple[int, int]:
        """How many files a process may have open, and the most that it may ask for."""
        return resource.getrlimit(resource.RLIMIT_NOFILE)

    def processes(self) -> list[int]:
        """The numbers of all processes that can be seen."""
        return sorted(int(entry.name) for entry in self.proc.iterdir() if entry.name.isdecimal())


def existing(folder: Path) -> Path:
    """The folder, or the nearest one above it that exists."""
    while not folder.exists():
        folder = folder.parent
    return folder
