"""Simulate one dated folder of demonstrations and write it into a raw BridgeData tree."""

import argparse

from bridgelib.commands._paths import path
from bridgelib.sim.demonstrations import write_dated_folder
from bridgelib.sim.plan import DEFAULTS, PlanEntry
from bridgelib.sim.tasks import TASKS


def parse_arguments(argv: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--raw", type=path, required=True, metavar="DIR", help="raw root; <task>/<date> is made in it")
    parser.add_argument("--task", required=True, help=f"one of: {', '.join(TASKS)}")
    parser.add_argument("--date", required=True, metavar="YYYY-MM-DD_hh-mm-ss", help="name of the dated folder")
    parser.add_argument("--demonstrations", type=int, required=True, metavar="N", help="number of trajectories")
    parser.add_argument("--seed", type=int, default=DEFAULTS.seed, help="another seed gives other demonstrations")
    parser.add_argument(
        "--image_size",
        type=int,
        nargs=2,
        default=DEFAULTS.image_size,
        metavar=("HEIGHT", "WIDTH"),
        help="size of the frames in pixels (default: %(default)s)",
    )
    parser.add_argument(
        "--action_noise",
        type=float,
        default=DEFAULTS.action_noise,
        metavar="METRES",
        help="standard deviation of the shoves that the arm gets now and then; recorded is what the expert intended "
        "(default: %(default)s)",
    )
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> None:
    """Write the folder that the command line asks for."""
    options = parse_arguments(argv)
    entry = PlanEntry(
        task=options.task,
        date=options.date,
        demonstrations=options.demonstrations,
        seed=options.seed,
        image_size=tuple(options.image_size),
        action_noise=options.action_noise,
    )
    write_dated_folder(options.raw, entry)
