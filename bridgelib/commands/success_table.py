"""Put the rollouts of policies and references beside each other; print the table, write it as text and JSON."""

import argparse
from contextlib import nullcontext
from pathlib import Path

from bridgelib.commands._paths import path
from bridgelib.commands._seeds import add_seeds_option
from bridgelib.evaluation.result_origins import success_origin
from bridgelib.evaluation.table import as_text, success_summary
from bridgelib.files import read_json, write_json, written_whole
from bridgelib.origins import with_release
from bridgelib.seals import sealed

EXAMPLES = """\
  success_table.py --references demo/runs/references.json --rollouts bc_demo=demo/runs/bc_demo/rollouts.json \\
      gc_bc_demo=demo/runs/gc_bc_demo/rollouts.json

A policy whose interval does not lie above that of the blind policies and of random actions has not learned to look; the
table says so. Differences between policies are of the same scenes (Newcombe's paired interval).
"""


def main(argv: list[str] | None = None) -> None:
    """Print the table; write it where the command line says."""
    options = parse_arguments(argv)
    rollouts = dict(options.rollouts)
    origin = success_origin(options.references, rollouts)
    contents = {name: read_json(file) for name, file in rollouts.items()}
    summary = success_summary(read_json(options.references), contents, dict(options.seeds))
    text = as_text(summary)
    paths = [path for path in (options.json, options.text) if path]
    with sealed("success", *paths) if paths else nullcontext():
        if options.text:
            with written_whole(options.text) as partial:
                partial.write_text(text, encoding="utf-8")
        if options.json:
            write_json(options.json, {**summary, "origin": with_release(origin)})
    print(text, end="")


def parse_arguments(argv: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--references", type=path, required=True, metavar="JSON", help="of rollout_references.py")
    add("--rollouts", type=named, nargs="+", required=True, metavar="NAME=JSON", help="of rollout_policy.py")
    add_seeds_option(parser)
    add("--text", type=path, help="write the table here")
    add("--json", type=path, help="write everything here, all differences too")
    return parser.parse_args(argv)


def named(text: str) -> tuple[str, Path]:
    """NAME=JSON."""
    name, equals, file = text.partition("=")
    if not (name and equals and file):
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=JSON")
    return name, path(file)
