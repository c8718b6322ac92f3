"""The shards of one task, taken together: which trajectories go into its TFRecords."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path

from bridgelib.conversion.contents import content_of
from bridgelib.conversion.data_origins import records_origin
from bridgelib.errors import ConfigError, DataError
from bridgelib.formats.report import RejectedTrajectory, Report
from bridgelib.formats.shard import Shard
from bridgelib.formats.tfrecord import ENCODINGS
from bridgelib.layout import shard_report_path
from bridgelib.raw.trajectory import Trajectory
from bridgelib.raw.tree import natural_key, recorded_at

VERSION = 1  # of the choice and order of trajectories, and of split.json and report.json


@dataclass(frozen=True)
class Settings:
    """How a task is converted.

    Attributes:
        im_size: Height and width of the images; must be that of the shards.
        train_proportion: Above 0, at most 1.
        seed: The seed of the split.
        image_encoding: "raw" (BridgeData format) or "jpeg" (compact variant).

    Raises:
        ConfigError: One of them is out of range.
    """

    im_size: int
    train_proportion: float
    seed: int = 0
    image_encoding: str = "raw"

    def __post_init__(self) -> None:
        if not 0 < self.train_proportion <= 1:
            raise ConfigError("train_proportion", given=self.train_proportion, allowed="above 0, at most 1")
        if self.image_encoding not in ENCODINGS:
            raise ConfigError("image_encoding", given=self.image_encoding, allowed=ENCODINGS)


@dataclass(frozen=True)
class Entry:
    """A trajectory of a task and where it lies."""

    name: str
    content_id: str
    shard: Path
    number: int


def shards_of(folder: Path, raw: Path | None = None, count: int | None = None) -> list[Path]:
    """The shards in a task's folder, in natural order.

    Args:
        folder: `<numpy>/<task>`.
        raw: `<raw>/<task>`; shards whose dated folder is no longer there are left aside.
        count: How many there must be; None for any number.

    Raises:
        DataError: There are more or fewer: the raw tree or the shards changed since they were counted.
    """
    found = [path for path in Path(folder).glob("*.npz") if recorded_at(path.stem)]
    if raw is not None:
        found = [path for path in found if (Path(raw) / path.stem).is_dir()]
    if count is not None and len(found) != count:
        raise DataError(
            folder,
            given=f"{len(found)} shards" + (f" of dated folders that are in {raw}" if raw else ""),
            allowed=f"{count}, as many as were counted at the start",
            do="dated folders came or went meanwhile, or their shards did: run the same command again",
        )
    return sorted(found, key=lambda path: natural_key(path.name))


class TaskShards:
    """All shards of a task with their reports.

    Attributes:
        origin: All that the result depends on: versions, settings, contents of the shards and their reports.

    Raises:
        ConfigError: The shards are not all of the image size asked for, or not all with the same gaze boxes.
        DataError: A shard or its report is missing or damaged, or one does not belong to the other.
    """

    def __init__(self, paths: Sequence[Path], settings: Settings):
        if not paths:
            raise ConfigError("shards", given="none", do="give the .npz files of one task")
        self.paths = sorted(set(map(Path, paths)), key=lambda path: natural_key(path.as_posix()))
        self.settings = settings
        self.reports, entries, gaze, contents = [], [], dict[str, Path](), dict[str, list[str]]()
        for path in self.paths:
            shard = Shard(path)
            self._check_size(shard)
            gaze.setdefault(shard.gaze, path)
            self.reports.append(_report_of(shard))
            contents.setdefault(path.stem, []).append(content_of(path, self.reports[-1]))
            places = enumerate(zip(shard.names, shard.content_ids, strict=True))
            entries += [Entry(name, content_id, path, number) for number, (name, content_id) in places]
        _check_gaze(gaze)
        self.entries = sorted(entries, key=lambda entry: natural_key(entry.name))
        shards = {date: " ".join(found) for date, found in contents.items()}  # more than one of a date only by hand
        self.origin = records_origin(asdict(settings), next(iter(gaze)), shards)

    def _check_size(self, shard: Shard) -> None:
        if shard.im_size != self.settings.im_size:
            raise ConfigError(
                f"{shard.path}, im_size",
                given=f"{self.settings.im_size}, but this shard has images of {shard.im_size} pixels",
                allowed=shard.im_size,
                do="give --im_size the same number here as to raw_to_numpy (the users' guide passes it to both steps, "
                "`im_size` of a machine profile goes to both), or make the shards again",
            )

    @cached_property
    def kept(self) -> list[Entry]:
        """The first trajectory of each content, in natural order of their names."""
        return [entry for entry in self.entries if self._first[entry.content_id] is entry]

    @cached_property
    def duplicates(self) -> list[RejectedTrajectory]:
        """The others: demonstrations that were copied into a second dated folder."""
        pairs = [(entry, self._first[entry.content_id]) for entry in self.entries]
        return [
            RejectedTrajectory(entry.name, "duplicate", f"the same content as {first.name}")
            for entry, first in pairs
            if entry is not first
        ]

    @cached_property
    def _first(self) -> Mapping[str, Entry]:
        return {entry.content_id: entry for entry in reversed(self.entries)}

    def trajectories(self) -> Iterator[Trajectory]:
        """The kept trajectories, one in memory at a time.

        Raises:
            DataError: A shard does not hold the bytes that were written to it.
        """
        sound: Shard | None = None
        for entry in self.kept:
            if sound is None or sound.path != entry.shard:
                sound = Shard(entry.shard)
                sound.verify()
            yield sound.trajectory(entry.number)
            sound.release()  # else every page that was read counts as this process's memory


def _check_gaze(shards: Mapping[str, Path]) -> None:
    """Refuse shards of several kinds; `shards` has one of each kind."""
    if len(shards) > 1:
        raise ConfigError(
            "gaze",
            given=" but ".join(f"'{gaze}' in {path}" for gaze, path in shards.items()),
            allowed="the same in all shards of a task",
            do="make them again with the same --gaze (`gaze` of the machine profile)",
        )


def _report_of(shard: Shard) -> Report:
    """The report beside a shard; it must be of this shard."""
    path = shard_report_path(shard.path)
    report = Report.load(path)
    # A report made by hand, or before reports recorded the content, has none.
    if report.kept != len(shard) or report.content not in ("", content_of(shard.path, report)):
        raise DataError(
            path,
            given=f"the report of another shard: {report.kept} trajectories kept, this one has {len(shard)}",
            do=f"make the shard again: rm {shard.path} {path}",
        )
    return report
