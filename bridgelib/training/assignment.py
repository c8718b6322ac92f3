"""What to train: one experiment of a file, on the tasks that its dataset finds below a data root."""

import sys
from collections.abc import Sequence
from pathlib import Path

from bridgelib.config.datasets import load_datasets
from bridgelib.config.experiments import Experiment, load_experiments
from bridgelib.data.identity import holds_nothing
from bridgelib.data.selection import select_tasks, tasks_with_records
from bridgelib.errors import ConfigError, DataError, did_you_mean
from bridgelib.raw.chosen import ChosenTasks, composed
from bridgelib.raw.tree import find_tasks


def chosen_experiment(experiments: Path, datasets: Path, name: str, digest: str | None = None) -> Experiment:
    """The experiment of that name.

    Args:
        experiments: The experiments file.
        datasets: The file of named datasets.
        name: Of the experiment.
        digest: Of the configuration that the caller means; None for whatever the file says.

    Raises:
        ConfigError: The file has no such experiment, or another configuration under its name.
    """
    known = load_experiments(experiments, load_datasets(datasets))
    if name not in known:
        hint = did_you_mean(name, list(known)) or "choose one of the allowed experiments"
        raise ConfigError(experiments, given=f"no experiment '{name}'", allowed=known, do=hint)
    if digest not in (None, known[name].digest):
        raise ConfigError(
            f"{experiments}, experiment '{name}'",
            given=f"configuration {known[name].digest}, where {digest} was planned: the file changed in between",
            do="start the workflow again",
        )
    return known[name]


def tasks_below(
    data_root: Path,
    experiment: Experiment,
    raw: Path | None = None,
    depth: int | str = "auto",
    exclude: Sequence[str] = (),
) -> tuple[tuple[str, ...], ...]:
    """The tasks of each group of an experiment's dataset, among the TFRecords below a data root.

    Tasks that hold no trajectory are passed over with a line, and a group of none but such ones with its weight.

    Args:
        data_root: The folder of the tasks.
        experiment: Whose dataset.
        raw: Only tasks that this raw root has count, so that what is left of a removed one is not trained on.
        depth: Of the raw root.
        exclude: Patterns of tasks that do not count.

    Raises:
        ConfigError: A pattern of the dataset matches none of them.
        DataError: The raw root is missing, or no task holds a trajectory.
    """
    tasks = tasks_with_records(data_root)
    if raw:
        collected = {composed(task.name) for task in ChosenTasks.of(find_tasks(raw, depth), exclude).tree.tasks}
        tasks = [task for task in tasks if composed(task) in collected]
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
