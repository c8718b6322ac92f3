"""What a cluster's queue and the GPUs of this host say; nothing where there is neither."""

import os
import shutil
import subprocess
from collections.abc import Sequence
from typing import NamedTuple

from bridgelib.jobs.nvidia import ask_driver
from bridgelib.text import readable_bytes

_SECONDS = 10  # to wait for an answer


class Queued(NamedTuple):
    """A job in SLURM's queue, which Snakemake names in its comment: `rule_train_policy_wildcards_bc_demo`."""

    number: str
    state: str
    reason: str
    comment: str

    def is_of(self, rule: str, of: str) -> bool:
        """Whether it is the job of a rule with these wildcards."""
        return self.comment == f"rule_{rule}_wildcards_{of}"

    def __str__(self) -> str:
        reason = f" ({self.reason})" if self.reason not in ("", "None") else ""
        return f"SLURM job {self.number} {self.state.lower()}{reason}"


def queued() -> list[Queued]:
    """This user's jobs in SLURM's queue; none where there is no SLURM."""
    lines = _answer(["squeue", "--me", "--noheader", "--format=%i|%T|%r|%k"])
    return [Queued(*fields) for line in lines if len(fields := line.split("|", 3)) == 4]


def gpus() -> list[str]:
    """A line for each GPU of this host: what it is, how much of its memory is taken, by how many programs."""
    driver = ask_driver(os.environ)
    lines = []
    for gpu in driver.gpus:
        programs = sum(process.gpu == gpu.uuid for process in driver.processes)
        memory = gpu.failure or "memory not known"
        if gpu.total is not None and gpu.free is not None:
            memory = f"{readable_bytes(gpu.total - gpu.free)} of {readable_bytes(gpu.total)} taken"
        lines.append(f"{gpu}: {memory}, {programs} programs on it")
    return lines


def _answer(command: Sequence[str]) -> list[str]:
    """The lines that a program prints; none where it is not there, fails or does not answer in time."""
    if shutil.which(command[0]) is None:
        return []
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, check=True)
    except (OSError, subprocess.SubprocessError):
        return []
    return [line.strip() for line in done.stdout.splitlines() if line.strip()]
