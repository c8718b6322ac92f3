"""What to train: one experiment of a file, on the tasks that its dataset finds below a data root."""

from pathlib import Path

from bridgelib.config.datasets import load_datasets
from bridgelib.config.experiments import Experiment, load_experiments
from bridgelib.data.selection import composed, select_tasks
from bridgelib.errors import ConfigError, did_you_mean
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
    data_root: Path, experiment: Experiment, raw: Path | None = None, depth: int | str = "auto"
) -> tuple[tuple[str, ...], ...]:
    """The tasks of each group of an experiment's dataset, among the TFRecords below a data root.

    Args:
        data_root: The folder of the tasks.
        experiment: Whose dataset.
        raw: Only tasks that this raw root has count, so that what is left of a removed one is not trained on.
        depth: Of the raw root.

    Raises:
        ConfigError: A pattern of the dataset matches none of them.
        DataError: The raw root is missing.
    """
    found = sorted(path.parent.parent.relative_to(data_root) for path in data_root.glob("**/train/out.tfrecord"))
    tasks = [path.as_posix() for path in found]
    if raw:
        collected = {composed(task.name) for task in find_tasks(raw, depth).tasks}
        tasks = [task for task in tasks if composed(task) in collected]
    return select_tasks(experiment.dataset, tasks, where=str(data_root))
