"""The subject of an examination: one user's settings on one host, with everything that checks look at, read once."""

import json
import os
import re
import shlex
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from bridgelib.config.experiments import Experiment
from bridgelib.config.launch import Launch
from bridgelib.config.machines import MachineProfile
from bridgelib.config.schema import read_yaml
from bridgelib.config.settings import Settings, load_settings
from bridgelib.doctor.installed import Installed, locked_versions
from bridgelib.doctor.loading import Loading
from bridgelib.doctor.system import System
from bridgelib.doctor.unknown import NotKnown
from bridgelib.errors import BridgeError
from bridgelib.jobs.nvidia import Driver, ask_driver
from bridgelib.jobs.variables import applied, job_variables
from bridgelib.layout import portable_path
from bridgelib.workflow.plan import WorkflowPlan
from bridgelib.workflow.stage import StageForecast
from bridgelib.workflow.stages import stages

REFUSED = "the settings were refused"
ELSEWHERE = "jobs run on the cluster's nodes; ask there: srun --gpus=1 .venv/bin/python -m bridgelib.doctor"
# Which root a rule writes to.
ROOT_OF = {"simulate_demonstrations": "raw", "raw_to_numpy": "numpy", "numpy_to_tfrecord": "tfrecord"}
ROOT_OF |= {"data_report": "tfrecord", "embed_language": "runs", "train_policy": "runs", "evaluate_policy": "runs"}
ROOT_OF |= {"rollout_policy": "runs", "rollout_references": "runs", "success": "runs", "report": "runs"}
ROOT_OF |= {"embed_language_with_muse": "runs"}


@dataclass(frozen=True)
class Subject:
    """Everything that checks may look at; properties are read when first asked for.

    Attributes:
        repository: The folder that holds `envs/` and `config/`.
        settings: The settings; None where they were refused.
        given: Settings that the user gave over `config.yaml`; the commands of cures repeat them.
        refusal: Why the settings were refused.
        chosen_environment: The environment to look into; None for the one that the machine trains with.
        environ: The variables that jobs inherit.
        system: The host.
        elsewhere: Whether jobs run on the nodes of a cluster instead of this host.
    """

    repository: Path
    settings: Settings | None
    given: Mapping[str, Any] = field(default_factory=dict)
    refusal: BridgeError | None = None
    chosen_environment: Path | None = None
    environ: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    system: System = field(default_factory=System)
    elsewhere: bool = False

    @cached_property
    def plan(self) -> WorkflowPlan:
        """The workflow's plan.

        Raises:
            NotKnown: The settings were refused. `machine` and `stages` raise it, too.
        """
        if self.settings is None:
            raise NotKnown(REFUSED)
        return WorkflowPlan(self.settings, self.repository)

    @property
    def machine(self) -> MachineProfile:
        """The machine's profile."""
        return self.plan.machine

    @cached_property
    def stages(self) -> list[StageForecast]:
        """What each step still needs."""
        try:
            return stages(self.plan)
        except (BridgeError, NotKnown):  # other checks report why
            raise NotKnown("what the workflow will need is not known without settings and raw data") from None

    @cached_property
    def experiments(self) -> tuple[Experiment, ...]:
        """The experiments."""
        return tuple(self.settings.experiments.values()) if self.settings else ()

    # The training environment.

    @cached_property
    def environment(self) -> Path:
        """Its folder."""
        if self.chosen_environment is not None:
            return self.chosen_environment
        if self.settings is not None and self.settings.env == "current":
            return Path(sys.prefix)
        return self.repository / ".venvs" / (self.plan.training_environment if self.settings else "train")

    @cached_property
    def lock(self) -> Path | None:
        """The lock that the environment is built from; None where the workflow did not build it."""
        lock = self.repository / "envs" / f"{self.environment.name}.txt"
        return lock if self.environment.parent.name == ".venvs" and lock.is_file() else None

    @cached_property
    def pins(self) -> dict[str, str]:
        """Package -> the version that is locked; nothing where there is no lock."""
        return locked_versions(self.lock.read_text(encoding="utf-8")) if self.lock else {}

    @cached_property
    def is_built(self) -> bool:
        """Whether the environment has packages, and a Python that this user may start."""
        return os.access(self.environment / "bin" / "python", os.X_OK) and self.installed.folder.is_dir()

    @property
    def not_built(self) -> str | None:
        """Why nothing in the environment can be looked at; None where it can."""
        if self.settings is None and self.chosen_environment is None:
            return REFUSED  # which environment it would be is not known
        return None if self.is_built else f"{portable_path(self.environment)} is not built"

    @cached_property
    def installed(self) -> Installed:
        """The packages of the environment."""
        return Installed(self.environment)

    @property
    def wanted_flavour(self) -> str:
        """`cuda12`, `cuda13` or `cpu`: what the machine's environment is for."""
        found = re.search(r"cuda\d+", self.settings.machine.environment) if self.settings else None
        return found[0] if found else "cpu"

    @cached_property
    def cuda_flavour(self) -> str | None:
        """`cuda12` or `cuda13` where its JAX was made for it, by what is installed; None for a CPU build."""
        for flavour in ("cuda13", "cuda12"):
            if self.installed.get(f"jax-{flavour}-plugin", f"jax-{flavour}-pjrt"):
                return flavour
        built = re.search(r"\+(cuda1[12])", str(self.installed.get("jaxlib")))
        return built[1] if built else None

    # How jobs are started.

    @cached_property
    def launch(self) -> Launch:
        """How the first experiment is started (all of a file are started alike)."""
        if self.settings is None:
            return Launch()
        return Launch.of(self.machine, next(iter(self.experiments), None))

    @cached_property
    def trains_on_gpu(self) -> bool:
        """Whether training is meant to use a GPU here."""
        if self.settings is None or self.launch.platform == "cpu":
            return False
        return self.machine.environment != "cpu" or bool(self.machine.gpus) or self.launch.platform == "cuda"

    @cached_property
    def job_environ(self) -> dict[str, str]:
        """The variables of a training job; it would lease the first GPU of the profile."""
        machine = self.settings.machine if self.settings and self.launch.platform != "cpu" else None
        variables = job_variables(
            self.environment,
            cuda_libs=self.launch.cuda_libs,
            xla_flags=self.launch.xla_flags,
            platform=self.launch.platform,
            devices=[str(machine.gpus[0])] if machine and machine.gpus else None,
            gpu_memory=str(machine.gpu_memory) if machine else "auto",
            deterministic=machine is not None and machine.deterministic,
            inherited=self.environ,
        )
        return applied(variables, self.environ)

    @cached_property
    def loading(self) -> Loading:
        """How CUDA libraries are searched for in a job."""
        return Loading(self.installed, self.job_environ)

    @cached_property
    def driver(self) -> Driver:
        """What the NVIDIA driver says."""
        return ask_driver(self.environ)

    # Filling in the commands of cures.

    def filled(self, cure: str, values: Mapping[str, object] | None = None) -> str:
        """A cure with its fields filled in; unknown ones are shown as their name in capitals."""
        environment, python = portable_path(self.environment), portable_path(Path(sys.executable))
        replaced = set(re.findall(r" (\w+)=", cure.partition("{set}")[2]))  # those that the cure itself gives
        kept = {key: value for key, value in self.given.items() if key not in replaced}
        given = "".join(f" {key}={shlex.quote(str(value))}" for key, value in kept.items())
        known = {
            "config": f" --config{given}" if given else "",
            "set": f"--config{given}",
            "environment": environment,
            "python": python,
            "install": f"{python} -m uv pip install --python {environment}/bin/python",
            "rebuild": self._rebuild(environment, given),
        }
        return cure.format_map(_Fields({**known, **(values or {})}))

    def _rebuild(self, environment: str, given: str) -> str:
        if self.chosen_environment is None and self.settings is not None and self.settings.env == "current":
            return "rm -rf .venv && make setup"
        if self.lock is None:
            return f"make {environment} anew from its lock"
        return f"rm -rf {environment} && snakemake environments{f' --config{given}' if given else ''}"


class _Fields(dict[str, object]):
    """Fields of a cure; an unknown one is shown as its name in capitals."""

    def __missing__(self, key: str) -> str:
        return key.upper()


def examine(
    repository: Path,
    config: Mapping[str, Any],
    given: Mapping[str, Any],
    environment: Path | None = None,
    elsewhere: bool = False,
) -> Subject:
    """The subject of a call, from `config.yaml` with what is given over it; refused settings become a finding."""
    try:
        settings, refusal = load_settings(config, repository), None
    except BridgeError as error:
        settings, refusal = None, error
    return Subject(repository, settings, given, refusal, environment, elsewhere=elsewhere)


def settings_given(config: Mapping[str, Any], repository: Path) -> dict[str, Any]:
    """What was set over `config.yaml`."""
    written = read_yaml(repository / "config" / "config.yaml")
    return {key: value for key, value in config.items() if key not in written or written[key] != value}


def as_words(given: Mapping[str, Any]) -> list[str]:
    """Settings as KEY=VALUE in JSON, which is YAML: how the workflow hands them on to the doctor."""
    return [f"{key}={json.dumps(value)}" for key, value in given.items()]
