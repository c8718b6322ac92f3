"""The options by which a script is told which experiment, and where its data lies."""

import argparse

import _repository
from _paths import path


def add_experiment_options(parser: argparse.ArgumentParser) -> None:
    """Add them; read them with `experiment_and_tasks`."""
    add = parser.add_argument
    add("--experiments", type=path, required=True, metavar="YAML", help="the experiments file")
    add("--experiment", required=True, metavar="NAME", help="which of its experiments")
    add("--data", type=path, required=True, metavar="TFRECORD", help="root of the TFRecords")
    add("--raw", type=path, help="raw root: only tasks that it has are taken")
    add("--depth", default="auto", help="levels from the raw root to the dated folders (default: auto)")
    add("--exclude", action="append", default=[], metavar="PATTERN", help="tasks of the raw root that do not count")
    add("--digest", help="refuse to work unless the experiment's configuration has this digest")
    add(
        "--datasets",
        type=path,
        default=_repository.REPOSITORY / "config" / "datasets.yaml",
        metavar="YAML",
        help="the named datasets (default: config/datasets.yaml)",
    )


def experiment_and_tasks(options: argparse.Namespace):
    """The experiment, and the tasks of each group of its dataset."""
    from bridgelib.training.assignment import chosen_experiment, tasks_below

    experiment = chosen_experiment(options.experiments, options.datasets, options.experiment, options.digest)
    depth = int(options.depth) if options.depth.isdecimal() else options.depth
    return experiment, tasks_below(options.data, experiment, options.raw, depth, options.exclude)
