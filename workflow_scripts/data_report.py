"""Count what was found, kept, rejected and remarked on; print the tables and write them as text and JSON."""

import argparse
from pathlib import Path

import _repository  # noqa: F401  (makes bridgelib importable)

from bridgelib.conversion.accounting import TaskReport, TreeReport, find_reports
from bridgelib.conversion.tables import as_text
from bridgelib.errors import run_program
from bridgelib.files import write_json, written_whole
from bridgelib.raw.tree import find_tasks


def main(argv: list[str] | None = None) -> None:
    """Print the tables; write them where the command line says."""
    options = parse_arguments(argv)
    raw = find_tasks(options.raw, options.depth) if options.raw else None
    paths = [options.root / task.name / "report.json" for task in raw.tasks] if raw else find_reports(options.root)
    tasks = tuple(TaskReport.read(path, options.root) for path in paths)
    tree = TreeReport(tasks, raw.passed_over, raw.misplaced()) if raw else TreeReport(tasks)
    text = as_text(tree, options.listed)
    if options.text:
        with written_whole(options.text) as partial:
            partial.write_text(text, encoding="utf-8")
    if options.json:
        write_json(options.json, tree.to_json())
    print(text, end="")


def parse_arguments(argv: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    add = parser.add_argument
    add("--root", type=Path, required=True, metavar="TFRECORD", help="root of the TFRecords")
    add("--raw", type=Path, help="raw root: its tasks are reported, and what lies in it beside their dated folders")
    add("--depth", default="auto", help="levels from the raw root to the dated folders (default: auto)")
    add("--text", type=Path, help="write the tables here")
    add("--json", type=Path, help="write everything here, each rejected trajectory and each remark too")
    add("--listed", type=int, default=20, metavar="N", help="rejected trajectories named in the text (default: 20)")
    options = parser.parse_args(argv)
    options.depth = int(options.depth) if options.depth.isdecimal() else options.depth
    return options


if __name__ == "__main__":
    run_program(main)
