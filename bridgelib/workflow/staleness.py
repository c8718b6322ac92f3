"""Staleness: results whose recorded origin differs from the one they would have if they were made now.

Snakemake knows that only where it has metadata: of jobs that ran in this working directory. Results are shared and
moved, so each carries its origin, which is compared here. `Staleness` has a method for each rule.
"""

import re
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from bridgelib.config.experiments import Experiment
from bridgelib.conversion.data_origins import data_report_origin, records_origin, shard_origin
from bridgelib.errors import BridgeError
from bridgelib.evaluation.result_origins import evaluation_origin, success_origin
from bridgelib.language.table_origin import origin_in_table, table_origin
from bridgelib.layout import (
    EVALUATION,
    LANGUAGE,
    REPORT,
    latest_path,
    policy_path,
    portable_path,
    records_path,
    shard_report_path,
    table_paths,
)
from bridgelib.origins import UNKNOWN, differences, entry_in, origin_in
from bridgelib.report.origin import origin_in_page, report_origin
from bridgelib.training.policy_origin import recorded_origin, training_origin
from bridgelib.workflow.planned_files import PlannedFiles
from bridgelib.workflow.rollouts import Rollouts

Origin = Mapping[str, Any]

_LOCK = re.compile(r"\block ([0-9a-f]{12})\b")


@dataclass(frozen=True)
class MadeOtherwise:
    """A stale result: it is there, but its recorded origin differs from the one it would have now.

    Attributes:
        step: The rule that makes it.
        file: One of its files, as Snakemake knows it.
        differences: What it was made from -> what it would be made from.
    """

    step: str
    file: str
    differences: tuple[str, ...]

    @property
    def kind(self) -> tuple[str, ...]:
        """The step and what differs, the same for all results of one changed setting."""
        return (self.step, *sorted({line.split(":")[0].split(".")[0] for line in self.differences}))

    def __str__(self) -> str:
        more = f" and {len(self.differences) - 3} more" if len(self.differences) > 3 else ""
        return f"{self.step}: {self.file} was made otherwise ({'; '.join(self.differences[:3])}{more})"


class Made(NamedTuple):
    """A file of one result, its recorded origin (None: it has none), and the origin it would have if made now."""

    file: str
    recorded: Origin | None
    now: Callable[[], Origin]


@dataclass(frozen=True)
class Staleness:
    """The results of one plan. A result that is not there is not stale: None."""

    plan: PlannedFiles

    def of(self, step: str, **wildcards: str) -> MadeOtherwise | None:
        """Whether the result of a step was made otherwise; looked up once.

        Args:
            step: The name of a rule.
            wildcards: The rule's wildcards.
        """
        key = (step, *sorted(wildcards.items()))
        if key not in self._known:
            self._known[key] = _judged(step, getattr(self, step)(**wildcards))
        return self._known[key]

    def by_lock(
        self,
        lock: str,
        equal: Container[str],
        recorded: Callable[[str], Sequence[object] | None],
        step: str,
        **wildcards: str,
    ) -> MadeOtherwise | None:
        """Whether the result of a step was made in an environment of another lock, as Snakemake remembers.

        Args:
            lock: The present lock, as the param `lock` has it; empty for an environment that was not made from one.
            equal: The digests of locks that give the same results; see `bridgelib.jobs.environment_locks`.
            recorded: A file -> the params of the job that made it, as Snakemake keeps them; None where it keeps none.
            step: The name of a rule.
            wildcards: The rule's wildcards.
        """
        file = getattr(self, step)(**wildcards).file
        former = _LOCK.search(" ".join(map(str, recorded(file) or ()))) if lock else None
        if former is None or former[1] in equal or not Path(file).exists():
            return None
        return MadeOtherwise(step, file, (f"environment: {former[0]} -> {lock}",))

    @cached_property
    def _known(self) -> dict[tuple, MadeOtherwise | None]:
        return {}

    def is_trained(self, experiment: str) -> bool:
        """Whether an up-to-date policy is there, as far as its tasks are known."""
        try:
            made_otherwise = self.of("train_policy", experiment=experiment) is not None
        except BridgeError:  # refused elsewhere, where the experiment is asked for
            made_otherwise = False
        return not made_otherwise and Path(self.plan.done_file(experiment)).exists()

    def simulate_demonstrations(self, task: str, date: str) -> Made:
        """A simulated session."""
        file = self.plan.dated_folder(task, date)
        return Made(file, origin_in(Path(file)), self.plan.entry(task, date).origin)

    def raw_to_numpy(self, task: str, date: str) -> Made:
        """A shard."""
        machine = self.plan.machine
        shard, raw = self.plan.shard(task, date), Path(machine.raw) / task / date

        def now() -> Origin:
            to_simulate = self.plan.simulation and not raw.is_dir()
            members = UNKNOWN if to_simulate else self.plan.trajectories(task, date)
            return shard_origin(machine.im_size, machine.cameras, machine.gaze, machine.latency_shift, members)

        return Made(shard, origin_in(shard_report_path(shard)), now)

    def numpy_to_tfrecord(self, task: str) -> Made:
        """The TFRecords of a task."""
        machine, settings = self.plan.machine, self.plan.settings
        folder = Path(machine.tfrecord) / task
        recorded, found = (entry_in(folder / REPORT, key) for key in ("origin", "found"))

        def now() -> Origin:
            chosen = {key: getattr(machine, key) for key in ("im_size", "train_proportion", "image_encoding")}
            contents = {
                date: entry_in(shard_report_path(self.plan.shard(task, date)), "content") or UNKNOWN
                for date in self.plan.dated_folders[task]
            }
            # Where shards were removed to save disk, nothing shows whether trajectories came or went since.
            count = self.plan.found(task) if UNKNOWN in contents.values() and not self.plan.simulation else found
            origin = records_origin({**chosen, "seed": settings.split_seed}, machine.gaze, contents)
            return {**origin, "trajectories": count}

        file = portable_path(records_path(folder, "train"))
        recorded = {**recorded, "trajectories": found} if isinstance(recorded, Mapping) else None
        return Made(file, recorded, now)

    def data_report(self) -> Made:
        """The account of all tasks."""
        root = Path(self.plan.machine.tfrecord)
        file, tasks = portable_path(table_paths(root, "data_report")["json"]), list(self.plan.dated_folders)
        others = None if self.plan.simulation else self.plan.chosen.others  # simulated: only what was planned
        recorded = origin_in(Path(file))
        former = recorded and {"passed_over": UNKNOWN, **recorded}  # earlier versions did not record it
        return Made(file, former, lambda: data_report_origin(root, tasks, others))

    def embed_language(self, experiment: str) -> Made:
        """The language table of an experiment."""
        (file,) = self.plan.language_table(experiment)
        return Made(file, origin_in_table(Path(file)), lambda: table_origin(*self._read(experiment)))

    def train_policy(self, experiment: str) -> Made:
        """A trained policy."""
        done = Path(self.plan.done_file(experiment))
        recorded = recorded_origin(done, self.plan.experiment(experiment))

        def now() -> Origin:
            return training_origin(*self._read(experiment), done.with_name(LANGUAGE))

        return Made(str(done), recorded, now)

    def evaluate_policy(self, experiment: str) -> Made:
        """The evaluation of a policy on its validation split."""
        done = Path(self.plan.done_file(experiment))
        file = done.with_name(EVALUATION)
        policy, (_, root, tasks) = policy_path(latest_path(done.parent)), self._read(experiment)
        return Made(str(file), origin_in(file), lambda: evaluation_origin(policy, root, tasks))

    def rollout_policy(self, experiment: str) -> Made:
        """The rollouts of a policy."""
        file = self._rollouts.file(experiment)
        return Made(file, origin_in(Path(file)), lambda: self._rollouts.origin(experiment))

    def rollout_references(self) -> Made:
        """The rollouts of the references."""
        file = self._rollouts.references
        return Made(file, origin_in(Path(file)), self._rollouts.reference_origin)

    def success(self) -> Made:
        """The table of all successes."""
        rollouts = self._rollouts
        file, references = rollouts.success, Path(rollouts.references)
        made = {name: Path(rollouts.file(name)) for name in rollouts.experiments}
        return Made(file, origin_in(Path(file)), lambda: success_origin(references, made))

    def origin_of_report(self) -> Origin:
        """The origin of a report that is made now: of results that are there, whatever is missing."""
        machine = self.plan.machine
        try:
            tasks = list(self.plan.dated_folders)
        except BridgeError:  # it is told in the report
            tasks = []
        return report_origin(Path(machine.tfrecord), tasks, Path(machine.runs), self.plan.settings.experiments)

    def report(self) -> Made:
        """The report of all results."""
        return Made(self.plan.report, origin_in_page(Path(self.plan.report)), self.origin_of_report)

    @property
    def _rollouts(self) -> Rollouts:
        return Rollouts(self.plan)

    def _read(self, experiment: str) -> tuple[Experiment, Path, list[str]]:
        """The experiment, its data root, its tasks."""
        root = Path(self.plan.data_root(experiment))
        return self.plan.experiment(experiment), root, self.plan.tasks(experiment)


def _judged(step: str, made: Made) -> MadeOtherwise | None:
    """Compare a result's recorded origin with its present one; a result that is there without an origin is stale."""
    if made.recorded is None:
        told_nothing = ("it does not say from what",) if Path(made.file).exists() else ()
        return MadeOtherwise(step, made.file, told_nothing) if told_nothing else None
    found = tuple(differences(made.recorded, made.now()))
    return MadeOtherwise(step, made.file, found) if found else None
