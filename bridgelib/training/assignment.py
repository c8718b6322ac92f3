"""What to train: an experiment, on the tasks that its dataset finds below a data root. Standard library and YAML only.

The workflow resolves that once, and writes it into a small file for the jobs of the experiment. They do not take the
file as an input, so that they run again when its content differs, not when it is written anew.
"""

import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from bridgelib.config.algorithms import algorithm_named, checked
from bridgelib.config.datasets import Dataset, load_datasets
from bridgelib.config.experiments import Experiment, load_experiments
from bridgelib.data.records_digest import holds_nothing
from bridgelib.data.selection import select_tasks, tasks_with_records
from bridgelib.errors import ConfigError, DataError, did_you_mean
from bridgelib.files import read_json, write_json
from bridgelib.layout import portable_path
from bridgelib.raw.chosen import ChosenTasks, composed
from bridgelib.raw.tree import find_tasks


@dataclass(frozen=True)
class Assignment:
    """An experiment and its data.

    Attributes:
        experiment: Everything resolved.
        data_root: The folder of its tasks.
        tasks: The tasks to use, so that remains of a removed task are not trained on; all that lie there if None.
    """

    experiment: Experiment
    data_root: Path
    tasks: tuple[str, ...] | None = None

    def save(self, path: Path) -> None:
        """Write it as JSON."""
        write_json(path, {**asdict(self), "data_root": str(self.data_root)})

    @classmethod
    def load(cls, path: Path) -> "Assignment":
        """Read it.

        Raises:
            DataError: The file is missing, or another one.
            ConfigError: It is of another version, which has other algorithms or settings.
        """
        content, where = read_json(path), portable_path(path)
        try:
            given = content["experiment"]
            algorithm = algorithm_named(given["algorithm"], where)
            config = checked(given["config"], algorithm.name, where)
            experiment = Experiment(**{**given, "config": config, "dataset": Dataset(**given["dataset"])})
            return cls(experiment, Path(content["data_root"]), tuple(content["tasks"]))
        except (KeyError, TypeError):
            do = "let the workflow write it: snakemake train_all"
            raise DataError(path, given="not the assignment of an experiment", do=do) from None

    def groups(self) -> tuple[tuple[str, ...], ...]:
        """The tasks of each group of the experiment's dataset; see `tasks_below`."""
        return tasks_below(self.data_root, self.experiment, self.tasks)


def chosen_experiment(experiments: Path, datasets: Path, name: str) -> Experiment:
    """The experiment of that name.

    Args:
        experiments: The experiments file.
        datasets: The file of named datasets.
        name: The experiment's name.

    Raises:
        ConfigError: The file has no such experiment.
    """
    known = load_experiments(experiments, load_datasets(datasets))
    if name not in known:
        hint = did_you_mean(name, list(known)) or "choose one of the allowed experiments"
        raise ConfigError(experiments, given=f"no experiment '{name}'", allowed=known, do=hint)
    return known[name]


def collected_tasks(raw: Path, depth: int | str = "auto", exclude: Sequence[str] = ()) -> tuple[str, ...]:
    """The tasks of a raw root.

    Args:
        raw: The raw root.
        depth: Levels from it to the dated folders.
        exclude: Patterns of tasks that do not count.

    Raises:
        DataError: The raw root is missing.
    """
    return tuple(task.name for task in ChosenTasks.of(find_tasks(raw, depth), exclude).tree.tasks)


def tasks_below(
    data_root: Path, experiment: Experiment, among: Iterable[str] | None = None
) -> tuple[tuple[str, ...], ...]:
    """The tasks of each group of an experiment's dataset, among the TFRecords below a data root.

    Tasks without a trajectory are left out, with a printed line; so is a group of only such tasks, with its weight.

    Args:
        data_root: The folder of the tasks.
        experiment: The experiment.
        among: Only these count, in whatever form of Unicode; all if None.

    Raises:
        ConfigError: A pattern of the dataset matches none of them.
        DataError: No task holds a trajectory.
    """
    tasks = tasks_with_records(data_root)
    if among is not None:
        counting = set(map(composed, among))
        tasks = [task for task in tasks if composed(task) in counting]
    groups = select_tasks(experiment.dataset, tasks, where=str(data_root))
    empty = {task for task in sum(groups, ()) if holds_nothing(data_root / task)}
    for task in sorted(empty):
        print(f"{data_root / task}: no trajectory in it, so it is passed over", file=sys.stderr)
    if empty.issuperset(sum(groups, ())):
        raise DataError(
            f"experiment '{experiment.name}', dataset '{experiment.dataset.name}'",
            given=f"no trajectory to train on in {data_root}: nothing was kept of {', '.join(sorted(empty)[:5])}",
            do="repair the raw data (the data report says what was wrong with it), or train on another task",
        )
    return tuple(tuple(task for task in group if task not in empty) for group in groups)
