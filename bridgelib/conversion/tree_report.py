"""The data report: every converted task, and why the others are not converted. Needs only the standard library."""

import os
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from bridgelib.conversion.accounting import TaskReport, TreeReport, find_reports
from bridgelib.conversion.data_origins import data_report_origin
from bridgelib.conversion.tables import as_text
from bridgelib.errors import DataError
from bridgelib.files import write_json, written_whole
from bridgelib.layout import REPORT
from bridgelib.raw.chosen import ChosenTasks
from bridgelib.raw.tree import PassedOver, Task, find_tasks
from bridgelib.seals import sealed


def tree_report(
    tfrecord: Path,
    raw: Path | None = None,
    depth: int | str = "auto",
    exclude: Sequence[str] = (),
    numpy: Path | None = None,
) -> TreeReport:
    """The reports of all tasks, as far as they are there.

    Args:
        tfrecord: The root of the TFRecords.
        raw: The raw root: its tasks are reported, and what lies in it beside their dated folders. None for whatever
            has a report.
        depth: Levels from the raw root to the dated folders.
        exclude: Patterns of tasks to leave out, counted.
        numpy: The root of the shards: a task without one of its shards is not converted, whatever an older report says.

    Raises:
        DataError: The raw root cannot be read; without one, there is no report or one is damaged.
    """
    if raw is None:
        reports = [TaskReport.read(path, tfrecord) for path in find_reports(tfrecord)]
        return TreeReport(tuple(reports), origin=_origin(tfrecord, reports, ()))
    chosen = ChosenTasks.of(find_tasks(raw, depth), exclude)
    reports, unconverted = [], {}
    for task in chosen.tree.tasks:
        try:
            _require_shards(task, numpy)
            reports.append(TaskReport.read(Path(tfrecord) / task.name / REPORT, tfrecord))
        except DataError as error:
            unconverted[task.name] = f"{error.where}: {error.given}"
    outside = (*chosen.tree.passed_over, *chosen.unnameable)
    origin = _origin(tfrecord, reports, chosen.others)
    return TreeReport(tuple(reports), outside, chosen.misplaced(), chosen.excluded, unconverted, origin)


def _origin(tfrecord: Path, reports: Sequence[TaskReport], others: Sequence[PassedOver]) -> dict[str, Any]:
    return data_report_origin(tfrecord, [report.task for report in reports], others)


def _require_shards(task: Task, numpy: Path | None) -> None:
    shards = [] if numpy is None else [Path(numpy, task.name, f"{date}.npz") for date in task.dates]
    missing = [shard for shard in shards if not shard.exists()]
    if missing:
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        raise DataError(missing[0], given=f"no such shard{more}", do="run raw_to_numpy on its dated folder")


def save(tree: TreeReport, text: Path | None, json: Path | None, listed: int = 20, provisional: bool = False) -> str:
    """Write the report as text and as JSON, each where it is asked for; give the text.

    Args:
        tree: What to write.
        text: The text file to write, for people.
        json: The JSON file to write, for programs.
        listed: How many rejected trajectories the text names.
        provisional: Give the files the oldest of dates, so that Snakemake takes every report of a task for newer.
    """
    told, paths = as_text(tree, listed), [path for path in (json, text) if path]
    with sealed("data_report", *paths) if paths else nullcontext():
        if text:
            with written_whole(text) as partial:
                partial.write_text(told, encoding="utf-8")
        if json:
            write_json(json, tree.to_json())
    for path in paths if provisional else ():
        os.utime(path, (0, 0))
    return told
