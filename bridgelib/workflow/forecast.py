"""The forecast: what the remaining work needs, compared with what the machine has; the impossible is refused."""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from bridgelib.capacity import Disk, disk_of, memory_bytes
from bridgelib.errors import ConfigError
from bridgelib.layout import portable_path
from bridgelib.text import aligned, duration, readable_bytes
from bridgelib.training.checkpoint_sizes import CheckpointForecast
from bridgelib.workflow.stage import StageForecast
from bridgelib.workflow.survey import Survey

_HEAD = ("step", "jobs", "at once", "disk", "files", "memory of a job", "at once", "time", "where")
_FEWER_AT_ONCE = {
    "numpy_to_tfrecord": "fewer --cores, or more `tfrecord_workers`, so that fewer tasks are converted at once",
    "train_policy": "fewer --cores, so that fewer trainings run at once",
}
_SMALLER_JOB = {
    "raw_to_numpy": "fewer `workers`",
    "numpy_to_tfrecord": "a smaller `im_size`",
    "train_policy": "a smaller batch",
}
_ALL_THE_SAME = "start all the same: --config forecast=warn"


@dataclass(frozen=True)
class DiskForecast:
    """What several steps need of the one disk they share.

    Attributes:
        disk: The disk.
        stages: The steps.
    """

    disk: Disk
    stages: tuple[StageForecast, ...]

    @property
    def bytes(self) -> int:
        """Bytes of all results, and the most scratch space that one of the steps takes while it runs."""
        return sum(stage.disk_bytes for stage in self.stages) + max(stage.scratch_bytes for stage in self.stages)

    @property
    def least_bytes(self) -> int:
        """The same, as low as the forecast's uncertainty allows."""
        return round(self.bytes - sum(stage.disk_bytes * stage.uncertainty for stage in self.stages))

    @property
    def files(self) -> int:
        """Files and folders."""
        return sum(stage.files for stage in self.stages)

    def __str__(self) -> str:
        parts = ", ".join(
            f"{stage.name} {readable_bytes(stage.disk_bytes)}" for stage in self.stages if stage.disk_bytes
        )
        files = "" if self.disk.free_files is None else f", {self.disk.free_files:,} files may be made"
        return (
            f"{self.disk.folder}: {readable_bytes(self.bytes)} and {self.files:,} files needed ({parts or 'nothing'}); "
            f"{readable_bytes(self.disk.free_bytes)} free{files}"
        )


def disks_of(stages: Iterable[StageForecast]) -> list[DiskForecast]:
    """What the steps need, disk by disk."""
    disks: dict[int, tuple[Disk, list[StageForecast]]] = {}
    for stage in stages:
        disk = disk_of(stage.root)
        disks.setdefault(disk.device, (disk, []))[1].append(stage)
    return [DiskForecast(disk, tuple(those)) for disk, those in disks.values()]


def in_brief(stages: Sequence[StageForecast], machine: str) -> str:
    """A few lines for the head of a dry run, with the machine's name; empty where nothing is left to do."""
    left = [stage for stage in stages if stage.jobs]
    if not left:
        return ""
    needs = ", ".join(f"{stage.name} {_disk(stage)}" for stage in left)
    return "\n".join([f"still to be made on machine '{machine}': {needs}", *map(str, disks_of(left)), _memory(left)])


def tree_in_brief(survey: Survey) -> str:
    """What the raw tree holds."""
    unsure = f" ±{100 * survey.uncertainty:.1f} %" if survey.uncertainty else ""
    height, width = survey.frame_size
    folders = f"{len(survey.tasks):,} tasks, {len(survey.sessions):,} dated folders"
    frames = f"{survey.frames:,.0f} frames{unsure} of {width}x{height} pixels"
    return f"{folders}, {survey.trajectories:,} trajectories, {frames}"


def as_table(stages: Sequence[StageForecast], runs: Mapping[str, CheckpointForecast]) -> str:
    """Every step with all its numbers, then disk by disk, the memory, and the checkpoints of each run."""
    lines = [
        (
            stage.name,
            f"{stage.jobs:,}",
            f"{stage.concurrent:,}",
            _disk(stage),
            f"{stage.files:,}",
            readable_bytes(stage.ram_bytes),
            readable_bytes(stage.concurrent_ram),
            _time(stage),
            portable_path(stage.root),
        )
        for stage in stages
    ]
    checkpoints = [f"{name}: {forecast}" for name, forecast in runs.items()]
    return "\n".join([aligned(_HEAD, lines), "", *map(str, disks_of(stages)), _memory(stages), *checkpoints])


def impossible(stages: Sequence[StageForecast], where: str) -> Iterator[ConfigError]:
    """Why the steps cannot be done on this machine: refusals, none where they can.

    A root cannot be written to, a disk has too little space or too few files left, or jobs at once take more memory
    than there is.

    Args:
        stages: The steps that are asked for.
        where: The machine profile, for messages.
    """
    found: list[ConfigError | None] = [unwritable_root(stage, where) for stage in stages]
    found += [full_disk(needed, where) or too_many_files(needed, where) for needed in disks_of(stages)]
    found += [too_much_memory(stage, where) for stage in stages]
    return filter(None, found)


def unwritable_root(stage: StageForecast, where: str) -> ConfigError | None:
    """The step's results could not be written."""
    folder = disk_of(stage.root).folder
    if not stage.concurrent or os.access(folder, os.W_OK | os.X_OK):
        return None
    return ConfigError(
        where,
        given=f"{stage.name} writes to {portable_path(stage.root)}, and {folder} cannot be written to",
        do=f"name another root in the machine profile, or get the right to write there; or {_ALL_THE_SAME}",
    )


def full_disk(needed: DiskForecast, where: str) -> ConfigError | None:
    """The disk has too little space, even if the forecast is as wrong as it may be."""
    fits = needed.least_bytes <= needed.disk.free_bytes
    return None if fits else ConfigError(where, given=str(needed), do=_more_space(needed))


def too_many_files(needed: DiskForecast, where: str) -> ConfigError | None:
    """The disk may hold fewer files more than will be made."""
    fits = needed.disk.free_files is None or needed.files <= needed.disk.free_files
    return None if fits else ConfigError(where, given=str(needed), do=_more_space(needed))


def too_much_memory(stage: StageForecast, where: str) -> ConfigError | None:
    """The step's jobs take more memory together than there is."""
    if stage.concurrent_ram <= memory_bytes():
        return None
    each, there = readable_bytes(stage.ram_bytes), readable_bytes(memory_bytes())
    needed = f"a job of {stage.name} takes {each} of memory"
    if stage.concurrent > 1:
        together = readable_bytes(stage.concurrent_ram)
        needed = f"{stage.concurrent} jobs of {stage.name} at once, each with {each} of memory, are {together}"
    return ConfigError(where, given=f"{needed}; this machine has {there}", do=_less_memory(stage))


def _memory(stages: Sequence[StageForecast]) -> str:
    """The step whose jobs at once need most memory, and what there is."""
    largest = max(stages, key=lambda stage: stage.concurrent_ram or stage.ram_bytes)
    if not largest.concurrent:
        return f"memory: {readable_bytes(largest.ram_bytes)} for a job of {largest.name}, on another machine"
    needed, there = readable_bytes(largest.concurrent_ram), readable_bytes(memory_bytes())
    return f"memory: {needed} at most, by {largest.name}, {largest.concurrent} at once; {there} there"


def _less_memory(stage: StageForecast) -> str:
    remedies = [_FEWER_AT_ONCE.get(stage.name, "fewer --cores")] if stage.concurrent > 1 else []
    remedies += [_SMALLER_JOB[stage.name]] if stage.name in _SMALLER_JOB else []
    return ", or ".join([*remedies, _ALL_THE_SAME])


def _more_space(needed: DiskForecast) -> str:
    names = {stage.name for stage in needed.stages if stage.disk_bytes}
    remedies = ["free space there", "name other roots in the machine profile"]
    remedies += ["a smaller `im_size`"] if names & {"raw_to_numpy", "numpy_to_tfrecord"} else []
    remedies += ["`image_encoding: jpeg`"] if "numpy_to_tfrecord" in names else []
    remedies += ["keep fewer checkpoints (config.keep_every, config.keep_last)"] if "train_policy" in names else []
    return f"{', or '.join(remedies)}; or {_ALL_THE_SAME}"


def _time(stage: StageForecast) -> str:
    if stage.seconds is None:
        return "-"
    return f"over {duration(stage.seconds)}" if stage.untimed else duration(stage.seconds)


def _disk(stage: StageForecast) -> str:
    unsure = f" ±{100 * stage.uncertainty:.0f} %" if stage.disk_bytes and stage.uncertainty >= 0.005 else ""
    return readable_bytes(stage.disk_bytes) + unsure
