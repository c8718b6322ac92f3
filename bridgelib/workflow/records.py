"""What results of earlier calls say about a plan (empty tasks, steps made), where they are certainly up to date.

Where that is not certain they say nothing: a refusal for an outdated reason would block the call that mends it.
"""

import json
import re
from pathlib import Path
from typing import Any

from bridgelib.errors import DataError
from bridgelib.files import read_json
from bridgelib.layout import REPORT, latest_path
from bridgelib.training.folder import run_identity
from bridgelib.workflow.planned_files import PlannedFiles
from bridgelib.workflow.staleness import Staleness

_CHECKPOINT = re.compile(r"step-(\d+)\.json")


def empty_tasks(staleness: Staleness) -> frozenset[str]:
    """The machine's tasks of which nothing was kept when they were converted, and nothing would be today."""
    return frozenset(task for task in staleness.plan.dated_folders if _is_empty(staleness, task))


def _is_empty(staleness: Staleness, task: str) -> bool:
    plan = staleness.plan
    if plan.simulation:
        return False
    report = _report(plan, task)
    if report is None or report["kept"]:
        return False
    # Gaze boxes that were missing under another setting no longer make a task empty.
    moot = plan.machine.gaze == "none" and any("gaze" in entry["reason"] for entry in report["rejected"])
    return not moot and _is_current(staleness, task, report)


def steps_made(staleness: Staleness, experiment: str) -> int | None:
    """The steps of the run that a training of this experiment would resume; None where that is not certain."""
    plan = staleness.plan
    run = latest_path(Path(plan.done_file(experiment)).parent)
    try:
        config = read_json(run / "config.json")
        identity, files = config["identity"], config["files"]
        begun = json.loads(
            json.dumps(run_identity(json.loads(plan.experiment(experiment).as_json()), identity["data"]))
        )
        same = begun == identity and _unchanged(files, (run / "config.json").stat().st_mtime)
    except (DataError, OSError, KeyError, TypeError):
        return None
    if not same or not all(_is_up_to_date(staleness, experiment, task) for task in plan.tasks(experiment)):
        return None
    names = map(_CHECKPOINT.fullmatch, (path.name for path in (run / "checkpoints").glob("step-*.json")))
    return max((int(name[1]) for name in names if name), default=None)


def _unchanged(files: dict[str, int], since: float) -> bool:
    states = ((Path(path).stat(), size) for path, size in files.items())
    return all(state.st_size == size and state.st_mtime <= since for state, size in states)


def _is_up_to_date(staleness: Staleness, experiment: str, task: str) -> bool:
    plan = staleness.plan
    if plan.data_root(experiment) != plan.machine.tfrecord:
        return True
    report = _report(plan, task)
    return report is not None and _is_current(staleness, task, report)


def _is_current(staleness: Staleness, task: str, report: dict[str, Any]) -> bool:
    """Whether a task's report is of the trajectories there are, and nothing of it would be made otherwise today."""
    sessions = (staleness.of("raw_to_numpy", task=task, date=date) for date in staleness.plan.dated_folders[task])
    same = staleness.of("numpy_to_tfrecord", task=task) is None and not any(sessions)
    return same and report["found"] == staleness.plan.found(task)


def _report(plan: PlannedFiles, task: str) -> dict[str, Any] | None:
    try:
        report = read_json(Path(plan.machine.tfrecord, task, REPORT))
    except DataError:
        return None
    expected = {"kept", "found", "rejected"}
    return report if isinstance(report, dict) and expected <= report.keys() else None
