"""What the report is about, by the plan: all that is there is told, and nothing that is missing stands in its way."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from bridgelib.config.experiments import families
from bridgelib.conversion import converted_sizes as conversion
from bridgelib.conversion.tree_report import tree_report
from bridgelib.errors import BridgeError, DataError
from bridgelib.files import read_json
from bridgelib.layout import latest_path, policy_path, task_paths
from bridgelib.report.forms import FORECAST, require
from bridgelib.report.subject import Expected, Subject
from bridgelib.training.checkpoint_sizes import checkpoint_forecast
from bridgelib.training.memory import training_memory
from bridgelib.workflow.plan import WorkflowPlan
from bridgelib.workflow.stages import images_of

T = TypeVar("T")


def subject_of(plan: WorkflowPlan, settings: Mapping[str, str]) -> Subject:
    """What the page is about; `settings` are shown."""
    machine, troubles = plan.machine, list[str]()
    names = plan.settings.experiments
    return Subject(
        machine=machine,
        tree=_or_else(lambda: tree_report(Path(machine.tfrecord), *_raw(plan)), None, troubles),
        experiments=names,
        tasks={name: _or_else(partial(_tasks, plan, name), [], troubles) for name in names},
        families=families(names),
        outdated={name: _or_else(partial(_outdated, plan, name), [], []) for name in names},
        expected=_or_else(lambda: list(_expected(plan)), [], []),
        troubles=list(dict.fromkeys(troubles)),
        settings={"experiments": str(plan.settings.experiments_file), **settings},
    )


def _or_else(question: Callable[[], T], otherwise: T, troubles: list[str]) -> T:
    """An answer of the plan, or another where it refuses; its refusal is noted."""
    try:
        return question()
    except BridgeError as error:
        troubles.append(str(error))
        return otherwise


def _raw(plan: WorkflowPlan) -> tuple[Any, ...]:
    """The raw tree, as the data report is asked for it; nothing where there is none yet, or any more."""
    machine = plan.machine
    return (Path(machine.raw), machine.depth, machine.exclude) if Path(machine.raw).is_dir() else ()


def _tasks(plan: WorkflowPlan, name: str) -> list[Path]:
    root = Path(plan.data_root(name))
    return [root / task for task in plan.tasks(name)]


def _outdated(plan: WorkflowPlan, name: str) -> list[str]:
    found = plan.staleness.of("train_policy", experiment=name)
    return list(found.differences) if found else []


def _expected(plan: WorkflowPlan) -> Iterator[Expected]:
    """What was forecast for the conversions and the trainings, for all of them as if nothing were there."""
    machine, survey, images = plan.machine, plan.survey, images_of(plan)
    shards = [Path(plan.shard(*key)) for key in survey.sessions]
    records = [file for task in survey.tasks for file in task_paths(Path(machine.tfrecord, task)).values()]
    contents, tasks = survey.sessions.values(), survey.tasks.values()
    timed = _timed()
    speeds, all_frames = timed.get("conversion", {}), survey.frames
    longest, frames = survey.longest, max((content.frames for content in tasks), default=0)
    yield Expected(
        "raw_to_numpy",
        conversion.raw_to_numpy_memory(longest, images, machine.workers, survey.frame_size),
        sum(conversion.shard_bytes(content, images) for content in contents),
        _size(shards),
        _seconds(all_frames, speeds.get("raw_to_numpy")),
    )
    yield Expected(
        "numpy_to_tfrecord",
        conversion.numpy_to_tfrecord_memory(longest, frames, images),
        sum(conversion.task_bytes(content, images) for content in tasks),
        _size(records),
        _seconds(all_frames, speeds.get("numpy_to_tfrecord")),
    )
    yield _training(plan, timed.get("trainings", {}))


def _timed() -> Mapping[str, Any]:
    """How fast the jobs were when `snakemake forecast` was called last in this folder; nothing where it was not."""
    try:
        found: Mapping[str, Any] = read_json(file := Path("logs", "forecast.json"))
        require(found, FORECAST, file)
        return found
    except DataError:
        return {}


def _seconds(frames: float, rate: float | None) -> float | None:
    return frames / rate if rate else None


def _training(plan: WorkflowPlan, timed: Mapping[str, float]) -> Expected:
    experiments, frames = plan.settings.experiments, plan.survey.frames
    memory = [
        training_memory(each, plan.machine.im_size, frames, on_gpu=plan.gpus(name) > 0)
        for name, each in experiments.items()
    ]
    kept = [checkpoint_forecast(each.algorithm, each.config).total for each in experiments.values()]
    latest = [latest_path(Path(plan.machine.runs, name)) for name in experiments]
    folders = [folder for run in latest for folder in (run / "checkpoints", policy_path(run)) if folder.is_dir()]
    there = _size([file for folder in folders for file in folder.iterdir()])
    seconds = sum(timed[name] for name in experiments) if experiments.keys() <= timed.keys() else None
    return Expected("train_policy", max(memory, default=None), sum(kept), there, seconds)


def _size(files: list[Path]) -> int:
    """Bytes of those that are there."""
    return sum(file.stat().st_size for file in files if file.is_file())
