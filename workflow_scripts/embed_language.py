"""Embed every distinct instruction of an experiment's tasks into its language table; print the language coverage."""

import argparse
from pathlib import Path

import _repository  # makes bridgelib importable

from bridgelib.errors import run_program
from bridgelib.language.embed import embed_instructions
from bridgelib.training.assignment import chosen_experiment, tasks_below


def parse_arguments(argv: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    add = parser.add_argument
    add("--experiments", type=Path, required=True, metavar="YAML", help="the experiments file")
    add("--experiment", required=True, metavar="NAME", help="which of its experiments")
    add("--data", type=Path, required=True, metavar="TFRECORD", help="root of the TFRecords")
    add("--tasks", nargs="+", metavar="TASK", help="task folders below it (default: those of the experiment's dataset)")
    add("--output", type=Path, required=True, metavar="NPZ", help="the language table to write")
    add(
        "--datasets",
        type=Path,
        default=_repository.REPOSITORY / "config" / "datasets.yaml",
        metavar="YAML",
        help="the named datasets (default: config/datasets.yaml)",
    )
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> None:
    """Write the table that the command line asks for."""
    options = parse_arguments(argv)
    experiment = chosen_experiment(options.experiments, options.datasets, options.experiment)
    tasks = options.tasks or dict.fromkeys(sum(tasks_below(options.data, experiment), ()))
    embed_instructions(experiment, options.data, list(tasks)).save(options.output)


if __name__ == "__main__":
    run_program(main)
