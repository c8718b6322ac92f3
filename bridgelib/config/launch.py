"""How a training job is started: the experiment's own settings over the machine's."""

from dataclasses import dataclass

from bridgelib.config.experiments import Experiment
from bridgelib.config.machines import MachineProfile


@dataclass(frozen=True)
class Launch:
    """What the launcher is told.

    Attributes:
        cuda_libs: `pip`, `system` or `clean`.
        xla_flags: XLA's flags; empty where JAX is to use the CPU.
        platform: `auto`, `cpu` or `cuda`. A machine that says `cpu` has the last word; one that lists no GPUs and
            has no environment for them means it.
    """

    cuda_libs: str
    xla_flags: str
    platform: str

    @classmethod
    def of(cls, machine: MachineProfile, experiment: Experiment | None = None) -> "Launch":
        """How an experiment is started there; None for one that says nothing of it."""
        own = [getattr(experiment, key, None) for key in ("cuda_libs", "xla_flags", "jax_platform")]
        cuda_libs, flags, platform = own
        if platform is None or machine.jax_platform == "cpu":
            platform = machine.jax_platform
        if platform == "auto" and machine.environment == "cpu" and not machine.gpus:
            platform = "cpu"  # a profile that says nothing of GPUs
        flags = machine.xla_flags if flags is None else flags
        return cls(cuda_libs or machine.cuda_libs, "" if platform == "cpu" else flags, platform)
