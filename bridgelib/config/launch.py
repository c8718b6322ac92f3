"""How a training job is started: the experiment's own settings over the machine's."""

from dataclasses import dataclass

from bridgelib.config.experiments import Experiment
from bridgelib.config.machines import MachineProfile


@dataclass(frozen=True)
class Launch:
    """The options of the launcher, `envs/run`.

    Attributes:
        cuda_libs: `pip`, `system` or `clean`.
        xla_flags: XLA's flags; empty where JAX is to use the CPU.
        platform: `auto`, `cpu` or `cuda`. A machine that says `cpu` has the last word; one that lists no GPUs and
            has no environment for them means it.
        threads: Threads to compute with on a CPU; None for all cores.
        gpu_memory: `auto`, `grow`, or a share of a GPU's memory.
        deterministic: Whether training on a GPU must give the same bits each time.
    """

    cuda_libs: str = "pip"
    xla_flags: str = ""
    platform: str = "auto"
    threads: int | None = None
    gpu_memory: str | float = "auto"
    deterministic: bool = False

    @classmethod
    def of(cls, machine: MachineProfile, experiment: Experiment | None = None) -> "Launch":
        """How an experiment is started there; without an experiment, as the machine profile says."""
        own = [getattr(experiment, key, None) for key in ("cuda_libs", "xla_flags", "jax_platform")]
        cuda_libs, flags, platform = own
        if platform is None or machine.jax_platform == "cpu":
            platform = machine.jax_platform
        if platform == "auto" and machine.environment == "cpu" and not machine.gpus:
            platform = "cpu"  # a profile that says nothing of GPUs
        cuda_libs = cuda_libs or machine.cuda_libs
        if platform == "cpu":
            return cls(cuda_libs, platform=platform, threads=machine.threads)
        flags = machine.xla_flags if flags is None else flags
        return cls(cuda_libs, flags, platform, None, machine.gpu_memory, machine.deterministic)

    @property
    def options(self) -> list[str]:
        """The same as options of `envs/run`; what is not set is none."""
        options = [f"--cuda-libs={self.cuda_libs}", f"--platform={self.platform}"]
        options += [f"--threads={self.threads}"] if self.threads else []
        options += [f"--xla-flags={self.xla_flags}"] if self.xla_flags else []
        options += [f"--gpu-memory={self.gpu_memory}"] if self.gpu_memory != "auto" else []
        return options + ["--deterministic"] * self.deterministic
