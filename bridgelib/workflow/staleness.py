"""Which results are there but were made otherwise than they would be made now, as they tell themselves.

Snakemake knows that only where it has metadata: of jobs that ran in this working directory. Results are shared and
moved, so they carry their origin, and it is held against the one they would have now. A method for each rule.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bridgelib.conversion.origins import data_report_origin, records_origin, shard_origin
from bridgelib.errors import BridgeError
from bridgelib.evaluation.origins import evaluation_origin, success_origin
from bridgelib.language.origin import origin_in_table, table_origin
from bridgelib.layout import portable_path
from bridgelib.origins import UNKNOWN, differences, entry_in, origin_in
from bridgelib.training.origin import recorded_origin, training_origin

if TYPE_CHECKING:
    from bridgelib.workflow.plan import WorkflowPlan

Origin = Mapping[str, Any]


@dataclass(frozen=True)
class MadeOtherwise:
    """A result that is there and that another job made than would make it now.

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


@dataclass(frozen=True)
class Staleness:
    """The results of one plan. Where nothing is there nothing is stale: None."""

    plan: "WorkflowPlan"

    def of(self, step: str, **wildcards: str) -> MadeOtherwise | None:
        """Whether the result of a step was made otherwise; looked up once.

        Args:
            step: A rule.
            wildcards: Its wildcards.
        """
        key = (step, *sorted(wildcards.items()))
        if key not in self._known:
            self._known[key] = getattr(self, step)(**wildcards)
        return self._known[key]

    @cached_property
    def _known(self) -> dict[tuple, MadeOtherwise | None]:
        return {}

    def is_trained(self, experiment: str) -> bool:
        """Whether a policy is there that training would not make otherwise, as far as its tasks can be told."""
        try:
            made_otherwise = self.of("train_policy", experiment=experiment) is not None
        except BridgeError:  # which is refused elsewhere, where it is asked for
            made_otherwise = False
        return not made_otherwise and Path(self.plan.done_file(experiment)).exists()

    def simulate_demonstrations(self, task: str, date: str) -> MadeOtherwise | None:
        """A simulated session."""
        file = self.plan.dated_folder(task, date)
        return _judged("simulate_demonstrations", file, origin_in(Path(file)), self.plan.simulation[task, date].origin)

    def raw_to_numpy(self, task: str, date: str) -> MadeOtherwise | None:
        """A shard."""
        machine = self.plan.machine
        shard, raw = self.plan.shard(task, date), Path(machine.raw) / task / date

        def now() -> Origin:
            to_simulate = self.plan.simulation and not raw.is_dir()
            members = UNKNOWN if to_simulate else self.plan.trajectories(task, date)
            return shard_origin(machine.im_size, machine.cameras, machine.gaze, machine.latency_shift, members)

        return _judged("raw_to_numpy", shard, origin_in(_report(shard)), now)

    def numpy_to_tfrecord(self, task: str) -> MadeOtherwise | None:
        """The TFRecords of a task."""
        machine, settings = self.plan.machine, self.plan.settings
        folder = Path(machine.tfrecord) / task
        recorded, found = (entry_in(folder / "report.json", key) for key in ("origin", "found"))

        def now() -> Origin:
            chosen = {key: getattr(machine, key) for key in ("im_size", "train_proportion", "image_encoding")}
            contents = {
                date: entry_in(_report(self.plan.shard(task, date)), "content") or UNKNOWN
                for date in self.plan.dated_folders[task]
            }
            # Shards that were removed to save disk do not tell that a trajectory came or went since.
            count = self.plan.found(task) if UNKNOWN in contents.values() and not self.plan.simulation else found
            origin = records_origin({**chosen, "seed": settings.split_seed}, machine.gaze, contents)
            return {**origin, "trajectories": count}

        file = portable_path(folder / "train" / "out.tfrecord")
        recorded = {**recorded, "trajectories": found} if isinstance(recorded, Mapping) else None
        return _judged("numpy_to_tfrecord", file, recorded, now)

    def data_report(self) -> MadeOtherwise | None:
        """The account of all tasks."""
        root = Path(self.plan.machine.tfrecord)
        file, tasks = portable_path(root / "data_report.json"), list(self.plan.dated_folders)
        others = None if self.plan.simulation else self.plan.chosen.others  # of what was planned, not of a real tree
        return _judged("data_report", file, origin_in(Path(file)), lambda: data_report_origin(root, tasks, others))

    def embed_language(self, experiment: str) -> MadeOtherwise | None:
        """The language table of an experiment."""
        (file,) = self.plan.language_table(experiment)
        return _judged(
            "embed_language", file, origin_in_table(Path(file)), lambda: table_origin(*self._read(experiment))
        )

    def train_policy(self, experiment: str) -> MadeOtherwise | None:
        """A trained policy."""
        done = Path(self.plan.done_file(experiment))
        recorded = recorded_origin(done, self.plan.experiment(experiment))

        def now() -> Origin:
            return training_origin(*self._read(experiment), done.with_name("language.npz"))

        return _judged("train_policy", str(done), recorded, now)

    def evaluate_policy(self, experiment: str) -> MadeOtherwise | None:
        """What a policy is worth on the validation side."""
        done = Path(self.plan.done_file(experiment))
        file = done.with_name("evaluation.json")
        policy, (_, *data) = done.parent / "latest" / "policy", self._read(experiment)
        return _judged("evaluate_policy", str(file), origin_in(file), lambda: evaluation_origin(policy, *data))

    def rollout_policy(self, experiment: str) -> MadeOtherwise | None:
        """How often a policy succeeds."""
        file = self.plan.rollouts.file(experiment)
        return _judged("rollout_policy", file, origin_in(Path(file)), lambda: self.plan.rollouts.origin(experiment))

    def rollout_references(self) -> MadeOtherwise | None:
        """How often others succeed."""
        file = self.plan.rollouts.references
        return _judged("rollout_references", file, origin_in(Path(file)), self.plan.rollouts.reference_origin)

    def success(self) -> MadeOtherwise | None:
        """The table of all successes."""
        rollouts = self.plan.rollouts
        file, references = rollouts.success, Path(rollouts.references)
        made = {name: Path(rollouts.file(name)) for name in rollouts.experiments}
        return _judged("success", file, origin_in(Path(file)), lambda: success_origin(references, made))

    def _read(self, experiment: str) -> tuple:
        """The experiment, its data root, its tasks."""
        root = Path(self.plan.data_root(experiment))
        return self.plan.experiment(experiment), root, self.plan.tasks(experiment)


def _report(shard: str) -> Path:
    return Path(shard).with_suffix(".report.json")


def _judged(step: str, file: str, recorded: Origin | None, now: Callable[[], Origin]) -> MadeOtherwise | None:
    """What a result tells of itself against what it would tell; one that is there and tells nothing is stale too."""
    if recorded is None:
        told_nothing = ("it does not say from what",) if Path(file).exists() else ()
        return MadeOtherwise(step, file, told_nothing) if told_nothing else None
    found = tuple(differences(recorded, now()))
    return MadeOtherwise(step, file, found) if found else None
