"""Say where all work of a machine stands, whoever has started it: state, step, rate, ETA, validation, success, GPU."""

import argparse
import sys
import time

from bridgelib.commands._numbers import number_from_zero
from bridgelib.config.schema import read_yaml
from bridgelib.config.settings import load_settings, read_words
from bridgelib.repository import REPOSITORY
from bridgelib.watching.status import Status
from bridgelib.workflow.plan import WorkflowPlan

EXAMPLES = """\
  snakemake status --config machine=tasl
  snakemake status --config machine=tasl watch=10
  status.py --config machine=tasl --watch

States: `training` by a living process, on whichever host; `queued` in SLURM; `stopped`, and will resume; `failed`;
`done`; `waiting`, not begun. It reads locks, metrics and logs, and writes nothing; a disk that both hosts see is all
that it needs.
"""
_ANEW = "\x1b[H\x1b[J"  # to the top of the terminal, and clear what is below


def main(argv: list[str] | None = None) -> int:
    """Print the status; with --watch again and again."""
    options = parse_arguments(argv)
    config = {**read_yaml(REPOSITORY / "config" / "config.yaml"), **read_words(options.config)}
    try:
        while True:
            # Read anew: data comes and goes.
            plan = WorkflowPlan(load_settings(config, REPOSITORY), REPOSITORY)
            text = Status.of(plan).as_text()
            anew = _ANEW if options.watch and sys.stdout.isatty() else ""
            print(f"{anew}{time.strftime('%Y-%m-%d %H:%M:%S')}  {text}", flush=True)
            if not options.watch:
                return 0
            time.sleep(options.watch)
    except KeyboardInterrupt:
        return 0


def parse_arguments(argv: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--config", nargs="+", default=[], metavar="KEY=VALUE", help="settings, as after snakemake --config")
    add(
        "--watch",
        type=number_from_zero,
        nargs="?",
        const=5.0,
        default=0.0,
        metavar="SECONDS",
        help="print it again after so many seconds (default: 5), until Ctrl-C",
    )
    return parser.parse_args(argv)
