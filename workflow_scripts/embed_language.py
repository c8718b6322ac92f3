"""Embed every distinct instruction of an experiment's tasks into its language table; print the language coverage."""

import argparse
from pathlib import Path

import _repository  # noqa: F401  (makes bridgelib importable)

from bridgelib.config.datasets import load_datasets
from bridgelib.config.experiments import load_experiments
from bridgelib.errors import ConfigError, did_you_mean, run_program
from bridgelib.language.embed import embed_instructions

DATASETS = Path(__file__).resolve().parent.parent / "config" / "datasets.yaml"


def parse_arguments(argv: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, metavar="ROOT", help="root of the TFRecords")
    parser.add_argument("--tasks", nargs="+", required=True, metavar="TASK", help="task folders below it")
    parser.add_argument("--experiments", type=Path, required=True, metavar="YAML", help="the experiments file")
    parser.add_argument("--datasets", type=Path, default=DATASETS, metavar="YAML", help="default: %(default)s")
    parser.add_argument("--experiment", required=True, metavar="NAME", help="one of its experiments")
    parser.add_argument("--output", type=Path, required=True, metavar="NPZ", help="the language table to write")
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> None:
    """Write the table that the command line asks for."""
    options = parse_arguments(argv)
    experiments = load_experiments(options.experiments, load_datasets(options.datasets))
    if options.experiment not in experiments:
        raise ConfigError(
            options.experiments,
            given=f"no experiment '{options.experiment}'",
            allowed=experiments,
            do=did_you_mean(options.experiment, list(experiments)) or "choose one of these",
        )
    embed_instructions(experiments[options.experiment], options.data, options.tasks).save(options.output)


if __name__ == "__main__":
    run_program(main)
