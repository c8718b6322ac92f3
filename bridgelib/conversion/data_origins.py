"""What the results of the conversions were made from. Standard library only: the Snakefile asks while it is parsed."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from bridgelib.layout import REPORT
from bridgelib.origins import UNKNOWN, digest_in, digest_of
from bridgelib.raw.tree import PassedOver
from bridgelib.versions import versions_of


def shard_origin(
    im_size: int, cameras: Iterable[int], gaze: str, latency_shift: int | str, trajectories: Iterable[str] | str
) -> dict[str, Any]:
    """The origin of a shard and its report.

    Args:
        im_size, cameras, gaze, latency_shift: As in `bridgelib.conversion.raw_to_numpy.Settings`.
        trajectories: Names of the trajectories relative to the dated folder, or a text in place of their digest.
    """
    return {
        "versions": versions_of("raw_to_numpy"),
        "im_size": im_size,
        "cameras": sorted(cameras),
        "gaze": gaze,
        "latency_shift": latency_shift,
        "trajectories": trajectories if isinstance(trajectories, str) else digest_of(sorted(trajectories)),
    }


def records_origin(settings: Mapping[str, Any], gaze: str, shards: Mapping[str, str]) -> dict[str, Any]:
    """The origin of the TFRecords of a task.

    Args:
        settings: As in `bridgelib.conversion.task_shards.Settings`: im_size, train_proportion, seed, image_encoding.
        gaze: The gaze boxes of its shards.
        shards: Date -> the content of its shard; see `bridgelib.formats.report.Report`.
    """
    return {"versions": versions_of("numpy_to_tfrecord"), **settings, "gaze": gaze, "shards": dict(shards)}


def data_report_origin(root: Path, tasks: Sequence[str], others: Iterable[PassedOver] | None) -> dict[str, Any]:
    """The origin of the data report.

    Args:
        root: The root of the TFRecords.
        tasks: The tasks that are reported.
        others: What else lies in the raw tree, and was passed over or excluded; None where that is not known.
    """
    reports = {task: digest_in(Path(root) / task / REPORT) for task in tasks}
    listed = UNKNOWN if others is None else digest_of(sorted([entry.path, entry.why, entry.count] for entry in others))
    return {"versions": versions_of("data_report"), "tasks": reports, "passed_over": listed}
