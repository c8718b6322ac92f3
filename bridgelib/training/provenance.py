"""What a run was made with: versions, device, environment variables, revision of the code."""

import os
import platform
from collections.abc import Mapping
from importlib import metadata
from typing import Any

from bridgelib import __version__
from bridgelib.repository import CHECKOUT
from bridgelib.seals import revision

_PACKAGES = ("jax", "jaxlib", "flax", "optax", "numpy", "ml-dtypes", "pillow")
_VARIABLES = ("CUDA_DEVICE_ORDER", "CUDA_VISIBLE_DEVICES", "LD_LIBRARY_PATH", "NPROC", "XLA_FLAGS")
_PREFIXES = ("JAX_", "XLA_PYTHON_", "NVIDIA_TF32", "TF_", "NCCL_")


def versions() -> dict[str, str | None]:
    """Versions of this package, Python and the numerical libraries; None for what is not installed."""
    found: dict[str, str | None] = {"bridgelib": __version__, "python": platform.python_version()}
    for package in _PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            found[package] = None
    return found


def variables(environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The environment variables that affect the numbers or the choice of devices."""
    return {name: environ[name] for name in sorted(environ) if name in _VARIABLES or name.startswith(_PREFIXES)}


def provenance(device: str, processes: int) -> dict[str, Any]:
    """Everything above, for config.json."""
    return {
        "versions": versions(),
        "variables": variables(),
        "device": device,
        "processes": processes,
        "host": platform.node(),
        "revision": revision(CHECKOUT),
    }
