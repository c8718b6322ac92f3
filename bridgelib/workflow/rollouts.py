"""The part of a plan that rolls policies out in the simulator: files, options, and whether there is one."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bridgelib.errors import ConfigError
from bridgelib.evaluation.origins import references_origin, rollouts_origin
from bridgelib.language.settings import needs_language
from bridgelib.layout import portable_path
from bridgelib.sim.plan import FIRST_CHOICE_SEED
from bridgelib.sim.tasks import TASKS
from bridgelib.workflow.targets import SIMULATED

if TYPE_CHECKING:
    from bridgelib.workflow.plan import WorkflowPlan


@dataclass(frozen=True)
class Rollouts:
    """The rollouts of one plan; only a machine that simulates has any."""

    plan: "WorkflowPlan"

    def check(self, targets: set[str]) -> None:
        """Refuse rollouts where no simulator has the tasks.

        Raises:
            ConfigError: They are asked for, on a machine that does not simulate, or of no task that is simulated.
        """
        if targets & SIMULATED and not self.plan.simulation:
            raise ConfigError(
                f"target '{min(targets & SIMULATED)}'",
                given=f"machine '{self.plan.machine.name}', whose tasks no simulator has",
                allowed="a machine profile with `simulation:`, such as demo",
                do="for real data: snakemake evaluate_all; a policy of simulated tasks anywhere: "
                "python workflow_scripts/rollout_policy.py --help",
            )
        if targets & SIMULATED and not self.experiments:
            raise self._not_simulated(next(iter(self.plan.settings.experiments)))
        last = self.plan.settings.episode_seed + self.plan.settings.episodes - 1
        if self.plan.simulation and last >= FIRST_CHOICE_SEED:
            raise ConfigError(
                "config/config.yaml or --config, key 'episode_seed'",
                given=f"{self.plan.settings.episode_seed}, so that the last scene has seed {last}",
                allowed=f"seeds below 2^47, {FIRST_CHOICE_SEED}: others are for choosing policies, or taken",
                do="begin at a lower seed",
            )

    @property
    def experiments(self) -> list[str]:
        """The experiments that are rolled out: one may train on data from elsewhere, whose tasks no simulator has."""
        return [name for name in self.plan.settings.experiments if self._tasks(name)] if self.plan.simulation else []

    def asides(self) -> list[str]:
        """Which experiments are left out, for people."""
        known = self.experiments
        left_out = [name for name in self.plan.settings.experiments if name not in known]
        told = "is not rolled out, as no simulator has its tasks"
        return [f"experiment '{name}' {told}" for name in left_out if self.plan.simulation]

    def files(self) -> list[str]:
        """The rollouts of every experiment that has any."""
        return [self.file(name) for name in self.experiments]

    def tables(self) -> list[str]:
        """`<runs>/success.txt` and success.json, where there is a policy to stand in them."""
        return [str(Path(self.success).with_suffix(".txt")), self.success] if self.experiments else []

    def file(self, experiment: str) -> str:
        """`<runs>/<experiment>/rollouts.json`."""
        return portable_path(Path(self.plan.done_file(experiment)).with_name("rollouts.json"))

    @property
    def references(self) -> str:
        """`<runs>/references.json`."""
        return portable_path(Path(self.plan.machine.runs) / "references.json")

    @property
    def success(self) -> str:
        """`<runs>/success.json`."""
        return portable_path(Path(self.plan.machine.runs) / "success.json")

    def named(self) -> str:
        """NAME=JSON of every experiment that is rolled out, for success_table.py."""
        return shlex.join(f"{name}={self.file(name)}" for name in self.experiments)

    def options(self, experiment: str) -> str:
        """Options of rollout_policy.py: the simulated tasks of an experiment, and the scenes."""
        tasks = self._tasks(experiment)
        if not tasks:
            raise self._not_simulated(experiment)
        words = ["--instructions=both"] if needs_language(self.plan.experiment(experiment)) else []
        return shlex.join([*self._scenes(tasks), *words])

    def origin(self, experiment: str) -> dict[str, Any]:
        """What the rollouts of an experiment are made from."""
        policy = Path(self.file(experiment)).parent / "latest" / "policy"
        words = "both" if needs_language(self.plan.experiment(experiment)) else "demonstrated"
        return rollouts_origin(policy, self._tasks(experiment), self._seeds, self._camera, words)

    def reference_options(self) -> str:
        """Options of rollout_references.py: every task of the simulation, in the same scenes."""
        return shlex.join(self._scenes(list(self.plan.dated_folders)))

    def reference_origin(self) -> dict[str, Any]:
        """What references.json is made from."""
        root, tasks = Path(self.plan.machine.tfrecord), list(self.plan.dated_folders)
        return references_origin(root, tasks, self._seeds, self._camera)

    @property
    def _seeds(self) -> range:
        settings = self.plan.settings
        return range(settings.episode_seed, settings.episode_seed + settings.episodes)

    @property
    def _camera(self) -> tuple[int, int]:
        return next(iter(self.plan.simulation.values())).image_size

    def _not_simulated(self, experiment: str) -> ConfigError:
        return ConfigError(
            f"rollouts of experiment '{experiment}'",
            given=f"tasks that no simulator has: {', '.join(self.plan.tasks(experiment)[:5])}",
            allowed=TASKS,
            do="for these tasks: snakemake evaluate_all",
        )

    def _tasks(self, experiment: str) -> list[str]:
        return [task for task in self.plan.tasks(experiment) if task in TASKS]

    def _scenes(self, tasks: Sequence[str]) -> list[str]:
        scenes = [f"--episodes={len(self._seeds)}", f"--seed={self._seeds.start}"]
        return [*(f"--task={task}" for task in tasks), *scenes, "--camera", *map(str, self._camera)]
