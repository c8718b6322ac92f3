"""The rollouts of a plan: files, tasks and scenes of policies in the simulator, for tasks that it has."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bridgelib.errors import ConfigError
from bridgelib.evaluation.result_origins import references_origin, rollouts_origin
from bridgelib.language.processor_settings import needs_language
from bridgelib.layout import REFERENCES, ROLLOUTS, latest_path, policy_path, portable_path, table_paths
from bridgelib.sim.tasks import TASKS
from bridgelib.workflow.planned_files import PlannedFiles


@dataclass(frozen=True)
class Rollouts:
    """The rollouts of one plan."""

    plan: PlannedFiles

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

    def not_simulated(self, experiment: str) -> ConfigError:
        """The refusal of rollouts of such an experiment."""
        return ConfigError(
            f"rollouts of experiment '{experiment}'",
            given=f"tasks that no simulator has: {', '.join(self.plan.tasks(experiment)[:5])}",
            allowed=TASKS,
            do="for these tasks: snakemake evaluate_all",
        )

    def files(self) -> list[str]:
        """The rollouts of every experiment that has any."""
        return [self.file(name) for name in self.experiments]

    def tables(self) -> list[str]:
        """`<runs>/success.txt` and success.json, where there is a policy to stand in them."""
        paths = table_paths(self.plan.machine.runs, "success").values()
        return list(map(portable_path, paths)) if self.experiments else []

    def file(self, experiment: str) -> str:
        """`<runs>/<experiment>/rollouts.json`."""
        return portable_path(Path(self.plan.done_file(experiment)).with_name(ROLLOUTS))

    @property
    def references(self) -> str:
        """`<runs>/references.json`."""
        return portable_path(Path(self.plan.machine.runs, REFERENCES))

    @property
    def success(self) -> str:
        """`<runs>/success.json`."""
        return portable_path(table_paths(self.plan.machine.runs, "success")["json"])

    def named(self) -> list[str]:
        """NAME=JSON of every experiment that is rolled out, for success_table.py."""
        return [f"{name}={self.file(name)}" for name in self.experiments]

    def tasks(self, experiment: str) -> list[str]:
        """The simulated tasks of an experiment.

        Raises:
            ConfigError: None of its tasks is simulated.
        """
        if not (tasks := self._tasks(experiment)):
            raise self.not_simulated(experiment)
        return tasks

    def all_tasks(self) -> list[str]:
        """Every task of the simulation."""
        return list(self.plan.dated_folders)

    def instructions(self, experiment: str) -> str:
        """`--instructions` of rollout_policy.py: `both` kinds of words for a policy that follows instructions."""
        return "both" if needs_language(self.plan.experiment(experiment)) else "demonstrated"

    def origin(self, experiment: str) -> dict[str, Any]:
        """What the rollouts of an experiment are made from."""
        policy = policy_path(latest_path(Path(self.file(experiment)).parent))
        words = self.instructions(experiment)
        return rollouts_origin(policy, self._tasks(experiment), self._seeds, self.plan.camera(), words)

    def reference_origin(self) -> dict[str, Any]:
        """What references.json is made from."""
        root = Path(self.plan.machine.tfrecord)
        return references_origin(root, self.all_tasks(), self._seeds, self.plan.camera())

    def _tasks(self, experiment: str) -> list[str]:
        return [task for task in self.plan.tasks(experiment) if task in TASKS]

    @property
    def _seeds(self) -> range:
        settings = self.plan.settings
        return range(settings.episode_seed, settings.episode_seed + settings.episodes)
