"""The options that name the simulated scenes to roll out in, shared by several programs."""

import argparse

from bridgelib.commands._numbers import at_least, positive
from bridgelib.commands._paths import path
from bridgelib.sim.plan import DEFAULTS
from bridgelib.sim.tasks import TASKS


def add_scene_options(parser: argparse.ArgumentParser) -> None:
    """Add these options; `seeds` reads them."""
    add = parser.add_argument
    tasks = f"some of {', '.join(TASKS)}"
    add("--task", action="extend", nargs="+", required=True, choices=TASKS, metavar="NAME", help=tasks)
    add("--episodes", type=positive, default=100, metavar="N", help="scenes of each task (default: 100)")
    add("--seed", type=int, default=1_000_000, metavar="S", help="of the first scene (default: 1000000)")
    add("--json", type=path, required=True, metavar="FILE", help="write the results here")
    add_camera_option(parser)


def add_camera_option(parser: argparse.ArgumentParser) -> None:
    """Add the option for the size of the simulator's images."""
    parser.add_argument(
        "--camera",
        type=at_least(16),
        nargs=2,
        default=list(DEFAULTS.image_size),
        metavar=("HEIGHT", "WIDTH"),
        help="size of the simulator's images in pixels, as in the demonstrations (default: %(default)s)",
    )


def seeds(options: argparse.Namespace) -> range:
    """The seeds of the scenes."""
    return range(options.seed, options.seed + options.episodes)
