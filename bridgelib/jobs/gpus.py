"""GPU leases: which device a job may use, so that no two jobs share one.

A lease is a lock on a small file that the kernel frees when the job's process ends, however it ends. Snakemake only
counts GPUs; it does not say which one is free.
"""

import fcntl
import os
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from bridgelib.errors import ConfigError

_JOB = "SLURM_JOB_ID"
_PLACE = Path("/tmp")  # not TMPDIR: two shells of one user may differ in that, and would not see each other's leases


def allowed_gpus(configured: Sequence[str], environ: Mapping[str, str] = os.environ) -> list[str]:
    """The GPUs to choose from: those the caller (or SLURM) made visible, else the machine profile's.

    A SLURM job that was given none has none, whatever the profile lists: those are other jobs'.
    """
    visible = environ.get("CUDA_VISIBLE_DEVICES", "" if _JOB in environ else None)
    if visible is None:
        return list(configured)
    return [device for device in (entry.strip() for entry in visible.split(",")) if device not in ("", "-1")]


def lease_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """Where the locks lie: one folder per user and host; under SLURM one per task of a job.

    There the devices are the task's own already, and every job may call its first one 0. Inside an interactive
    allocation of several GPUs, a Snakemake of its own still divides them among its jobs.
    """
    task = [environ[name] for name in (_JOB, "SLURM_STEP_ID", "SLURM_PROCID") if name in environ]
    owner = "-slurm-" + ".".join(task) if _JOB in environ else ""
    place = _PLACE if os.access(_PLACE, os.W_OK | os.X_OK) else Path(tempfile.gettempdir())
    return place / f"bridgedata-gpus-{os.getuid()}{owner}"  # by number: in a container, a user may have no name


def lease_gpus(count: int, allowed: Sequence[str], folder: Path | None = None, poll: float = 0.5) -> list[str]:
    """Wait until `count` of the allowed GPUs are free, and take them until this process (or what it execs) ends.

    Args:
        count: How many.
        allowed: The names of the allowed GPUs, as in CUDA_VISIBLE_DEVICES.
        folder: Where the locks lie; `lease_folder()` if None.
        poll: Seconds between attempts.

    Returns:
        The names of the GPUs taken, in the order of `allowed`.

    Raises:
        ConfigError: There are fewer allowed GPUs than asked for.
    """
    if count > len(allowed):
        raise ConfigError(
            "GPUs",
            given=f"the job wants {count}, and the machine has {len(allowed)} ({', '.join(allowed) or 'none'})",
            do="list the GPUs under `gpus:` in the machine profile (SLURM: ask it for them, see docs/cluster.md), "
            "or set `jax_platform: cpu` for a run without GPU",
        )
    folder = folder or lease_folder()
    folder.mkdir(parents=True, exist_ok=True)
    told = False
    while True:
        taken: dict[str, int] = {}
        for device in allowed:
            # A part of a GPU (MIG) may be named with slashes.
            if len(taken) < count and (descriptor := _lock(folder / f"{device.replace('/', '-')}.lock")) is not None:
                taken[device] = descriptor
        if len(taken) == count:
            for descriptor in taken.values():
                os.set_inheritable(descriptor, True)
            return list(taken)
        # All or nothing: a job that held one of two while waiting could block another that does the same.
        for descriptor in taken.values():
            os.close(descriptor)
        if not told:
            told = True
            print(f"[job] waiting for {count} of the GPUs {', '.join(allowed)}, which other jobs have", file=sys.stderr)
        time.sleep(poll)


def _lock(path: Path) -> int | None:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor
