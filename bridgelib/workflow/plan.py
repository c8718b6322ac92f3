"""The plan of one call of the workflow: its files, the jobs that make them, and what makes them stale."""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from bridgelib.capacity import available_cores
from bridgelib.config.experiments import Experiment
from bridgelib.config.launch import Launch
from bridgelib.config.machines import ENVIRONMENTS, MachineProfile
from bridgelib.config.settings import Settings
from bridgelib.data.selection import select_tasks, tasks_with_records
from bridgelib.errors import DataError
from bridgelib.evaluation.simulated import refuse_unknown_tasks
from bridgelib.language.presence import refuse_without_language
from bridgelib.language.settings import needs_language
from bridgelib.layout import absolute_path, portable_path
from bridgelib.origins import digest_of
from bridgelib.raw.chosen import ChosenTasks, composed, name_problem, refuse_left_out
from bridgelib.raw.tree import RawTree, Task, find_tasks, trajectory_names
from bridgelib.sim.plan import DEFAULTS, PlanEntry, plan
from bridgelib.training.forecast import CheckpointForecast, checkpoint_forecast
from bridgelib.workflow.admission import oddities, refusals, unfit_boxes
from bridgelib.workflow.forecast import in_brief, refuse_impossible
from bridgelib.workflow.records import empty_tasks
from bridgelib.workflow.resources import conversion_mb, tfrecord_mb, training_mb
from bridgelib.workflow.rollouts import Rollouts
from bridgelib.workflow.stages import Probe, Slots, StageForecast, environment_stage, stages
from bridgelib.workflow.staleness import Staleness
from bridgelib.workflow.survey import Key, Survey, survey
from bridgelib.workflow.targets import (
    ONLY_TOLD,
    ROLLED_OUT,
    TRAINING,
    WITHOUT_DATA,
    WITHOUT_RECORDS,
    makes_nothing,
    refuse_misunderstood,
    targets_in,
)

SIDES = ("train", "val")


@dataclass(frozen=True)
class WorkflowPlan:
    """Which files there will be. Nothing is read before it is asked for, and then once.

    Paths are given as Snakemake should see them: relative when they lie below the working directory, so that a
    repository that was moved remakes nothing.
    """

    settings: Settings
    repository: Path

    @property
    def machine(self) -> MachineProfile:
        """The machine's profile."""
        return self.settings.machine

    @property
    def training_environment(self) -> str:
        """The lock that this machine trains with."""
        return ENVIRONMENTS[self.machine.environment]

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

    @cached_property
    def empty_tasks(self) -> frozenset[str]:
        """Tasks of which nothing is kept, as far as that is known; see `bridgelib.workflow.records`."""
        return empty_tasks(self)

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

    @property
    def rollouts(self) -> Rollouts:
        """What is rolled out in the simulator."""
        return Rollouts(self)

    @cached_property
    def staleness(self) -> Staleness:
        """Which results are there but were made otherwise."""
        return Staleness(self)

    @cached_property
    def survey(self) -> Survey:
        """How many frames there are, from few listings."""
        keys = [(task, date) for task, dates in self.dated_folders.items() for date in dates]
        there = [key for key in keys if Path(self.machine.raw, *key).is_dir()]
        to_simulate = {key: entry for key, entry in self.simulation.items() if key not in set(there)}
        members = {key: self.trajectories(*key) for key in there}
        return survey(Path(self.machine.raw), members, to_simulate, self.machine.latency_shift)

    @cached_property
    def _listed(self) -> dict[Key, tuple[str, ...]]:
        return {}

    def trajectories(self, task: str, date: str) -> tuple[str, ...]:
        """The trajectories of a dated folder, listed once: the survey and the digests want them."""
        if (task, date) not in self._listed:
            self._listed[task, date] = trajectory_names(Path(self.machine.raw) / task / date)
        return self._listed[task, date]

    def check(self, words: Sequence[str], slots: Slots | None = None) -> str:
        """Refuse now what would fail later, as far as the requested targets need it.

        Args:
            words: The words of the command line. Targets that need no data, or no training, spare their checks.
            slots: What jobs may use at the same time; all cores and the profile's GPUs if None.

        Returns:
            What is still to be made will need, in a few lines; empty where that is nothing.

        Raises:
            ConfigError, DataError: No raw data, a wrong depth, an experiment without tasks, devices that do not fit,
                more than the disk or the memory holds.
        """
        refuse_misunderstood(words, {name: self.done_file(name) for name in self.settings.experiments})
        # The doctor tells whatever is wrong, all of it, and has to start for that.
        if "doctor" in words or makes_nothing(words):
            return ""
        targets = targets_in(words)
        if targets and targets <= WITHOUT_DATA:
            return ""
        self.rollouts.check(targets)
        _ = self.data_roots, self.dated_folders
        if targets and targets <= ONLY_TOLD:
            return ""
        if not targets or targets & TRAINING:
            for name in self.settings.experiments:
                self._check_language(name)
                refuse_unknown_tasks(self.experiment(name), self.tasks(name))
                for refusal in refusals(self, name):
                    raise refusal
        if refusal := unfit_boxes(self):
            raise refusal
        asked_for = self._stages_for(targets, slots)
        if self.settings.forecast == "refuse" and not self._names_files(words):
            refuse_impossible(asked_for, f"machine '{self.machine.name}'")
        return in_brief(asked_for, self.machine.name)

    def asides(self, words: Sequence[str]) -> list[str]:
        """What is left out, and what is odd, as far as the requested targets meet it; for people."""
        targets = targets_in(words)
        if "doctor" in words or makes_nothing(words) or (targets and targets <= WITHOUT_DATA):
            return []
        lines = [f"task {entry.path!r} is passed over: {entry.why}" for entry in self.chosen.unnameable]
        lines += [f"`exclude:` of the machine profile: '{pattern}' is no task" for pattern in self.chosen.idle]
        if not targets or targets & TRAINING:
            lines += [line for name in self.settings.experiments for line in oddities(self, name)]
        if not targets or targets & ROLLED_OUT:
            lines += self.rollouts.asides()
        return lines

    def stages(
        self, slots: Slots | None = None, probe: Probe | None = None, trainings: Mapping[str, float] | None = None
    ) -> list[StageForecast]:
        """What each step still needs; see `bridgelib.workflow.stages`."""
        return stages(self, slots or Slots(available_cores(), len(self.machine.gpus)), probe, trainings)

    def waiting(self) -> list[str]:
        """The experiments that are not done, or were done otherwise."""
        return [name for name in self.settings.experiments if not self.staleness.is_trained(name)]

    def checkpoints(self) -> dict[str, CheckpointForecast]:
        """Experiment -> what its checkpoints will take, for those that are not done."""
        chosen = map(self.experiment, self.waiting())
        return {each.name: checkpoint_forecast(each.algorithm, each.config) for each in chosen}

    def _stages_for(self, targets: set[str], slots: Slots | None) -> list[StageForecast]:
        """Those that the targets need; all where none is named."""
        beyond = set()
        if targets and not targets & TRAINING:
            beyond = {"train_policy", environment_stage(self.training_environment)}
            beyond |= set() if targets - WITHOUT_RECORDS else {"numpy_to_tfrecord"}
        return [stage for stage in self.stages(slots) if stage.name not in beyond]

    def _names_files(self, words: Sequence[str]) -> bool:
        """Whether single files are asked for: then what all of them would take says nothing."""
        roots = (self.machine.raw, self.machine.numpy, self.machine.tfrecord, self.machine.runs)
        paths = [Path(word).absolute() for word in words if "/" in word and "=" not in word and word[0] != "-"]
        return any(path.is_relative_to(root) for path in paths for root in roots)

    # Files, by step.

    def dated_folder(self, task: str, date: str) -> str:
        """The raw folder of one collection session; for a simulated one the file that is written last in it."""
        folder = Path(self.machine.raw) / task / date
        return portable_path(folder / "collection_metadata.json" if self.simulation else folder)

    def shards(self, task: str) -> list[str]:
        """The numpy shards of a task."""
        return [self.shard(task, date) for date in self._dates(task)]

    def shard(self, task: str, date: str) -> str:
        """The numpy shard of one collection session."""
        return portable_path(Path(self.machine.numpy) / task / f"{date}.npz")

    def all_shards(self) -> list[str]:
        """Every numpy shard."""
        return [shard for task in self.dated_folders for shard in self.shards(task)]

    def task_reports(self) -> list[str]:
        """The report of every task, written with its TFRecords."""
        return [portable_path(Path(self.machine.tfrecord) / task / "report.json") for task in self.dated_folders]

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
        """The TFRecords an experiment reads, both sides of each of its tasks."""
        root = self.data_root(experiment)
        return [record for task in self.tasks(experiment) for record in self._records(root, task)]

    def done_files(self) -> list[str]:
        """The one declared file of each training run."""
        return [self.done_file(name) for name in self.settings.experiments]

    def done_file(self, experiment: str) -> str:
        """`<runs>/<experiment>/done.json`."""
        return portable_path(Path(self.machine.runs) / experiment / "done.json")

    def evaluation_files(self) -> list[str]:
        """What each policy is worth without a simulator."""
        return [portable_path(Path(done).with_name("evaluation.json")) for done in self.done_files()]

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
        return [portable_path(Path(self.done_file(experiment)).with_name("language.npz"))]

    def trajectories_digest(self, task: str, date: str) -> str:
        """Changes when a trajectory comes or goes in a dated folder (or its simulation is planned otherwise)."""
        entry = self.simulation.get((task, date))
        return digest_of(entry.origin() if entry else self.trajectories(task, date))

    def experiment(self, name: str) -> Experiment:
        """The experiment of that name."""
        return self.settings.experiments[name]

    def gpus(self, experiment: str) -> int:
        """How many GPUs a training job takes; none where JAX is to use the CPU."""
        return 0 if self._launch(experiment).platform == "cpu" else self.experiment(experiment).devices

    def evaluation_gpus(self, experiment: str) -> int:
        """How many GPUs the evaluation of a policy takes: one, where its training takes any."""
        return min(1, self.gpus(experiment))

    def conversion_memory(self, task: str, date: str) -> int:
        """MB that the job of one shard asks a scheduler for."""
        return conversion_mb(self.machine)

    def tfrecord_memory(self, task: str) -> int:
        """MB that the job of one task's TFRecords asks a scheduler for."""
        return tfrecord_mb(self.machine)

    def training_memory(self, experiment: str) -> int:
        """MB that a training job asks a scheduler for."""
        return training_mb(self.machine, self.experiment(experiment), on_cpu=not self.gpus(experiment))

    def simulation_options(self, task: str, date: str) -> str:
        """Options of simulate_demonstrations.py for one session."""
        entry = self.simulation[task, date]
        height, width = entry.image_size
        return (
            f"--demonstrations {entry.demonstrations} --seed {entry.seed} --image_size {height} {width}"
            f" --action_noise {entry.action_noise}"
        )

    def training_options(self, experiment: str) -> str:
        """Options of train_policy.py."""
        if self.experiment(experiment).config["policy_from"] != "success":
            return self.experiment_options(experiment)
        height, width = next(iter(self.simulation.values()), DEFAULTS).image_size
        return f"{self.experiment_options(experiment)} --camera {height} {width}"

    def experiment_options(self, experiment: str) -> str:
        """Options of train_policy.py and embed_language.py that say which experiment, on which data."""
        root = self.data_root(experiment)
        options = [
            f"--experiments={portable_path(self.settings.experiments_file)}",
            f"--datasets={portable_path(self.settings.datasets_file)}",
            f"--experiment={experiment}",
            f"--digest={self.experiment(experiment).digest}",
            f"--data={portable_path(Path(root))}",
        ]
        if root == self.machine.tfrecord:
            options += [f"--raw={portable_path(Path(self.machine.raw))}", f"--depth={self.machine.depth}"]
        return shlex.join(options) + (self.exclude_option() if root == self.machine.tfrecord else "")

    def exclude_option(self) -> str:
        """The option that tells programs which tasks the machine leaves out; empty where it leaves out none."""
        return "".join(f" {shlex.quote(f'--exclude={pattern}')}" for pattern in self.machine.exclude)

    def launch_options(self, experiment: str) -> str:
        """Options of `envs/run` for a training job."""
        launch = self._launch(experiment)
        options = [f"--cuda-libs={launch.cuda_libs}", f"--platform={launch.platform}"]
        if launch.platform == "cpu" and self.machine.threads:
            options += [f"--threads={self.machine.threads}"]
        if launch.platform != "cpu":
            options += [f"--xla-flags={launch.xla_flags}"] if launch.xla_flags else []
            options += [f"--gpu-memory={self.machine.gpu_memory}"] if self.machine.gpu_memory != "auto" else []
            options += ["--deterministic"] if self.machine.deterministic else []
        return shlex.join(options)

    def _check_language(self, name: str) -> None:
        """Refuse an experiment that follows instructions on tasks without any; refuse one without tasks."""
        own = self.data_root(name) == self.machine.tfrecord and not self.simulation
        raw = Path(self.machine.raw) if own else None
        refuse_without_language(self.experiment(name), self.tasks(name), Path(self.data_root(name)), raw)

    def _launch(self, experiment: str) -> Launch:
        return Launch.of(self.machine, self.experiment(experiment))

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
        return [portable_path(Path(root) / task / side / "out.tfrecord") for side in SIDES]

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
