"""The forecast of one step, and what it is computed from: what jobs may use at the same time, and measured speeds."""

from dataclasses import dataclass
from pathlib import Path

from bridgelib.capacity import available_cores
from bridgelib.config.machines import MachineProfile


@dataclass(frozen=True)
class Slots:
    """What Snakemake may use at the same time.

    Attributes:
        cores: CPU cores.
        gpus: GPUs.
        elsewhere: Whether jobs run on the nodes of a cluster instead of this machine.
    """

    cores: int
    gpus: int
    elsewhere: bool = False

    @classmethod
    def of(cls, machine: MachineProfile) -> "Slots":
        """All cores there are, and the GPUs of the profile."""
        return cls(available_cores(), len(machine.gpus))


@dataclass(frozen=True)
class Probe:
    """Measured on some of this machine's own trajectories; see `bridgelib.conversion.conversion_speed`.

    Attributes:
        raw_to_numpy: Frames a second, of one job with its threads.
        numpy_to_tfrecord: Frames a second, of one job.
        jpeg_frame: Bytes of a frame under the encoding "jpeg".
    """

    raw_to_numpy: float
    numpy_to_tfrecord: float
    jpeg_frame: float


@dataclass(frozen=True)
class StageForecast:
    """What one step still needs; all is zero where nothing is left to do.

    Attributes:
        name: The rule.
        root: Where its results lie.
        jobs: How many are left.
        concurrent: How many of them run at the same time on this machine; 0 where they run on others.
        disk_bytes: What its results will take, beyond what is there.
        files: Files and folders it will make.
        ram_bytes: Peak resident memory of one job.
        seconds: How long all jobs that were timed take; None where none was.
        untimed: How many jobs were not timed, beside others that were.
        uncertainty: Relative uncertainty of disk_bytes: twice the standard error.
        scratch_bytes: Disk space taken beside the results while it runs.
    """

    name: str
    root: Path
    jobs: int = 0
    concurrent: int = 0
    disk_bytes: int = 0
    files: int = 0
    ram_bytes: int = 0
    seconds: float | None = None
    uncertainty: float = 0.0
    scratch_bytes: int = 0
    untimed: int = 0

    @property
    def concurrent_ram(self) -> int:
        """Peak memory of the jobs that run at the same time."""
        return self.ram_bytes * self.concurrent
