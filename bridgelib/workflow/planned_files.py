"""The files of one call of the workflow: the data there is, and where its results will lie."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from bridgelib.config.experiments import Experiment
from bridgelib.config.machines import MachineProfile
from bridgelib.config.settings import Settings
from bridgelib.data.selection import select_tasks, tasks_with_records
from bridgelib.errors import DataError
from bridgelib.language.processor_settings import needs_language
from bridgelib.layout import (
    DONE,
    EVALUATION,
    LANGUAGE,
    PAGE,
    REPORT,
    SPLITS,
    absolute_path,
    metadata_path,
    portable_path,
    records_path,
    shard_path,
)
from bridgelib.raw.chosen import ChosenTasks, composed, name_problem, refuse_left_out
from bridgelib.raw.tree import RawTree, Task, find_tasks, trajectory_names
from bridgelib.sim.plan import DEFAULTS, PlanEntry, plan


@dataclass(frozen=True)
class PlannedFiles:
    """Tasks, sessions, experiments, and the files of each. Nothing is read before it is asked for, and then once.

    Paths are given as Snakemake should see them: relative when they lie below the working directory, so that a
    repository that was moved remakes nothing.
    """

    settings: Settings
    repository: Path

    @property
    def machine(self) -> MachineProfile:
        """The machine's profile."""
        return self.settings.machine

    @cached_property
    def dated_folders(self) -> Mapping[str, tuple[str, ...]]:
        """Task -> its dated folders, for every task of the raw root (or of the simulation)."""
        return {task.name: task.dates for task in self.chosen.tree.tasks}

    @cached_property
    def chosen(self) -> ChosenTasks:
        """The tasks that are taken, and those that are not."""
        raw, names = Path(self.machine.raw), dict.fromkeys(task for task, _ in self.simulation)
        simulated = (Task(name, tuple(date for task, date in self.simulation if task == name)) for name in names)
        tree = RawTree(raw, 2, tuple(simulated), ()) if names else find_tasks(raw, self.machine.depth)
        return ChosenTasks.of(tree, self.machine.exclude)

    def found(self, task: str) -> int:
        """How many trajectories the raw tree has of a task."""
        return sum(len(self.trajectories(task, date)) for date in self._dates(task))

    @cached_property
    def simulation(self) -> Mapping[tuple[str, str], PlanEntry]:
        """(task, date) -> what to simulate there; empty on a machine with real data."""
        if self.machine.simulation is None:
            return {}
        where = f"machine '{self.machine.name}', section 'simulation'"
        return {(entry.task, entry.date): entry for entry in plan(self.machine.simulation, where)}

    def entry(self, task: str, date: str) -> PlanEntry:
        """What to simulate in one dated folder."""
        return self.simulation[task, date]

    def camera(self, **_: str) -> tuple[int, int]:
        """Height and width of the images that policies see in the simulator, as in the demonstrations."""
        height, width = next(iter(self.simulation.values()), DEFAULTS).image_size
        return height, width

    @cached_property
    def _listed(self) -> dict[tuple[str, str], tuple[str, ...]]:
        return {}

    def trajectories(self, task: str, date: str) -> tuple[str, ...]:
        """The trajectories of a dated folder, listed once: the survey and the digests want them."""
        if (task, date) not in self._listed:
            self._listed[task, date] = trajectory_names(Path(self.machine.raw) / task / date)
        return self._listed[task, date]

    # Files, by step.

    def dated_folder(self, task: str, date: str) -> str:
        """The raw folder of one collection session; for a simulated one the file that is written last in it."""
        folder = Path(self.machine.raw) / task / date
        return portable_path(metadata_path(folder) if self.simulation else folder)

    def shards(self, task: str) -> list[str]:
        """The numpy shards of a task."""
        return [self.shard(task, date) for date in self._dates(task)]

    def shard(self, task: str, date: str) -> str:
        """The numpy shard of one collection session."""
        return portable_path(shard_path(self.machine.numpy, task, date))

    def all_shards(self) -> list[str]:
        """Every numpy shard."""
        return [shard for task in self.dated_folders for shard in self.shards(task)]

    def task_reports(self) -> list[str]:
        """The report of every task, written with its TFRecords."""
        return [portable_path(Path(self.machine.tfrecord, task, REPORT)) for task in self.dated_folders]

    def all_records(self) -> list[str]:
        """Every TFRecord of the machine."""
        return [record for task in self.dated_folders for record in self._records(self.machine.tfrecord, task)]

    def tasks(self, experiment: str) -> list[str]:
        """The tasks an experiment trains on."""
        root, dataset = self.data_root(experiment), self.experiment(experiment).dataset
        refuse_left_out(dataset.include, self._left_out(root), f"experiment '{experiment}', dataset '{dataset.name}'")
        groups = select_tasks(dataset, self._available_tasks(root), where=root)
        return list(dict.fromkeys(sum(groups, ())))

    def records(self, experiment: str) -> list[str]:
        """The TFRecords an experiment reads, both splits of each of its tasks."""
        root = self.data_root(experiment)
        return [record for task in self.tasks(experiment) for record in self._records(root, task)]

    def done_files(self) -> list[str]:
        """The declared output of each training run, its done.json."""
        return [self.done_file(name) for name in self.settings.experiments]

    def done_file(self, experiment: str) -> str:
        """`<runs>/<experiment>/done.json`."""
        return portable_path(Path(self.machine.runs, experiment, DONE))

    def evaluation_files(self) -> list[str]:
        """The evaluation.json of each policy."""
        return [portable_path(Path(done).with_name(EVALUATION)) for done in self.done_files()]

    @property
    def report(self) -> str:
        """`<runs>/report/index.html`."""
        return portable_path(Path(self.machine.runs, PAGE))

    def data_root(self, experiment: str) -> str:
        """Where an experiment's TFRecords lie: its own data_root, or the machine's."""
        given = self.experiment(experiment).data_root
        where = f"{portable_path(self.settings.experiments_file)}, section 'global', key 'data_root'"
        return str(absolute_path(given, Path.cwd(), where)) if given else self.machine.tfrecord

    @cached_property
    def data_roots(self) -> frozenset[str]:
        """Where the TFRecords lie that the experiments read."""
        return frozenset(self.data_root(name) for name in self.settings.experiments)

    def language_table(self, experiment: str) -> list[str]:
        """The embeddings of an experiment's instructions; none for an algorithm that needs no language."""
        if not needs_language(self.experiment(experiment)):
            return []
        return [portable_path(Path(self.done_file(experiment)).with_name(LANGUAGE))]

    def experiment(self, name: str) -> Experiment:
        """The experiment of that name."""
        return self.settings.experiments[name]

    def _dates(self, task: str) -> tuple[str, ...]:
        if task not in self.dated_folders:
            same = next((name for name in self.dated_folders if composed(name) == composed(task)), None)
            raise DataError(
                f"task '{task}'",
                given=f"no such task below {self.machine.raw}",
                allowed=list(self.dated_folders)[:20],
                do=f"copy the name from here, where Unicode writes it otherwise: {same}" if same else "check the name",
            )
        return self.dated_folders[task]

    def _records(self, root: str, task: str) -> list[str]:
        return [portable_path(records_path(Path(root, task), split)) for split in SPLITS]

    def _available_tasks(self, root: str) -> list[str]:
        """The tasks a data root has: those the workflow makes there, or those that lie in a root made elsewhere."""
        if Path(root) == Path(self.machine.tfrecord):
            return list(self.dated_folders)
        found = tasks_with_records(Path(root))
        if not found:
            raise DataError(
                f"data_root {root}",
                given="no <task>/train/out.tfrecord below it",
                do="correct data_root in the experiments file, or remove it to use the machine's own TFRecords",
            )
        return [task for task in found if not name_problem(task)]

    def _left_out(self, root: str) -> dict[str, str]:
        """Tasks of a data root that are not taken, and why."""
        if Path(root) == Path(self.machine.tfrecord):
            return {entry.path: entry.why for entry in (*self.chosen.excluded, *self.chosen.unnameable)}
        return {task: problem for task in tasks_with_records(Path(root)) if (problem := name_problem(task))}
