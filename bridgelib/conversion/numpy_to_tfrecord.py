"""Numpy shards of a task to its TFRecords, with split, index, statistics and report.

    <tfrecord>/<task>/{train,val}/out.tfrecord      and out.index.npz beside each
    <tfrecord>/<task>/split.json                    names and content ids of each split, seed, proportion
    <tfrecord>/<task>/statistics.json               of the training split, as training sees it
    <tfrecord>/<task>/report.json                   what became of each trajectory; written last

What a task folder held before is removed first and `report.json` is written last, so a folder is of one conversion, and
one without a report is unfinished, whatever was killed when.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bridgelib.conversion.task_remarks import task_remarks
from bridgelib.conversion.task_shards import Entry, Settings, TaskShards
from bridgelib.data.gaze import gaze_maps
from bridgelib.data.split import training_split
from bridgelib.data.statistics import Statistics, statistics_of
from bridgelib.errors import DataError
from bridgelib.files import alone, partial_path, read_json, write_json, written_whole
from bridgelib.formats.index import RecordIndex, load_index
from bridgelib.formats.report import Report
from bridgelib.formats.tfrecord import tfrecord_writer
from bridgelib.layout import REPORT, SPLIT, SPLITS, STATISTICS, index_path, records_path, seal_path, task_paths
from bridgelib.origins import origin_in, with_release
from bridgelib.progress import Progress
from bridgelib.raw.tree import natural_key
from bridgelib.seals import sealed

NO_STATISTICS = {"action": None, "proprio": None, "trajectories": 0, "transitions": 0}


def convert_task(shards: Sequence[Path], folder: Path, settings: Settings, overwrite: bool = False) -> dict:
    """Convert all shards of one task, or wait for another process that does.

    A task of which nothing is kept has TFRecords without a trajectory, and statistics of none.

    Args:
        shards: The `.npz` files, each with its `.report.json` beside it, in any order.
        folder: The task's folder; it is made.
        settings: The settings of the conversion.
        overwrite: Convert even when the folder holds the result of just these shards and settings.

    Returns:
        The content of `report.json`.

    Raises:
        ConfigError: The shards are of another image size, or not all with the same gaze boxes.
        DataError: A shard is damaged, or the disk is full.
    """
    folder = Path(folder)
    with alone(folder / REPORT) as waited:
        return _converted(shards, folder, settings, overwrite and not waited)


def _converted(shards: Sequence[Path], folder: Path, settings: Settings, overwrite: bool) -> dict:
    task = TaskShards(shards, settings)
    if not overwrite and (report := _finished(folder, task.origin)) is not None:
        print(f"{folder} is up to date: nothing to do")
        return report
    train = training_split([entry.content_id for entry in task.kept], settings.train_proportion, settings.seed)
    splits = {
        split: [entry for entry in task.kept if (entry.content_id in train) == (split == "train")] for split in SPLITS
    }
    if not task.kept:
        print(f"{folder}: {nothing_kept(task.reports)}; its TFRecords are empty")
    elif not splits["val"]:
        print(f"{folder}: a single trajectory, which is for training; the validation split is empty")
    _remove_former(folder)
    with sealed("numpy_to_tfrecord", folder / REPORT, *_beside_report(folder)):
        _write_records(task, train, folder)
        indices = {split: _written_index(folder, split, splits[split]) for split in SPLITS}
        write_json(folder / SPLIT, _split(splits, settings))
        statistics = statistics_of([indices["train"]]) if task.kept else None
        write_json(folder / STATISTICS, statistics.to_json() if statistics else NO_STATISTICS)
        report = _task_report(task, indices, statistics)
        write_json(folder / REPORT, report)
    return report


def _beside_report(folder: Path) -> list[Path]:
    return [path for name, path in task_paths(folder).items() if name != "report"]


def nothing_kept(reports: Sequence[Report]) -> str:
    """Why nothing of a task was kept, in words."""
    reasons = Counter(rejection.reason for report in reports for rejection in report.rejected)
    told = ", ".join(f"{count} {reason}" for reason, count in reasons.most_common()) or "none was found"
    found = sum(report.found for report in reports)
    return f"no trajectory of this task was kept, of {found} found ({told})"


def _remove_former(folder: Path) -> None:
    """Remove what an earlier conversion left, the mark of completeness first."""
    for path in reversed(task_paths(folder).values()):
        path.unlink(missing_ok=True)


def _write_records(task: TaskShards, train: frozenset[str], folder: Path) -> None:
    """Write both splits in one pass over the shards; they appear together at its end."""
    progress = Progress(len(task.kept), "trajectories", folder.name)
    with ExitStack() as open_files:
        append = {}
        for split in SPLITS:
            partial = open_files.enter_context(written_whole(records_path(folder, split)))
            append[split] = open_files.enter_context(tfrecord_writer(partial, task.settings.image_encoding))
        for trajectory in task.trajectories():
            boxes = trajectory.gaze_boxes
            gaze = None if boxes is None else gaze_maps(boxes, task.settings.im_size)
            append["train" if trajectory.content_id in train else "val"](trajectory, gaze)
            progress.advance()


def _written_index(folder: Path, split: str, expected: Sequence[Entry]) -> RecordIndex:
    """Index what was written, which proves that it can be read and that nothing is missing."""
    path = records_path(folder, split)
    index = RecordIndex.build(path)
    written = list(zip(index.names, index.identities, strict=True))
    assert written == [(entry.name, entry.content_id) for entry in expected], f"{path} does not hold what was written"
    index.save(path)
    return index


def _split(splits: Mapping[str, Sequence[Entry]], settings: Settings) -> dict:
    listed = {
        split: [{"name": entry.name, "identity": entry.content_id} for entry in splits[split]] for split in SPLITS
    }
    return {**listed, "seed": settings.seed, "train_proportion": settings.train_proportion}


def _task_report(task: TaskShards, indices: Mapping[str, RecordIndex], statistics: Statistics | None) -> dict:
    rejected = [rejection for report in task.reports for rejection in report.rejected] + task.duplicates
    copies = {each.trajectory for each in task.duplicates}
    remarks = task_remarks(task.reports, copies, list(indices.values()), statistics)
    report: dict[str, Any] = {
        "found": sum(report.found for report in task.reports),
        "kept": len(task.kept),
        "rejected": [asdict(each) for each in sorted(rejected, key=lambda each: natural_key(each.trajectory))],
        "remarks": [asdict(remark) for remark in remarks],
        "passed_over": [asdict(entry) for report in task.reports for entry in report.passed_over],
        "shards": len(task.paths),
        "instructed": sum(_instructed(index) for index in indices.values()),
        "origin": with_release(task.origin),
        **{split: _split_report(index) for split, index in indices.items()},
    }
    assert report["found"] == report["kept"] + len(report["rejected"]), report
    assert report["kept"] == sum(report[split]["trajectories"] for split in SPLITS), report
    return report


def _split_report(index: RecordIndex) -> dict[str, int]:
    return {
        "trajectories": len(index),
        "transitions": len(index.actions),
        "frames": len(index.state),
        "bytes": index.file_size,
    }


def _instructed(index: RecordIndex) -> int:
    """How many trajectories have an instruction that is not blank."""
    bounds = zip(index.language_offsets[:-1], index.language_offsets[1:], strict=True)
    return sum(any(text.strip() for text in index.languages[begin:end]) for begin, end in bounds)


def _finished(folder: Path, origin: Mapping[str, Any]) -> dict | None:
    """The report in a folder that holds the whole result of this origin; None where anything is missing or else."""
    if not all((folder / name).exists() for name in (REPORT, SPLIT, STATISTICS)):
        return None
    if origin_in(folder / REPORT) != origin or partial_path(seal_path(folder / REPORT)).exists():  # killed as it sealed
        return None
    report, listed = read_json(folder / REPORT), read_json(folder / SPLIT)
    return report if all(_holds(records_path(folder, split), listed[split]) for split in SPLITS) else None


def _holds(record: Path, listed: Sequence[Mapping[str, str]]) -> bool:
    """Whether a TFRecord is whole, has an index, and holds the trajectories that split.json lists."""
    try:
        identities = load_index(record).identities if index_path(record).exists() else None
    except DataError:  # its message says to make it again, so it must not count as up to date here
        return False
    return identities == tuple(entry["identity"] for entry in listed)
