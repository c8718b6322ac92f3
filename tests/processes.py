"""Real processes, and how much memory they took."""

import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

# What a process inherits when it is forked counts in its peak, and a test's own process is large. So a small one starts
# what is measured.
_SMALL = """
import os, sys
out = os.open(os.devnull, os.O_WRONLY)
child = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, out, 1)])
_, status, usage = os.wait4(child, 0)
print(usage.ru_maxrss * 1024, usage.ru_utime + usage.ru_stime)
sys.exit(os.waitstatus_to_exitcode(status))
"""


def python_of(repository: Path, environment: str) -> str:
    """The Python of a rule environment; skips where it is not built. What tests run in has more, and takes more."""
    python = repository / ".venvs" / environment / "bin" / "python"
    if not python.exists():
        pytest.skip(f"needs the environment '{environment}': snakemake .venvs/{environment}/.ready")
    return str(python)


def peak_memory(command: Sequence[object], folder: Path, variables: Mapping[str, str] | None = None) -> int:
    """Run a command and return its peak resident memory in bytes; fails where the command does."""
    return took(command, folder, variables).memory


@dataclass(frozen=True)
class Took:
    """What a process took, with those that it started and waited for: peak resident bytes, seconds of the processor."""

    memory: int
    processor: float


def took(command: Sequence[object], folder: Path, variables: Mapping[str, str] | None = None) -> Took:
    """Run a command and return what it took; fails where the command does."""
    words = [sys.executable, "-S", "-E", "-c", _SMALL, *map(str, command)]
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, env=variables)
    assert done.returncode == 0, done.stderr
    memory, processor = done.stdout.split()
    return Took(int(memory), float(processor))
