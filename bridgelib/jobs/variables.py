"""The variables a job is started with. They must be set before Python starts: the dynamic loader reads them once."""

import os
from collections.abc import Mapping
from pathlib import Path

from bridgelib.repository import PACKAGE

DETERMINISTIC = "--xla_gpu_deterministic_ops"
PREALLOCATE, MEM_FRACTION = "XLA_PYTHON_CLIENT_PREALLOCATE", "XLA_PYTHON_CLIENT_MEM_FRACTION"
NEW_MEM_FRACTION = "XLA_CLIENT_MEM_FRACTION"  # newer JAX knows both, and refuses to start where both are set
ALLOCATION = (PREALLOCATE, MEM_FRACTION, NEW_MEM_FRACTION, "XLA_PYTHON_CLIENT_ALLOCATOR")
DEVICE_ORDER = "CUDA_DEVICE_ORDER"
THREADS = "NPROC"  # how many threads XLA computes with on a CPU; without it, as many as there are cores
COMPILERS = "CUDA_ROOT"  # where JAX takes ptxas and libdevice from, before the wheels; a cluster's modules set it


def python_path(inherited: Mapping[str, str] = os.environ) -> str:
    """PYTHONPATH under which any Python finds this very `bridgelib` first, whatever is installed there.

    Args:
        inherited: The variables of the caller, whose own PYTHONPATH follows.
    """
    given = inherited.get("PYTHONPATH", "").split(os.pathsep)
    return os.pathsep.join([str(PACKAGE.parent), *(entry for entry in given if entry not in ("", str(PACKAGE.parent)))])


def library_folders(environment: Path | None) -> list[str]:
    """Every `nvidia/*/lib` folder of the environment's pip wheels, sorted by name; none of no environment."""
    if environment is None:
        return []
    return sorted(str(folder) for folder in environment.glob("lib/python3*/site-packages/nvidia/*/lib"))


def job_variables(
    environment: Path | None,
    *,
    cuda_libs: str = "pip",
    xla_flags: str = "",
    platform: str = "auto",
    devices: list[str] | None = None,
    gpu_memory: str = "auto",
    deterministic: bool = False,
    threads: str = "",
    inherited: Mapping[str, str] = os.environ,
) -> dict[str, str | None]:
    """What to set (text) or to remove (None) for a job.

    Args:
        environment: The environment's folder, or None to stay in the active one.
        cuda_libs: Where CUDA libraries are found. `pip`: the environment's own wheels come first in
            LD_LIBRARY_PATH; `system`: LD_LIBRARY_PATH is left alone; `clean`: it is removed.
        xla_flags: XLA's flags; empty leaves XLA_FLAGS alone.
        platform: What JAX may use: `cpu`, `cuda`, or `auto`: the GPUs where the job has some (JAX by itself would
            train on the CPU, without a word, where a GPU does not start), else what JAX finds.
        devices: The GPUs of this job, numbered as nvidia-smi does; an empty list hides all, None leaves
            CUDA_VISIBLE_DEVICES alone.
        gpu_memory: How JAX takes a GPU's memory. `grow`: as it needs it; a share such as `0.9`: that at once; `auto`:
            as the caller's variables say, else `grow`, so that a GPU which somebody else uses too will do.
        deterministic: Whether XLA must choose kernels that give the same bits each time.
        threads: How many threads to compute with on a CPU, unless the caller's variables say: jobs that run side by
            side with all cores each slow each other down. Weights depend on it in their last bits. Empty leaves it
            alone.
        inherited: The variables of the caller.
    """
    variables = _of_environment(environment, inherited)
    if cuda_libs == "clean":
        variables["LD_LIBRARY_PATH"] = None
    elif cuda_libs == "pip":
        variables |= _of_wheels(environment or _active(inherited), inherited)
    if xla_flags:
        variables["XLA_FLAGS"] = xla_flags
    flags = xla_flags or inherited.get("XLA_FLAGS", "")
    if deterministic and DETERMINISTIC not in flags:
        variables["XLA_FLAGS"] = f"{flags} {DETERMINISTIC}=true".strip()
    if platform != "auto":
        variables["JAX_PLATFORMS"] = platform
    elif devices and not inherited.get("JAX_PLATFORMS"):
        variables["JAX_PLATFORMS"] = "cuda"
    if threads and platform == "cpu" and THREADS not in inherited:
        variables[THREADS] = threads
    if devices is not None:
        variables["CUDA_VISIBLE_DEVICES"] = ",".join(devices)
    if devices:
        # CUDA's own order is by speed: where GPUs are of several kinds, its 0 is not the 0 of nvidia-smi.
        variables[DEVICE_ORDER] = inherited.get(DEVICE_ORDER) or "PCI_BUS_ID"
        variables |= _allocation(gpu_memory, inherited)
    return variables


def _of_environment(environment: Path | None, inherited: Mapping[str, str]) -> dict[str, str | None]:
    """Variables that select the environment's Python and programs, and keep packages from elsewhere out."""
    if environment is None:
        return {}
    return {
        "PATH": os.pathsep.join([str(environment / "bin"), inherited.get("PATH", os.defpath)]),
        "VIRTUAL_ENV": str(environment),
        "PYTHONHOME": None,
        "PYTHONPATH": None,
        "PYTHONNOUSERSITE": "1",
    }


def _of_wheels(environment: Path | None, inherited: Mapping[str, str]) -> dict[str, str | None]:
    """Variables that put the CUDA libraries of an environment's wheels first; none where it has no such wheels."""
    own = library_folders(environment)
    if not own:
        return {}
    given = [entry for entry in inherited.get("LD_LIBRARY_PATH", "").split(os.pathsep) if entry]
    libraries = os.pathsep.join([*own, *(entry for entry in given if entry not in own)])
    return {"LD_LIBRARY_PATH": libraries, **({COMPILERS: None} if COMPILERS in inherited else {})}


def _active(inherited: Mapping[str, str]) -> Path | None:
    """The environment that is active, as conda or venv say."""
    folder = inherited.get("CONDA_PREFIX") or inherited.get("VIRTUAL_ENV")
    return Path(folder) if folder else None


def _allocation(gpu_memory: str, inherited: Mapping[str, str]) -> dict[str, str | None]:
    """JAX's own default takes three quarters of a GPU at once, and fails where somebody else holds the rest."""
    if gpu_memory == "auto":
        return {} if any(name in inherited for name in ALLOCATION) else {PREALLOCATE: "false"}
    if gpu_memory == "grow":
        return {PREALLOCATE: "false", MEM_FRACTION: None, NEW_MEM_FRACTION: None}
    return {PREALLOCATE: "true", MEM_FRACTION: gpu_memory, NEW_MEM_FRACTION: None}


def applied(variables: Mapping[str, str | None], inherited: Mapping[str, str]) -> dict[str, str]:
    """The complete environment of the job: the inherited one with `variables` set or removed."""
    merged = {**inherited, **variables}
    return {name: value for name, value in merged.items() if value is not None}
