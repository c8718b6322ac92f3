"""What each step of a plan still needs: disk, files, memory, and time where that was probed. Standard library only."""

from collections.abc import Mapping, Set
from dataclasses import replace
from functools import partial
from pathlib import Path

from bridgelib.config.experiments import Experiment
from bridgelib.conversion import converted_sizes as conversion
from bridgelib.conversion.converted_sizes import Content, Images
from bridgelib.errors import BridgeError
from bridgelib.layout import latest_path, policy_path, task_paths
from bridgelib.sim import simulated_sizes as simulated
from bridgelib.training.checkpoint_sizes import CheckpointForecast, checkpoint_forecast
from bridgelib.training.memory import training_memory
from bridgelib.workflow.environments import environment_size
from bridgelib.workflow.plan import WorkflowPlan
from bridgelib.workflow.stage import Probe, Slots, StageForecast
from bridgelib.workflow.survey import Key

_BUILDER = 150 << 20  # resident memory of uv, bytes
_SESSION_FILES, _RUN_FILES, _CHECKPOINT_FILES = 6, 27, 2  # beside what is counted; of a run, some are W&B's
_RUN_BYTES = 2_000_000  # of a run beside checkpoints and policy: metrics, W&B's own logs


def stages(
    plan: WorkflowPlan,
    slots: Slots | None = None,
    probe: Probe | None = None,
    trainings: Mapping[str, float] | None = None,
) -> list[StageForecast]:
    """What each step of the plan still needs, in the order data flows.

    A file counts as made where it is there and does not say that it was made otherwise; what else makes it stale only
    Snakemake knows.

    Args:
        plan: The plan.
        slots: What may be used at the same time; all cores and the profile's GPUs if None.
        probe: What was measured here; None for a forecast without times.
        trainings: Experiment -> seconds that its training takes alone, for those that were timed.

    Raises:
        ConfigError, DataError: The raw tree cannot be read.
    """
    slots = slots or Slots.of(plan.machine)
    images = images_of(plan, probe)
    shards = _missing_shards(plan, images)
    found = [
        *(_environment(plan, name) for name in plan.environments),
        *([_simulation(plan, slots)] if plan.simulation else []),
        _shards(plan, images, shards, slots, probe),
        _records(plan, images, {task for task, _ in shards}, slots, probe),
        _training(plan, slots, trainings or {}),
    ]
    return [replace(stage, concurrent=0) for stage in found] if slots.elsewhere else found


def environment_stage(name: str) -> str:
    """The name of the stage that builds an environment."""
    return f"environment {name}"


def _environment(plan: WorkflowPlan, name: str) -> StageForecast:
    venvs = plan.repository / ".venvs"
    if plan.settings.env == "current" or (venvs / name / ".ready").exists():
        return StageForecast(environment_stage(name), venvs)
    size = environment_size(name)
    return StageForecast(environment_stage(name), venvs, 1, 1, size.disk_bytes, size.files, _BUILDER)


def _simulation(plan: WorkflowPlan, slots: Slots) -> StageForecast:
    planned = plan.survey.to_simulate.values()
    demonstrations = sum(entry.demonstrations for entry in planned)
    frames = {entry: entry.demonstrations * simulated.frames(entry.action_noise) for entry in planned}
    frames_bytes = sum(count * simulated.frame_bytes(entry.image_size) for entry, count in frames.items())
    others = demonstrations * (simulated.FILES + simulated.FOLDERS) + _SESSION_FILES * len(planned)
    return StageForecast(
        "simulate_demonstrations",
        Path(plan.machine.raw),
        jobs=len(planned),
        concurrent=min(len(planned), slots.cores),
        disk_bytes=round(frames_bytes + demonstrations * simulated.OTHER_BYTES),
        files=round(sum(frames.values()) + others),
        ram_bytes=max((simulated.memory(entry.image_size) for entry in planned), default=0),
        uncertainty=0.05,
    )


def _missing_shards(plan: WorkflowPlan, images: Images) -> dict[Key, tuple[int, int]]:
    """Dated folder -> the size of its shard, and what of that is still to be written; for those that must be made."""
    found = {}
    for (task, date), content in plan.survey.sessions.items():
        size, stale = conversion.shard_bytes(content, images), plan.staleness.of("raw_to_numpy", task=task, date=date)
        if missing := _missing(size, [Path(plan.shard(task, date))], again=stale is not None):
            found[task, date] = (size, missing)
    return found


def _shards(
    plan: WorkflowPlan, images: Images, left: Mapping[Key, tuple[int, int]], slots: Slots, probe: Probe | None
) -> StageForecast:
    machine, survey = plan.machine, plan.survey
    root = Path(machine.numpy)
    threads = min(machine.workers, slots.cores)
    concurrent = min(len(left), max(1, slots.cores // threads))
    frames = sum(survey.sessions[key].frames for key in left)
    memory = conversion.raw_to_numpy_memory(survey.longest, images, threads, survey.frame_size)
    return StageForecast(
        "raw_to_numpy",
        root,
        jobs=len(left),
        concurrent=concurrent,
        disk_bytes=sum(missing for _, missing in left.values()),
        files=conversion.SHARD_FILES * len(left) + len({task for task, _ in left if not (root / task).exists()}),
        ram_bytes=memory if left else 0,
        seconds=frames / (probe.raw_to_numpy * concurrent) if probe and left else None,
        uncertainty=survey.uncertainty,
        # Frames wait in unnamed files until all are there to be put into the archive.
        scratch_bytes=concurrent * max((size for size, _ in left.values()), default=0),
    )


def _records(plan: WorkflowPlan, images: Images, stale: Set[str], slots: Slots, probe: Probe | None) -> StageForecast:
    """The TFRecords; tasks that are `stale` have a shard that must be made."""
    machine, survey = plan.machine, plan.survey
    root = Path(machine.tfrecord)
    left: dict[str, tuple[Content, int]] = {}
    for task, content in survey.tasks.items():
        files = list(task_paths(root / task).values())
        again = task in stale or plan.staleness.of("numpy_to_tfrecord", task=task) is not None
        if missing := _missing(conversion.task_bytes(content, images), files, again):
            left[task] = (content, missing)
    threads = min(machine.tfrecord_workers, slots.cores)
    concurrent = min(len(left), max(1, slots.cores // threads))
    largest = max((content.frames for content, _ in left.values()), default=0)
    frames = sum(content.frames for content, _ in left.values())
    guessed = images.encoding == "jpeg" and probe is None
    return StageForecast(
        "numpy_to_tfrecord",
        root,
        jobs=len(left),
        concurrent=concurrent,
        disk_bytes=sum(missing for _, missing in left.values()),
        files=(conversion.TASK_FILES + conversion.TASK_FOLDERS) * len(left) + 2 * bool(left),  # and the data report
        ram_bytes=conversion.numpy_to_tfrecord_memory(survey.longest, largest, images) if left else 0,
        seconds=frames / (probe.numpy_to_tfrecord * concurrent) if probe and left else None,
        uncertainty=0.3 if guessed else survey.uncertainty,
    )


def _training(plan: WorkflowPlan, slots: Slots, trainings: Mapping[str, float]) -> StageForecast:
    root, names = Path(plan.machine.runs), plan.waiting()
    experiments = [plan.experiment(name) for name in names]
    kept = [_checkpoints(experiment) for experiment in experiments]
    gpus = [plan.gpus(name) for name in names]
    by_gpus = [slots.gpus // count for count in gpus if count]
    concurrent = min([len(names), slots.cores, *(max(1, count) for count in by_gpus)])
    needed = (max(0, each.total + _RUN_BYTES - _made(root / name)) for name, each in zip(names, kept, strict=True))
    memory = (_memory(plan, experiment) for experiment in experiments)
    timed = [trainings[name] for name in names if name in trainings]
    return StageForecast(
        "train_policy",
        root,
        jobs=len(names),
        concurrent=concurrent,
        disk_bytes=sum(needed),
        files=sum(_RUN_FILES + _CHECKPOINT_FILES * each.count for each in kept),
        ram_bytes=max(memory, default=0),
        # Each GPU serves one training; the cores of a CPU are shared by those that run at once.
        seconds=sum(timed) / (concurrent if all(gpus) else 1) if timed else None,
        untimed=len(names) - len(timed) if timed else 0,
        uncertainty=0.05 if names else 0.0,
    )


def checkpoints(plan: WorkflowPlan) -> dict[str, CheckpointForecast]:
    """Experiment -> what its checkpoints will take, for those that are not done."""
    return {name: _checkpoints(plan.experiment(name)) for name in plan.waiting()}


def _checkpoints(experiment: Experiment) -> CheckpointForecast:
    return checkpoint_forecast(experiment.algorithm, experiment.config)


def _memory(plan: WorkflowPlan, experiment: Experiment) -> int:
    """Memory of one training; as if it trained on all tasks where its own are not known (refused elsewhere)."""
    tasks = plan.survey.tasks
    try:
        chosen = [tasks[name] for name in plan.tasks(experiment.name) if name in tasks]
    except BridgeError:
        chosen = list(tasks.values())
    frames = sum(content.frames for content in chosen)
    return training_memory(experiment, plan.machine.im_size, frames, on_gpu=plan.gpus(experiment.name) > 0)


def _made(experiment: Path) -> int:
    """Bytes of the checkpoints and the policy that a run has already."""
    run = latest_path(experiment)
    folders = [run / "checkpoints", policy_path(run)]
    return sum(path.stat().st_size for folder in folders if folder.is_dir() for path in folder.iterdir())


def _missing(expected: int, files: list[Path], again: bool) -> int:
    """Bytes that are still to be written of some files, 1 at least; 0 where they are there.

    Files that are smaller than expected count as there: of broken trajectories little is kept.

    Args:
        expected: The expected size of all files together.
        files: The files.
        again: Whether files that are there will be made again.
    """
    try:
        have = sum(path.stat().st_size for path in files)
    except OSError:
        return expected
    return max(1, expected - have) if again else 0


def images_of(plan: WorkflowPlan, probe: Probe | None = None) -> Images:
    """How this machine keeps images."""
    machine, survey = plan.machine, plan.survey
    guess = partial(conversion.jpeg_frame_bytes, machine.im_size, survey.frame_size, survey.frame_bytes)
    return Images(
        im_size=machine.im_size,
        cameras=len(machine.cameras),
        gaze=machine.gaze != "none",
        encoding=machine.image_encoding,
        jpeg_frame=probe.jpeg_frame if probe else guess(),
    )
