"""Embed every distinct instruction of an experiment's tasks into its language table; print the language coverage."""

import argparse

from bridgelib.commands._experiment import add_experiment_options, assignment
from bridgelib.commands._paths import path
from bridgelib.language.embed import embed_instructions
from bridgelib.language.table_origin import table_origin
from bridgelib.origins import with_release
from bridgelib.seals import sealed


def parse_arguments(argv: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    add_experiment_options(parser)
    parser.add_argument("--output", type=path, required=True, metavar="NPZ", help="the language table to write")
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> None:
    """Write the table that the command line asks for."""
    options = parse_arguments(argv)
    given = assignment(options)
    experiment, data, tasks = given.experiment, given.data_root, list(dict.fromkeys(sum(given.groups(), ())))
    origin = with_release(table_origin(experiment, data, tasks))
    with sealed("embed_language", options.output):
        embed_instructions(experiment, data, tasks).save(options.output, origin)
