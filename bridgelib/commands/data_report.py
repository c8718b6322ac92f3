"""Count what was found, kept, rejected and remarked on; print the tables and write them as text and JSON."""

import argparse

from bridgelib.commands._paths import path
from bridgelib.conversion.tree_report import save, tree_report


def main(argv: list[str] | None = None) -> None:
    """Print the tables; write them where the command line says."""
    options = parse_arguments(argv)
    tree = tree_report(options.root, options.raw, options.depth, options.exclude)
    print(save(tree, options.text, options.json, options.listed), end="")


def parse_arguments(argv: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    add = parser.add_argument
    add("--root", type=path, required=True, metavar="TFRECORD", help="root of the TFRecords")
    add("--raw", type=path, help="raw root: its tasks are reported, and what lies in it beside their dated folders")
    add("--depth", default="auto", help="levels from the raw root to the dated folders (default: auto)")
    add("--exclude", action="append", default=[], metavar="PATTERN", help="tasks of the raw root to leave out, counted")
    add("--text", type=path, help="write the tables here")
    add("--json", type=path, help="write everything here, each rejected trajectory and each remark too")
    add("--listed", type=int, default=20, metavar="N", help="rejected trajectories named in the text (default: 20)")
    options = parser.parse_args(argv)
    options.depth = int(options.depth) if options.depth.isdecimal() else options.depth
    return options
