"""The status of a machine's work, whoever has started it: workflows, data, trainings, the jobs that run now."""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from bridgelib.errors import BridgeError
from bridgelib.layout import portable_path, task_paths
from bridgelib.locks import Holder
from bridgelib.text import aligned, duration
from bridgelib.watching.board import Job
from bridgelib.watching.lines import in_words
from bridgelib.watching.queue import gpus, queued
from bridgelib.watching.runs import RunStatus, run_status
from bridgelib.workflow.claims import holders
from bridgelib.workflow.plan import WorkflowPlan

_RECENT = 90  # seconds since a job wrote to its log, for it to count as running
_HEAD = ("experiment", "state", "step", "rate", "ETA", "loss", "validation", "success", "on")
_MESSAGE = 100  # characters of a message that are shown


@dataclass(frozen=True)
class Status:
    """What is known at one moment.

    Attributes:
        workflows: Process of a workflow -> the folders that it writes to.
        runs: The trainings, in the order of the experiments.
        jobs: Other jobs that have just written to their logs.
        data: What of the data is made, in words.
        gpus: The GPUs of this host, in words.
    """

    workflows: Mapping[Holder, list[str]]
    runs: list[RunStatus]
    jobs: list[Job]
    data: str
    gpus: list[str]

    @classmethod
    def of(cls, plan: WorkflowPlan) -> "Status":
        """The status now."""
        machine, here, queue = plan.machine, Path.cwd(), queued()
        folders = [Path(plan.done_file(name)).parent for name in plan.settings.experiments]
        roots = [Path(machine.raw), Path(machine.numpy), Path(machine.tfrecord), Path(machine.runs), *folders]
        workflows = holders(roots)
        at_work = {Path(holder.folder) for holder in workflows} or {here}
        return cls(
            workflows={holder: list(map(portable_path, written)) for holder, written in workflows.items()},
            runs=[run_status(folder, here, queue) for folder in folders],
            jobs=[job for folder in sorted(at_work) for job in _running(folder / "logs")],
            data=_data(plan),
            gpus=gpus(),
        )

    def as_text(self) -> str:
        """What to print."""
        lines = [self.data]
        for holder, written in self.workflows.items():
            lines.append("; writes ".join(filter(None, [str(holder), ", ".join(written)])))
        if not self.workflows:
            lines.append("no workflow is at work")
        lines += [f"  {job.name}: {in_words(job.said())}" for job in self.jobs]
        lines += ["", aligned(_HEAD, [_cells(run) for run in self.runs], text_columns=2)]
        told = [f"{run.experiment}: {run.message[:_MESSAGE]}" for run in self.runs if _is_told(run)]
        return "\n".join([*lines, *(["", *told] if told else []), *(["", *self.gpus] if self.gpus else [])]) + "\n"


def _running(logs: Path) -> Iterator[Job]:
    """The jobs below a folder of logs, but for trainings, that have just written to theirs and are not at the end."""
    for log in sorted(logs.glob("*/**/*.log")):
        rule, *of = log.relative_to(logs).with_suffix("").parts
        said = (job := Job(rule, "/".join(of), log)).said()
        is_at_end = said.progress is not None and said.progress.done >= said.progress.total
        if rule != "train_policy" and time.time() - said.changed < _RECENT and not is_at_end:
            yield job


def _data(plan: WorkflowPlan) -> str:
    """How many shards and tasks are made."""
    try:
        shards, tasks = plan.all_shards(), list(plan.dated_folders)
    except BridgeError as error:
        return f"machine {plan.machine.name}: the data cannot be listed: {error.where}: {error.given}"
    made = sum(Path(shard).exists() for shard in shards)
    converted = sum(task_paths(Path(plan.machine.tfrecord, task))["report"].exists() for task in tasks)
    return f"machine {plan.machine.name}: {made} of {len(shards)} shards, {converted} of {len(tasks)} tasks converted"


def _cells(run: RunStatus) -> tuple[str, ...]:
    steps = f"/{run.steps:,}" if run.steps else ""
    step = f"{run.step or 0:,}{steps}" if run.step is not None or steps else "-"
    rate = f"{run.rate:.3g}/s" if run.rate and run.state == "training" else "-"
    left = duration(run.seconds_left) if run.seconds_left is not None else "-"
    words = (run.loss, run.validation, run.success, run.device)
    return (run.experiment, run.state, step, rate, left, *(word or "-" for word in words))


def _is_told(run: RunStatus) -> bool:
    return bool(run.message) and run.state in ("training", "failed", "stopped", "queued")
