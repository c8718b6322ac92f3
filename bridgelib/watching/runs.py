"""Where the training of an experiment stands, whoever runs it: read from its lock, its run folder and its log."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bridgelib.errors import DataError
from bridgelib.files import read_json
from bridgelib.layout import DONE, EVALUATION, ROLLOUTS, latest_path
from bridgelib.locks import Holder, holder_of
from bridgelib.watching.job_log import JobLog
from bridgelib.watching.queue import Queued

_TAIL = 65_536  # bytes at the end of metrics.jsonl that are looked at
_RULE = "train_policy"
_FAILED = ("Error", "error:", "Killed", "refused")


@dataclass(frozen=True)
class RunStatus:
    """Where a training stands; None or empty where that is not known.

    Attributes:
        experiment: Its name.
        state: done, training, queued, failed, stopped (it will resume) or waiting (it has not begun).
        step, steps: Updates made, and in all.
        rate: Steps per second.
        loss, validation: The newest of each, as words.
        success: Of the rollouts of its policy, as words.
        device: What it runs on, or ran on last.
        message: What its log says last, or the queue.
        holder: The process that trains.
    """

    experiment: str
    state: str
    step: int | None = None
    steps: int | None = None
    rate: float | None = None
    loss: str = ""
    validation: str = ""
    success: str = ""
    device: str = ""
    message: str = ""
    holder: Holder | None = field(default=None, compare=False)

    @property
    def seconds_left(self) -> float | None:
        """Seconds to the last step, at the present rate."""
        if self.state != "training" or not self.rate or self.step is None or self.steps is None:
            return None
        return (self.steps - self.step) / self.rate


def run_status(folder: Path, here: Path, queue: Iterable[Queued] = ()) -> RunStatus:
    """Where the training in an experiment's folder stands.

    Args:
        folder: `<runs>/<experiment>`.
        here: The working directory, in whose logs one looks where no process trains.
        queue: Jobs in a cluster's queue.
    """
    holder = holder_of(folder / f".{DONE}.lock")
    log = JobLog.read(Path(holder.folder if holder else here, "logs", _RULE, f"{folder.name}.log"))
    waiting = next((job for job in queue if job.is_of(_RULE, folder.name)), None)
    config, done = _content(latest_path(folder) / "config.json"), _content(folder / DONE)
    train, validation = _newest_metrics(latest_path(folder) / "metrics.jsonl")
    is_done, progress = bool(done) and holder is None, log.progress if holder else None
    return RunStatus(
        experiment=folder.name,
        state=_state(holder, is_done, waiting, log, bool(config)),
        step=done.get("step") if is_done else progress.done if progress else train.get("step"),
        steps=config.get("config", {}).get("num_steps"),
        rate=progress.rate if progress else train.get("time", {}).get("steps_per_second") if holder else None,
        loss=_loss(train),
        validation=_validation(validation),
        success=_success(_content(folder / ROLLOUTS), _content(folder / EVALUATION)),
        device=_device(config),
        message=str(waiting) if waiting and not holder else log.last,
        holder=holder,
    )


def _state(holder: Holder | None, is_done: bool, waiting: Queued | None, log: JobLog, has_begun: bool) -> str:
    if holder or is_done:
        return "training" if holder else "done"
    if waiting:
        return "queued"
    if any(word in log.last for word in _FAILED):
        return "failed"
    return "stopped" if has_begun else "waiting"


def _content(path: Path) -> Mapping[str, Any]:
    """A JSON result; nothing where it is not there, or is being written."""
    try:
        content = read_json(path) if path.exists() else {}
    except DataError:
        return {}
    return content if isinstance(content, Mapping) else {}


def _newest_metrics(path: Path) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """The newest line of training and of validation; of a file that is being written."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - _TAIL))
            lines = file.read().splitlines()
    except OSError:
        return {}, {}
    newest: dict[str, Mapping[str, Any]] = {}
    for text in lines:
        try:
            line = json.loads(text)
            newest[line["kind"]] = line
        except (ValueError, KeyError, TypeError):
            continue  # the first one, cut in two, or the last, not yet whole
    return newest.get("train", {}), newest.get("validation", {})


def _loss(line: Mapping[str, Any]) -> str:
    return next((f"{name} {value:.4g}" for name, value in line.items() if "loss" in name), "")


def _validation(line: Mapping[str, Any]) -> str:
    return f"mse {line['mse']:.4g} (step {line['step']:,})" if "mse" in line else ""


def _success(rollouts: Mapping[str, Any], evaluation: Mapping[str, Any]) -> str:
    tasks = rollouts.get("tasks", {}).values()
    episodes, successes = (sum(task[key] for task in tasks) for key in ("episodes", "successes"))
    return f"{successes} of {episodes}" if episodes else "evaluated" if evaluation else ""


def _device(config: Mapping[str, Any]) -> str:
    made_with = [config.get("began_with", {}), *config.get("went_on_with", [])][-1]
    visible = made_with.get("variables", {}).get("CUDA_VISIBLE_DEVICES")
    return f"{made_with.get('device', '')}{f' (GPU {visible})' if visible else ''}".strip()
