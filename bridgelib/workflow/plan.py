"""The plan of one call of the workflow: its files, what of them is stale, and what their jobs take."""

from collections.abc import Iterable
from functools import cached_property
from pathlib import Path

from bridgelib.config.launch import Launch
from bridgelib.config.machines import ENVIRONMENTS
from bridgelib.language.processor_settings import encoder_environment
from bridgelib.layout import portable_path, table_paths
from bridgelib.training.assignment import Assignment
from bridgelib.workflow.planned_files import PlannedFiles
from bridgelib.workflow.records import empty_tasks
from bridgelib.workflow.resources import conversion_mb, tfrecord_mb, training_mb
from bridgelib.workflow.rollouts import Rollouts
from bridgelib.workflow.staleness import Staleness
from bridgelib.workflow.survey import Survey, survey


class WorkflowPlan(PlannedFiles):
    """What the rules ask of a plan. Its parts (`survey`, `staleness`, `rollouts`) are made when first asked for."""

    @property
    def training_environment(self) -> str:
        """The lock that this machine trains with."""
        return ENVIRONMENTS[self.machine.environment]

    def encoder_environment(self, experiment: str) -> str:
        """The lock that embeds an experiment's instructions."""
        return encoder_environment(self.experiment(experiment))

    @property
    def environments(self) -> list[str]:
        """The locks of all steps: that of the conversion, that of training, and those of encoders that have one."""
        encoders = map(self.encoder_environment, self.settings.experiments)
        return list(dict.fromkeys(["convert", self.training_environment, *encoders]))

    @property
    def rollouts(self) -> Rollouts:
        """What is rolled out in the simulator."""
        return Rollouts(self)

    @cached_property
    def staleness(self) -> Staleness:
        """Which results are there but out of date."""
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
    def empty_tasks(self) -> frozenset[str]:
        """Tasks of which nothing is kept, as far as that is known; see `bridgelib.workflow.records`."""
        return empty_tasks(self.staleness)

    def holds_nothing(self, experiment: str, task: str) -> bool:
        """Whether an experiment's task is known to be empty; in TFRecords made elsewhere only training finds that."""
        return self.data_root(experiment) == self.machine.tfrecord and task in self.empty_tasks

    def waiting(self) -> list[str]:
        """The experiments that are not done, or were done otherwise."""
        return [name for name in self.settings.experiments if not self.staleness.is_trained(name)]

    def results_of(self, targets: Iterable[str]) -> list[str]:
        """The results that targets ask for, without the report on them."""
        tables = table_paths(self.machine.tfrecord, "data_report").values()
        known = {
            "numpy": self.all_shards,
            "tfrecords": self.all_records,
            "data_report": lambda: [*map(portable_path, tables)],
            "train_all": self.done_files,
            "evaluate_all": self.evaluation_files,
            "success": self.rollouts.tables,
        }
        whole = ("data_report", "train_all", "evaluate_all", "success")
        names = dict.fromkeys(name for target in targets for name in (whole if target == "all" else (target,)))
        return [file for name in names if name in known for file in known[name]()]

    # What jobs take, and how they are started.

    def gpus(self, experiment: str) -> int:
        """How many GPUs a training job takes; none where JAX is to use the CPU."""
        return 0 if self.launch(experiment).platform == "cpu" else self.experiment(experiment).num_devices

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

    def launch(self, experiment: str) -> Launch:
        """How a training job is started."""
        return Launch.of(self.machine, self.experiment(experiment))

    def launch_options(self, experiment: str) -> list[str]:
        """The same as options of `envs/run`."""
        return self.launch(experiment).options

    def assignment(self, experiment: str) -> Assignment:
        """Which experiment, on which data; for the jobs of that experiment."""
        data_root = Path(portable_path(self.data_root(experiment)))
        return Assignment(self.experiment(experiment), data_root, tuple(self.tasks(experiment)))
