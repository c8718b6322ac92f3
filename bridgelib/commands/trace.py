"""Trace a result back to the raw demonstrations: when and with which code, options and lock each step made it."""

import argparse
import json

from bridgelib.commands._paths import path
from bridgelib.config.schema import read_yaml
from bridgelib.config.settings import load_settings, read_words
from bridgelib.repository import REPOSITORY
from bridgelib.tracing.chain import as_text
from bridgelib.tracing.places import traced
from bridgelib.tracing.trace import Trace

EXAMPLES = """\
  snakemake trace --config of=demo/runs/success.txt
  snakemake trace --config of=demo/runs/bc_demo/rollouts/put_red_cube_on_plate-success-1000003.webp ids=all
  trace.py --config machine=demo -- bc_demo
  trace.py --config machine=demo -- demo/tfrecord/put_red_cube_on_plate --json

Any file or folder that the workflow made will do: a policy, done.json, evaluation.json, rollouts or one of their
pictures, a checkpoint, a table, TFRecords, a shard, a collection session; or the name of an experiment. What was made
again since, so that it is no longer what the result was made from, is marked ATTENTION.
"""


def main(argv: list[str] | None = None) -> None:
    """Print the chain."""
    options = parse_arguments(argv)
    config = {**read_yaml(REPOSITORY / "config" / "config.yaml"), **read_words(options.config)}
    machine = load_settings(config, REPOSITORY).machine
    roots = (path(str(getattr(machine, root))) for root in ("raw", "numpy", "tfrecord", "runs"))
    step = traced(options.result, Trace(*roots))
    print(json.dumps(step.to_json(), indent=2) if options.json else as_text(step, options.ids), end="")


def parse_arguments(argv: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("result", type=path, metavar="RESULT", help="what to trace")
    add("--config", nargs="+", default=[], metavar="KEY=VALUE", help="settings, as after snakemake --config")
    add("--ids", action="store_true", help="name every content id")
    add("--json", action="store_true", help="print the whole chain as JSON")
    return parser.parse_args(argv)
