"""What `nvidia-smi` says about driver, GPUs and the processes on them."""

import csv
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass

_SECONDS = 10
_FIELDS = ("index", "uuid", "name", "driver_version", "memory.total", "memory.free", "compute_cap")


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
        index: Its number, as in CUDA_VISIBLE_DEVICES.
        capability: Its compute capability, such as (9, 0); None where the driver is too old to say.
    """

    index: int
    uuid: str
    name: str
    driver: str
    total: int
    free: int
    capability: tuple[int, int] | None

    def __str__(self) -> str:
        return f"GPU {self.index} ({self.name})"


@dataclass(frozen=True)
class Driver:
    """The answer, or why there is none.

    Attributes:
        problem: Why nvidia-smi gave no answer; None when it did.
        present: Whether nvidia-smi is there at all.
        cuda: The newest CUDA the driver knows, such as `12.4`.
    """

    problem: str | None = None
    present: bool = True
    version: str = ""
    cuda: str = ""
    gpus: tuple[Gpu, ...] = ()
    processes: tuple[Process, ...] = ()


def ask_driver(environ: Mapping[str, str]) -> Driver:
    """Ask nvidia-smi, found on the PATH of `environ`; no error, whatever it does."""
    program = shutil.which("nvidia-smi", path=environ.get("PATH"))
    if program is None:
        return Driver(problem="there is no nvidia-smi on the PATH", present=False)
    try:
        fields = _FIELDS
        code, table = _ask(program, environ, f"--query-gpu={','.join(fields)}")
        if code != 0 and "compute_cap" in table:  # drivers before 510 do not know this field
            fields = _FIELDS[:-1]
            code, table = _ask(program, environ, f"--query-gpu={','.join(fields)}")
        if code != 0:
            return Driver(problem=" ".join(table.split()) or f"nvidia-smi ended with exit code {code}")
        gpus = tuple(_gpu(row) for row in _rows(table))
        _, processes = _ask(program, environ, "--query-compute-apps=gpu_uuid,pid,process_name,used_memory")
        _, banner = _run([program], environ)
    except subprocess.TimeoutExpired:
        return Driver(problem=f"nvidia-smi did not answer within {_SECONDS} s")
    except (OSError, ValueError, IndexError) as error:
        return Driver(problem=f"nvidia-smi could not be used: {error}")
    cuda = re.search(r"CUDA (?:UMD )?Version:\s*([\d.]+)", banner)
    return Driver(
        version=gpus[0].driver if gpus else "",
        cuda=cuda[1] if cuda else "",
        gpus=gpus,
        processes=tuple(_process(row) for row in _rows(processes) if len(row) == 4 and row[1].isdecimal()),
    )


def _ask(program: str, environ: Mapping[str, str], query: str) -> tuple[int, str]:
    return _run([program, query, "--format=csv,noheader,nounits"], environ)


def _run(command: list[str], environ: Mapping[str, str]) -> tuple[int, str]:
    done = subprocess.run(
        command, env=dict(environ), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=_SECONDS
    )
    return done.returncode, done.stdout


def _rows(table: str) -> list[list[str]]:
    return [row for row in csv.reader(table.splitlines(), skipinitialspace=True) if len(row) > 1]


def _gpu(row: list[str]) -> Gpu:
    capability = re.fullmatch(r"(\d+)\.(\d+)", row[6]) if len(row) > 6 else None
    return Gpu(
        index=int(row[0]),
        uuid=row[1],
        name=row[2],
        driver=row[3],
        total=_mebibytes(row[4]) or 0,
        free=_mebibytes(row[5]) or 0,
        capability=(int(capability[1]), int(capability[2])) if capability else None,
    )


def _process(row: list[str]) -> Process:
    return Process(row[0], int(row[1]), row[2], _mebibytes(row[3]))


def _mebibytes(text: str) -> int | None:
    """Bytes of a number of MiB; None for `[N/A]`, which MIG and containers give."""
    return int(text) << 20 if text.isdecimal() else None
