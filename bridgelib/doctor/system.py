"""What the kernel says about this host, beside disk, memory and cores (`capacity.py`)."""

import fcntl
import os
import pwd
import resource
import tempfile
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class System:
    """Where the kernel's answers are read. Tests put another folder or another answer in place."""

    proc: Path = Path("/proc")
    shm: Path = Path("/dev/shm")

    def available_memory(self) -> int | None:
        """Bytes that are not taken by now; None where the kernel does not say."""
        told = self._line("meminfo", "MemAvailable")
        return int(told.split()[0]) * 1024 if told else None

    def processor_flags(self) -> frozenset[str] | None:
        """The first processor's flags on x86; None elsewhere."""
        told = self._line("cpuinfo", "flags")
        return frozenset(told.split()) if told is not None else None

    def is_read_only(self, folder: Path) -> bool:
        """Whether the file system of an existing folder is mounted read-only."""
        return bool(os.statvfs(folder).f_flag & os.ST_RDONLY)

    def lock_a_file_in(self, folder: Path) -> None:
        """Lock a file that has no name and is gone at once.

        Raises:
            OSError: The folder cannot be written, or its file system has no locks.
        """
        with tempfile.TemporaryFile(dir=folder) as stream:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def open_files(self) -> tuple[int, int]:
        """How many files a process may have open, and the most that it may ask for."""
        return resource.getrlimit(resource.RLIMIT_NOFILE)

    def command_of(self, process: int) -> str:
        """The command line of a process; empty where it cannot be read, as in another container."""
        try:
            words = (self.proc / str(process) / "cmdline").read_bytes()
        except OSError:
            return ""
        return words.replace(b"\0", b" ").decode("utf-8", "replace").strip()

    def owner_of(self, process: int) -> str:
        """The user whose process it is; empty where that is not known."""
        try:
            return pwd.getpwuid((self.proc / str(process)).stat().st_uid).pw_name
        except (OSError, KeyError):
            return ""

    def processes(self) -> list[int]:
        """The numbers of all processes that can be seen."""
        return sorted(int(entry.name) for entry in self.proc.iterdir() if entry.name.isdecimal())

    def _line(self, file: str, name: str) -> str | None:
        """What follows `name:` in a file; None where it has no such line, or cannot be read."""
        try:
            lines = (self.proc / file).read_text(errors="replace").splitlines()
        except OSError:
            return None
        return next((line.partition(":")[2] for line in lines if line.partition(":")[0].strip() == name), None)
