"""Print the evaluations: the errors of each policy beside those of simple baselines."""

import argparse

from bridgelib.commands._paths import path
from bridgelib.commands._seeds import add_seeds_option
from bridgelib.evaluation.offline.table import evaluations_as_text


def main(argv: list[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, epilog="for instance: summarise_evaluations.py demo/runs/*/evaluation.json"
    )
    parser.add_argument("evaluations", type=path, nargs="+", metavar="JSON", help="<runs>/<experiment>/evaluation.json")
    add_seeds_option(parser)
    options = parser.parse_args(argv)
    print(evaluations_as_text(options.evaluations, dict(options.seeds)), end="")
