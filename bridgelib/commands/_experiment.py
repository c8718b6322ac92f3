"""The options that name an experiment and its data, shared by several programs."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from bridgelib.commands._paths import path
from bridgelib.errors import ConfigError
from bridgelib.repository import REPOSITORY

if TYPE_CHECKING:
    from bridgelib.training.assignment import Assignment


def add_experiment_options(parser: argparse.ArgumentParser) -> None:
    """Add these options; `assignment` reads them."""
    add = parser.add_argument
    add("--assignment", type=path, metavar="JSON", help="what the workflow resolved, in place of all that follows here")
    add("--experiments", type=path, metavar="YAML", help="the experiments file")
    add("--experiment", metavar="NAME", help="which of its experiments")
    add("--data", type=path, metavar="TFRECORD", help="root of the TFRecords")
    add("--raw", type=path, help="raw root: only tasks that it has are taken")
    add("--depth", default="auto", help="levels from the raw root to the dated folders (default: auto)")
    add("--exclude", action="append", default=[], metavar="PATTERN", help="tasks of the raw root that do not count")
    add(
        "--datasets",
        type=path,
        default=REPOSITORY / "config" / "datasets.yaml",
        metavar="YAML",
        help="the named datasets (default: config/datasets.yaml)",
    )


def assignment(options: argparse.Namespace) -> Assignment:
    """The experiment and its data, as the options name them."""
    from bridgelib.training.assignment import Assignment, chosen_experiment, collected_tasks

    if options.assignment:
        return Assignment.load(options.assignment)
    named = ("experiments", "experiment", "data")
    if missing := [f"--{name}" for name in named if not getattr(options, name)]:
        raise ConfigError("the command line", given=f"no {', no '.join(missing)}", do="name it, or an --assignment")
    experiment = chosen_experiment(options.experiments, options.datasets, options.experiment)
    depth = int(options.depth) if options.depth.isdecimal() else options.depth
    tasks = collected_tasks(options.raw, depth, options.exclude) if options.raw else None
    return Assignment(experiment, options.data, tasks)
