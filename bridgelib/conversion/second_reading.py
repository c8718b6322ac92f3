"""The second reading of TFRecords: what TensorFlow finds in each record, held against what we wrote and what we read.

Of each record all states, actions, flags, texts and shapes, and every next frame with the frame one step later; of some
steps every pixel, against what training reads, and against the shard where that is still there. Of each file the number
of records and transitions, against the task's report and split. Checksums TensorFlow compares itself, at each reading.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from bridgelib.conversion.readings import Reading, by_index, by_shard, by_tensorflow, differences
from bridgelib.data.records import Records
from bridgelib.errors import DataError
from bridgelib.files import read_json
from bridgelib.formats import record
from bridgelib.formats.index import RecordIndex, load_index
from bridgelib.formats.protobuf import Malformed
from bridgelib.formats.shard import Shard
from bridgelib.formats.tensorflow_reader import read_by_tensorflow
from bridgelib.formats.verify import Damage
from bridgelib.layout import REPORT, SPLIT, shard_path


def second_reading(tfrecord: Path, numpy: Path | None, advance: Callable[[int], None]) -> Iterator[Damage]:
    """What TensorFlow finds otherwise, in order.

    Args:
        tfrecord: The file.
        numpy: The root of the shards; None to leave them aside.
        advance: Called with the number of bytes just read, again and again.
    """
    read = position = 0
    try:
        index = load_index(tfrecord)
        ours = Records([tfrecord], [index]) if len(index) else None
        for found in read_by_tensorflow(tfrecord, _features(index)):
            if read == len(index) or ours is None:
                raise Malformed(0, f"TensorFlow finds more records than the {len(index)} that we do")
            position, end = index.record_position[read : read + 2].tolist()
            yield from (
                Damage(tfrecord, read, position, what) for what in _found_otherwise(found, ours, index, read, numpy)
            )
            read += 1
            advance(end - position)
        if read < len(index):
            raise Malformed(0, f"TensorFlow finds {read} records, where we find {len(index)}")
        yield from (Damage(tfrecord, read, 0, what) for what in _listed_otherwise(tfrecord, index))
    except Malformed as error:
        yield Damage(tfrecord, read, position, error.what)
    except DataError as error:
        yield Damage(tfrecord, read, position, f"we cannot read it: {error.given}")


def _features(index: RecordIndex) -> list[str]:
    """The features that every record of a file has; names, texts and flags only where we wrote it."""
    pairs = [record.STATE, *([record.IMAGES] if index.encoding == "raw" else [])]
    pairs += [record.GAZE] if (index.gaze_position >= 0).any() else []
    ours = [record.NAME, record.CONTENT_ID, record.LANGUAGE, record.TERMINALS, record.TRUNCATES]
    return [
        *(prefix + key for key in pairs for prefix in (record.NOW, record.NEXT)),
        *([record.JPEG] if index.encoding == "jpeg" else []),
        *(ours if any(index.names) else []),
        record.ACTIONS,
    ]


def _found_otherwise(
    found: Mapping[str, Any], records: Records, index: RecordIndex, number: int, numpy: Path | None
) -> Iterator[str]:
    """What TensorFlow found otherwise in one record than the other parties, in words."""
    steps = _sample(number, int(records.lengths[number]))
    try:
        theirs = by_tensorflow(found, steps)
    except Malformed as error:
        yield f"TensorFlow finds that {error.what}"
        return
    parties = {"training": by_index(records, index, number, steps), **_of_shard(index, number, steps, numpy)}
    for who, reading in parties.items():
        if other := differences(theirs, reading):
            yield f"TensorFlow reads another {', '.join(other)} than {who}"


def _sample(number: int, length: int) -> list[int]:
    """The steps at which every pixel is compared: the first, the last, and one that hangs on the record's number."""
    return sorted({0, int(np.random.default_rng(number).integers(length + 1)), length})


def _of_shard(index: RecordIndex, number: int, steps: list[int], numpy: Path | None) -> dict[str, Reading]:
    """The shard's path -> what it tells; nothing where it, or this trajectory in it, is no longer there."""
    place = index.names[number].split("/")
    path = shard_path(numpy, "/".join(place[:-4]), place[-4]) if numpy and len(place) > 4 else None
    shard = _opened(path) if path and path.exists() else None
    if shard is None or index.identities[number] not in shard.content_ids:
        return {}
    told = by_shard(shard, shard.content_ids.index(index.identities[number]), steps, index.encoding == "raw")
    shard.release()
    return {str(path): told}


@lru_cache(maxsize=1)
def _opened(path: Path) -> Shard:
    return Shard(path)


def _listed_otherwise(tfrecord: Path, index: RecordIndex) -> Iterator[str]:
    """Where the task's report or split, as far as they are there, tell of other trajectories than lie in a file."""
    split, task = tfrecord.parent.name, tfrecord.parent.parent
    report = read_json(task / REPORT).get(split) if (task / REPORT).exists() else None
    counts = {"trajectories": len(index), "transitions": len(index.actions), "bytes": index.file_size}
    for key, count in counts.items():
        if report and report.get(key) != count:
            yield f"{count} {key}, where {task / REPORT} says {report.get(key)}"
    listed = read_json(task / SPLIT).get(split) if (task / SPLIT).exists() else None
    if listed is not None and [entry["identity"] for entry in listed] != list(index.identities):
        yield f"other trajectories than {task / SPLIT} lists"
