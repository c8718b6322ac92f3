"""Raw demonstrations to numpy shards: one shard and one report per dated folder.

Trajectories are read by several threads (Pillow decodes and resizes without the interpreter's lock) and written in
natural order, so that any number of threads and any order of listing give the same bytes. The report is removed
first and written last: a shard with a report is complete, whatever was killed when.
"""

from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

from bridgelib.conversion.contents import content_of
from bridgelib.conversion.data_origins import shard_origin
from bridgelib.errors import ConfigError, DataError
from bridgelib.files import alone
from bridgelib.formats.report import RejectedTrajectory, Remark, Report
from bridgelib.formats.shard import ShardWriter
from bridgelib.layout import shard_path, shard_report_path
from bridgelib.progress import Progress
from bridgelib.raw.files import noted
from bridgelib.raw.gaze import SOURCES
from bridgelib.raw.latency import SETTINGS as LATENCY_SHIFTS
from bridgelib.raw.oddities.sessions import odd_frame_sizes
from bridgelib.raw.rejection import Rejected
from bridgelib.raw.trajectory import Trajectory, read_trajectory
from bridgelib.raw.tree import (
    PassedOver,
    RawTree,
    list_trajectories,
    natural_key,
    recorded_at,
    strays,
    trajectory_names,
)
from bridgelib.seals import sealed

VERSION = 1  # of the choice of trajectories and frames, and of the resizing
LARGEST_IM_SIZE = 2048


@dataclass(frozen=True)
class Settings:
    """What a shard shall hold.

    Attributes:
        im_size: Height and width of the frames, in pixels.
        cameras: Camera numbers, 0 among them.
        gaze: "none", or which gaze boxes: "filter" (of each trajectory's filter.pkl) or "no_filter" (no_filter.pkl).
        latency_shift: "auto", or how many first frames each trajectory loses, 0 or 1, whatever its date.

    Raises:
        ConfigError: One of them is out of range.
    """

    im_size: int
    cameras: tuple[int, ...] = (0,)
    gaze: str = "none"
    latency_shift: int | str = "auto"

    def __post_init__(self) -> None:
        if not 1 <= self.im_size <= LARGEST_IM_SIZE:
            raise ConfigError("im_size", given=self.im_size, allowed=f"1 to {LARGEST_IM_SIZE} pixels")
        if 0 not in self.cameras or min(self.cameras) < 0 or len(set(self.cameras)) < len(self.cameras):
            raise ConfigError(
                "cameras",
                given=" ".join(map(str, self.cameras)) or "none",
                allowed="0 (images0, from which policies are trained), then further camera numbers, each once",
            )
        if self.gaze not in SOURCES:
            raise ConfigError("gaze", given=self.gaze, allowed=SOURCES)
        if self.latency_shift not in LATENCY_SHIFTS:
            raise ConfigError("latency_shift", given=self.latency_shift, allowed=LATENCY_SHIFTS)
        object.__setattr__(self, "cameras", tuple(sorted(self.cameras)))

    def origin(self, members: Iterable[str]) -> dict[str, Any]:
        """The origin of a shard of these trajectories of a dated folder."""
        return shard_origin(self.im_size, self.cameras, self.gaze, self.latency_shift, members)


def convert_tree(tree: RawTree, numpy: Path, settings: Settings, workers: int = 1, overwrite: bool = False) -> Report:
    """Convert every dated folder of a raw tree to `<numpy>/<task>/<date>.npz` and `<date>.report.json`.

    Args:
        tree: The raw tree.
        numpy: The root of the shards.
        settings: What the shards shall hold.
        workers: Threads.
        overwrite: Convert also what is complete.

    Returns:
        The account of the whole tree.
    """
    sessions = [(task.name, date) for task in tree.tasks for date in task.dates]
    total = sum(len(trajectory_names(tree.root.joinpath(*session))) for session in sessions)
    progress = Progress(total, "trajectories", "raw_to_numpy")
    reports = []
    for session in sessions:
        shard = shard_path(numpy, *session)
        job = DatedFolder(tree.root, tree.root.joinpath(*session), shard, shard_report_path(shard))
        reports.append(convert_dated_folder(job, settings, workers, overwrite, progress))
    return Report(
        found=total,
        kept=sum(report.kept for report in reports),
        transitions=sum(report.transitions for report in reports),
        instructed=sum(report.instructed for report in reports),
        rejected=tuple(entry for report in reports for entry in report.rejected),
        passed_over=(*tree.passed_over, *(entry for report in reports for entry in report.passed_over)),
        remarks=(
            *(Remark.of(None, noticed) for noticed in tree.misplaced()),
            *(entry for report in reports for entry in report.remarks),
        ),
    )


@dataclass(frozen=True)
class DatedFolder:
    """A dated folder and where its shard and report go.

    Raises:
        ConfigError: The folder does not lie below the raw root, or is not named by a date.
    """

    raw: Path
    folder: Path
    shard: Path
    report: Path

    def __post_init__(self) -> None:
        if not Path(self.folder).absolute().is_relative_to(Path(self.raw).absolute()):
            raise ConfigError("dated folder", given=self.folder, allowed=f"a folder below the raw root {self.raw}")
        if recorded_at(Path(self.folder).name) is None:
            raise ConfigError("dated folder", given=self.folder, allowed="a name like 2021-08-02_10-00-00")

    @property
    def name(self) -> str:
        """The folder relative to the raw root, with forward slashes."""
        return Path(self.folder).absolute().relative_to(Path(self.raw).absolute()).as_posix()


def convert_dated_folder(
    job: DatedFolder, settings: Settings, workers: int = 1, overwrite: bool = False, progress: Progress | None = None
) -> Report:
    """Convert one dated folder, or wait for another process that does.

    Args:
        job: The folder, its shard and its report.
        settings: What the shard shall hold.
        workers: Threads; memory is that of two trajectories for each.
        overwrite: Convert also when shard and report are there, of these settings and of just these trajectories.
        progress: Counts the trajectories done; one for this folder if None.

    Returns:
        What the report says.

    Raises:
        DataError: The folder cannot be listed, or the shard not be written. A bad trajectory raises nothing.
    """
    if workers < 1:
        raise ConfigError("workers", given=workers, allowed="1 or more")
    with alone(job.shard) as waited:
        return _converted(job, settings, workers, overwrite and not waited, progress)


def _converted(
    job: DatedFolder, settings: Settings, workers: int, overwrite: bool, progress: Progress | None
) -> Report:
    members, passed_over = list_trajectories(job.folder)
    names = [f"{job.name}/{member}" for member in members]
    progress = progress or Progress(len(names), "trajectories", job.name)
    origin = settings.origin(members)
    if not overwrite and (report := _finished(job, origin)) is not None:
        progress.advance(len(names))
        return report

    Path(job.report).unlink(missing_ok=True)
    account = _Account()
    with sealed("raw_to_numpy", job.shard, job.report) as sealing:
        with ShardWriter(job.shard, settings.im_size, settings.cameras, settings.gaze, settings.latency_shift) as shard:
            for outcome in _in_order(lambda name: _read(job.raw, name, settings), names, workers):
                sealing.read[outcome.name] = outcome.files
                if (trajectory := account.judge(outcome)) is not None:
                    shard.add(trajectory)
                progress.advance(note=f"{len(account.rejected)} rejected" if account.rejected else "")
        counted = account.report(len(names), job.name, passed_over)
        report = replace(counted, origin=origin, content=content_of(job.shard, counted))
        report.save(job.report)
    return report


def _finished(job: DatedFolder, origin: Mapping[str, Any]) -> Report | None:
    """The report, if it and the shard are there, belong to each other and were made from just this."""
    try:
        report = Report.load(job.report)
        made = (report.origin, report.content) == (origin, content_of(job.shard, report))
    except (DataError, OSError, BadZipFile):
        return None
    return report if made else None


@dataclass(frozen=True)
class _Outcome:
    """The result of reading one trajectory; and of each of its files that was read, the checksum."""

    name: str
    result: Trajectory | Rejected
    strays: tuple[PassedOver, ...]
    files: Mapping[str, str]


def _read(raw: Path, name: str, settings: Settings) -> _Outcome:
    result: Trajectory | Rejected
    how = (settings.im_size, settings.cameras, settings.gaze, settings.latency_shift)
    with noted() as files:
        try:
            result = read_trajectory(raw, name, *how)
        except Rejected as rejected:
            result = rejected
    folder = Path(raw, name)
    checksums = {path.relative_to(folder).as_posix(): checksum for path, checksum in files.items()}
    return _Outcome(name, result, strays(folder), checksums)


@dataclass
class _Account:
    """Counts the outcomes, in order; the first trajectory of several with the same content stays."""

    kept: dict[str, str] = field(default_factory=dict)
    transitions: int = 0
    instructed: int = 0
    rejected: list[RejectedTrajectory] = field(default_factory=list)
    strays: Counter = field(default_factory=Counter)
    remarks: list[Remark] = field(default_factory=list)
    sizes: dict[str, Mapping[int, tuple[int, int]]] = field(default_factory=dict)

    def judge(self, outcome: _Outcome) -> Trajectory | None:
        """The trajectory if it is kept."""
        self.strays.update({(entry.path, entry.why): entry.count for entry in outcome.strays})
        result = outcome.result
        if isinstance(result, Trajectory) and result.content_id in self.kept:
            result = Rejected("duplicate", f"the same content as {self.kept[result.content_id]}")
        if isinstance(result, Rejected):
            self.rejected.append(RejectedTrajectory(outcome.name, result.reason, result.detail))
            return None
        self.kept[result.content_id] = outcome.name
        self.transitions += len(result.actions)
        self.instructed += any(result.languages)
        self.remarks += [Remark.of(outcome.name, noticed) for noticed in result.noticed]
        self.sizes[outcome.name] = result.frame_sizes
        return result

    def report(self, found: int, folder: str, passed_over: Iterable[PassedOver]) -> Report:
        """The account of a dated folder; `passed_over` as `list_trajectories` gives it."""
        entries = [PassedOver(f"{folder}/{entry.path}", entry.why, entry.count) for entry in passed_over]
        entries += [
            PassedOver(f"{folder}/raw/*/*/{name}", why, count) for (name, why), count in sorted(self.strays.items())
        ]
        odd_sizes = [Remark.of(*odd) for odd in odd_frame_sizes(self.sizes)]
        remarks = sorted(self.remarks + odd_sizes, key=lambda remark: natural_key(remark.trajectory or ""))
        counts = (found, len(self.kept), self.transitions, self.instructed)
        return Report(*counts, tuple(self.rejected), tuple(entries), tuple(remarks))


def _in_order(function: Callable[[str], _Outcome], names: Iterable[str], workers: int) -> Iterator[_Outcome]:
    """Outcomes in the order of the names; at most two per thread are under way or waiting to be taken."""
    pool = ThreadPoolExecutor(workers)
    waiting: deque[Future] = deque()
    try:
        for name in names:
            if len(waiting) == 2 * workers:
                yield waiting.popleft().result()
            waiting.append(pool.submit(function, name))
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)
