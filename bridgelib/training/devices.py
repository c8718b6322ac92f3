"""Data parallelism: the batch is split over all devices, the learner's state is replicated on each."""

import os
from collections.abc import Mapping
from typing import Any

import jax
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from bridgelib.errors import ConfigError
from bridgelib.networks.device import visible_devices

_AXIS = "batch"


def join_processes(environ: Mapping[str, str] = os.environ) -> None:
    """Join the other processes of a SLURM step of several tasks; to be called before JAX is used. Else does nothing.

    JAX reads who and where from SLURM's variables. A batch script outside a step (no `srun`) is a single process,
    whatever `SLURM_NTASKS` says.
    """
    if int(environ.get("SLURM_NTASKS", 1)) > 1 and "SLURM_STEP_NODELIST" in environ:
        leased = [name for name in environ.get("CUDA_VISIBLE_DEVICES", "").split(",") if name.strip()]
        # By itself JAX takes one GPU per process under SLURM, that of the process's number on its host.
        jax.distributed.initialize(local_device_ids=list(range(len(leased))) or None)


def this_process() -> tuple[int, int]:
    """The number of this process, and how many share a batch.

    Raises:
        ConfigError: JAX has no device: it looks for them before it counts processes.
    """
    visible_devices()
    return jax.process_index(), jax.process_count()


def is_writer() -> bool:
    """Whether this process is the one that writes files."""
    return this_process()[0] == 0


def any_process(flag: bool) -> bool:
    """Whether the flag is set in any process; every process gets the same answer."""
    if jax.process_count() == 1:
        return flag
    from jax.experimental import multihost_utils  # imported late: only needed with several processes

    return bool(np.any(multihost_utils.process_allgather(np.asarray(flag))))


class Devices:
    """All visible devices as one axis over which batches are split."""

    def __init__(self) -> None:
        self.mesh = Mesh(np.asarray(visible_devices()), (_AXIS,))
        self.replicated = NamedSharding(self.mesh, PartitionSpec())
        self.split = NamedSharding(self.mesh, PartitionSpec(_AXIS))

    @property
    def count(self) -> int:
        """How many devices."""
        return self.mesh.size

    def describe(self) -> str:
        """Such as `cuda: 4 x NVIDIA H200`."""
        first = self.mesh.devices.flat[0]
        return f"{first.platform}: {self.count} x {first.device_kind}"

    def check_batch_size(self, size: int, key: str) -> None:
        """Refuse a batch that the devices do not divide.

        Raises:
            ConfigError: With the two nearest sizes.
        """
        require_divisible(size, self.count, key)

    def replicate(self, tree: Any) -> Any:
        """Put a pytree of arrays on every device."""
        return self._put(tree, self.replicated)

    def split_batch(self, batch: Any) -> Any:
        """Split a batch over the devices.

        Args:
            batch: Arrays with the samples on the leading axis: all of the batch, or with several processes this
                process's share (`TrainingBatches(process=...)`).
        """
        return self._put(batch, self.split, of_process=True)

    def _put(self, tree: Any, sharding: NamedSharding, of_process: bool = False) -> Any:
        count = jax.process_count()
        if count == 1:
            return jax.device_put(tree, sharding)

        def global_array(leaf: Any) -> jax.Array:
            leaf = np.asarray(leaf)
            if not of_process:
                return jax.make_array_from_callback(leaf.shape, sharding, lambda index: leaf[index])
            # Devices are ordered by process, so the rows of a process's own devices are its share, in order.
            first = jax.process_index() * len(leaf)
            shape = (count * len(leaf), *leaf.shape[1:])

            def rows(index: tuple[slice, ...] | None) -> np.ndarray:
                assert index is not None, "JAX gives one of each device"
                return leaf[index[0].start - first : index[0].stop - first]

            return jax.make_array_from_callback(shape, sharding, rows)

        return jax.tree_util.tree_map(global_array, tree)


def require_divisible(size: int, num_devices: int, key: str) -> None:
    """Refuse a batch size that the device count does not divide.

    Raises:
        ConfigError: With the two nearest sizes.
    """
    below = size // num_devices * num_devices
    if below != size:
        nearest = [entry for entry in (below, below + num_devices) if entry]
        raise ConfigError(
            key,
            given=f"{size}, on {num_devices} devices",
            allowed=f"a multiple of {num_devices}; the nearest are {' and '.join(map(str, nearest))}",
            do="change it, or the number of devices",
        )
