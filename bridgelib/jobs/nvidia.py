"""What `nvidia-smi` says about driver, GPUs and the processes on them."""

import csv
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass

from packaging.version import Version

_SECONDS = 10
_FIELDS = ("index", "uuid", "name", "driver_version", "memory.total", "memory.free", "compute_cap")
_FAILED = re.compile(r"ERR!|requires reset|Unknown Error|lost", re.IGNORECASE)  # in place of a number


@dataclass(frozen=True)
class Process:
    """A program that computes on a GPU; `memory` in bytes, None where the driver does not say."""

    gpu: str
    pid: int
    name: str
    memory: int | None


@dataclass(frozen=True)
class Gpu:
    """One GPU; memory in bytes.

    Attributes:
        index: The GPU's number, as in CUDA_VISIBLE_DEVICES.
        total, free: None where the driver does not say: memory shared with the host, or a GPU that has failed.
        capability: Its compute capability, such as 9.0; None where the driver is too old to say.
        failure: What stands in place of its memory where it has failed, such as `GPU requires reset`.
    """

    index: int
    uuid: str
    name: str
    driver: str
    total: int | None
    free: int | None
    capability: Version | None
    failure: str = ""

    def __str__(self) -> str:
        return f"GPU {self.index} ({self.name})"


@dataclass(frozen=True)
class Driver:
    """The answer of nvidia-smi, or why there is none.

    Attributes:
        problem: Why nvidia-smi gave no answer; None when it did.
        present: Whether nvidia-smi is there at all.
        cuda: The newest CUDA the driver knows, such as `12.4`.
        complaints: What it said besides, such as that a GPU is lost.
    """

    problem: str | None = None
    present: bool = True
    version: str = ""
    cuda: str = ""
    gpus: tuple[Gpu, ...] = ()
    processes: tuple[Process, ...] = ()
    complaints: tuple[str, ...] = ()


def ask_driver(environ: Mapping[str, str]) -> Driver:
    """Ask nvidia-smi, found on the PATH of `environ`; no error, whatever it does."""
    program = shutil.which("nvidia-smi", path=environ.get("PATH"))
    if program is None:
        return Driver(problem="there is no nvidia-smi on the PATH", present=False)
    try:
        code, table = _query(program, environ, "gpu", _FIELDS)
        if code != 0 and "compute_cap" in table:  # drivers before 510 do not know this field
            code, table = _query(program, environ, "gpu", _FIELDS[:-1])
        if code != 0:
            return Driver(problem=" ".join(table.split()) or f"nvidia-smi ended with exit code {code}")
        _, processes = _query(program, environ, "compute-apps", ("gpu_uuid", "pid", "process_name", "used_memory"))
        _, banner = _run([program], environ)
        rows = _rows(table)
        gpus = tuple(_gpu(row) for row in rows if _is_gpu(row))
    except subprocess.TimeoutExpired:
        return Driver(problem=f"nvidia-smi did not answer within {_SECONDS} s")
    except (OSError, ValueError, IndexError) as error:
        return Driver(problem=f"nvidia-smi could not be used: {error}")
    cuda = re.search(r"CUDA (?:UMD )?Version:\s*([\d.]+)", banner)
    return Driver(
        version=gpus[0].driver if gpus else "",
        cuda=cuda[1] if cuda else "",
        gpus=gpus,
        processes=tuple(
            Process(gpu, int(pid), name, _mebibytes(memory))
            for gpu, pid, name, memory in (row for row in _rows(processes) if len(row) == 4 and row[1].isdecimal())
        ),
        complaints=tuple(", ".join(row).strip() for row in rows if not _is_gpu(row) and "".join(row).strip()),
    )


def _query(program: str, environ: Mapping[str, str], about: str, fields: tuple[str, ...]) -> tuple[int, str]:
    return _run([program, f"--query-{about}={','.join(fields)}", "--format=csv,noheader,nounits"], environ)


def _run(command: list[str], environ: Mapping[str, str]) -> tuple[int, str]:
    asked = subprocess.Popen(
        command, env=dict(environ), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
    )
    try:
        answer, _ = asked.communicate(timeout=_SECONDS)
    except subprocess.TimeoutExpired:
        # Nor is its end waited for: one that hangs in the driver cannot even be killed.
        os.killpg(asked.pid, signal.SIGKILL)
        raise
    return asked.returncode, answer


def _rows(table: str) -> list[list[str]]:
    return list(csv.reader(table.splitlines(), skipinitialspace=True))


def _is_gpu(row: list[str]) -> bool:
    return len(row) >= len(_FIELDS) - 1 and row[0].isdecimal()


def _gpu(row: list[str]) -> Gpu:
    index, uuid, name, driver, total, free, *rest = row
    capability = Version(rest[0]) if rest and re.fullmatch(r"\d+\.\d+", rest[0]) else None
    failure = next((field.strip("[]") for field in (total, free) if _FAILED.search(field)), "")
    return Gpu(int(index), uuid, name, driver, _mebibytes(total), _mebibytes(free), capability, failure)


def _mebibytes(text: str) -> int | None:
    """Bytes of a number of MiB; None for `[N/A]`, which MIG and containers give."""
    return int(text) << 20 if text.isdecimal() else None
