"""The index of a TFRecord: where each frame's bytes lie, and the small arrays, so that reading needs no TensorFlow.

`out.index.npz` lies beside `out.tfrecord`. It describes the file as it is, whoever wrote it. It belongs to the file
of the same size and time of change in which every record has the checksums that it knows; else it is rebuilt, and then
all data is read once and compared with its checksums. A copy that keeps times (cp -p, rsync -a, tar) keeps the index.
Damage that changes neither size, time nor checksums (a worn disk) is found by `verify.py`, which reads everything.
"""

import os
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from mmap import MADV_DONTNEED, mmap
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from bridgelib.errors import DataError
from bridgelib.files import written_whole
from bridgelib.formats.checksums import has_checksums, require_whole, stored_checksums
from bridgelib.formats.framing import HEADER, mapped, records
from bridgelib.formats.protobuf import Malformed
from bridgelib.formats.record import Record
from bridgelib.formats.texts import packed, unpacked
from bridgelib.layout import index_path
from bridgelib.mistaken import kind_of_file
from bridgelib.progress import Progress

TEXTS = ("languages", "names", "identities")
# Another version remakes no TFRecord: a reader that finds an index of another version builds it anew.
VERSION = 2


@dataclass(frozen=True)
class RecordIndex:
    """N trajectories with F frames, A = F - N actions and L instructions together.

    Trajectory i owns frames `frame_offsets[i]` to `frame_offsets[i + 1]`, and so on; one frame more than actions.

    Attributes:
        encoding: "raw" (each frame H·W·3 bytes, uint8) or "jpeg" (each frame a JPEG file).
        image_shape: (H, W, 3); (0, 0, 3) where the file is empty, as a validation split of one trajectory is.
        frame_position: int64 [F]; the byte in the TFRecord where each frame begins.
        frame_length: int64 [F]; how many bytes it has.
        gaze_position: int64 [F]; where its gaze map begins, float32 [H, W, 1]; -1 where it has none.
        frame_offsets: int64 [N+1].
        action_offsets: int64 [N+1].
        language_offsets: int64 [N+1].
        state: float32 [F, 7].
        actions: float32 [A, 7], as commanded.
        languages: The L instructions.
        names: N folders in the raw tree, "" where the TFRecord was made elsewhere.
        identities: N content ids, "" likewise.
        record_position: int64 [N+1]; the byte where each record begins, and the size of the file.
        record_checksums: uint32 [N, 2]; of the length and of the data, as they stand in the file.
    """

    encoding: str
    image_shape: tuple[int, int, int]
    frame_position: np.ndarray
    frame_length: np.ndarray
    gaze_position: np.ndarray
    frame_offsets: np.ndarray
    action_offsets: np.ndarray
    language_offsets: np.ndarray
    state: np.ndarray
    actions: np.ndarray
    languages: tuple[str, ...]
    names: tuple[str, ...]
    identities: tuple[str, ...]
    record_position: np.ndarray
    record_checksums: np.ndarray

    def __len__(self) -> int:
        """How many trajectories there are."""
        return len(self.names)

    @property
    def file_size(self) -> int:
        """Bytes of the TFRecord that this describes."""
        return int(self.record_position[-1])

    def trajectories(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """States [T+1, 7] and actions [T, 7] of each trajectory."""
        for number in range(len(self)):
            frames = slice(*self.frame_offsets[number : number + 2])
            yield self.state[frames], self.actions[slice(*self.action_offsets[number : number + 2])]

    @classmethod
    def build(cls, tfrecord: Path) -> "RecordIndex":
        """Walk through a TFRecord in BridgeData format, raw or jpeg; all its data is compared with its checksums.

        Raises:
            DataError: The file is missing, truncated, damaged or not in BridgeData format; the message names the byte.
        """
        tfrecord = Path(tfrecord)
        try:
            with mapped(tfrecord) as (descriptor, buffer):
                size = len(buffer)
                progress = Progress(size, "MB", f"checking {tfrecord}", scale=1_000_000, brief=True)
                found, positions = list[Record](), list[int]()
                for begin, end in records(buffer):
                    require_whole(descriptor, begin, end, progress.advance)
                    found.append(_of_one_kind(Record.read(buffer, begin, end), begin, found))
                    positions.append(begin - HEADER.size)
                    assert isinstance(buffer, mmap)  # bytes are those of an empty file
                    buffer.madvise(MADV_DONTNEED)  # else every page that was seen counts as this process's memory
                positions.append(size)
                return cls._of(found, positions, stored_checksums(descriptor, positions))
        except FileNotFoundError:
            raise DataError(tfrecord, given="no such TFRecord", do="run numpy_to_tfrecord on its task") from None
        except OSError as error:
            raise DataError(tfrecord, given=error.strerror, do="check the disk and the path") from error
        except Malformed as error:
            raise _refused(tfrecord, error) from error

    @classmethod
    def _of(cls, found: Sequence[Record], begins: Sequence[int], checksums: np.ndarray) -> "RecordIndex":
        def joined(key: str, empty: np.ndarray) -> np.ndarray:
            return np.concatenate([empty, *(getattr(record, key) for record in found)])

        def offsets(key: str) -> np.ndarray:
            return np.cumsum([0, *(len(getattr(record, key)) for record in found)], dtype=np.int64)

        positions, rows = np.empty(0, np.int64), np.empty((0, 7), np.float32)
        return cls(
            encoding=found[0].encoding if found else "raw",
            image_shape=found[0].image_shape if found else (0, 0, 3),
            frame_position=joined("frame_position", positions),
            frame_length=joined("frame_length", positions),
            gaze_position=joined("gaze_position", positions),
            frame_offsets=offsets("state"),
            action_offsets=offsets("actions"),
            language_offsets=offsets("languages"),
            state=joined("state", rows),
            actions=joined("actions", rows),
            languages=tuple(text for record in found for text in record.languages),
            names=tuple(record.name for record in found),
            identities=tuple(record.content_id for record in found),
            record_position=np.array(begins, np.int64),
            record_checksums=checksums,
        )

    def save(self, tfrecord: Path) -> None:
        """Write the index beside its TFRecord, whole or not at all; the same index gives the same bytes.

        The index takes over the TFRecord's time of change, by which `load_index` knows that they belong together.
        """
        arrays: dict[str, Any] = {}
        for field in fields(self):
            value = getattr(self, field.name)
            arrays |= packed(field.name, value) if field.name in TEXTS else {field.name: np.asarray(value)}
        changed = _changed(tfrecord)
        with written_whole(index_path(tfrecord)) as partial:
            with partial.open("wb") as file:
                np.savez(file, version=np.array(VERSION), **arrays)
            os.utime(partial, ns=(changed, changed))

    def describes(self, tfrecord: Path) -> bool:
        """Whether a file has the size and every record the checksums that this index knows; its data is not read."""
        with tfrecord.open("rb") as file:
            return has_checksums(file.fileno(), self.record_position, self.record_checksums)


def load_index(tfrecord: Path) -> RecordIndex:
    """The index of a TFRecord: read where it belongs to the file, else built and written beside it.

    Where the folder cannot be written, the index is kept in memory and a warning says so.

    Raises:
        DataError: The TFRecord is missing, damaged or not in BridgeData format.
    """
    tfrecord = Path(tfrecord)
    saved = _saved_index(tfrecord)
    if saved is not None:
        return saved
    built = RecordIndex.build(tfrecord)
    try:
        built.save(tfrecord)
    except DataError as error:
        warnings.warn(f"the index of {tfrecord} is kept in memory and will be built again: {error.given}", stacklevel=2)
    return built


def _saved_index(tfrecord: Path) -> RecordIndex | None:
    """The index on disk; None where it is missing, unreadable, of another version or not of these bytes."""
    path = index_path(tfrecord)
    try:
        # Neither "older" nor "newer": a copy that keeps times may bring in an older file, or an older index.
        if _changed(path) != _changed(tfrecord):
            return None
        with np.load(path, allow_pickle=False) as archive:
            if archive["version"] != VERSION:
                return None
            values = {field.name: archive[field.name] for field in fields(RecordIndex)}
            values |= {key: unpacked(values[key], archive[f"{key}_ends"]) for key in TEXTS}
        values |= {"encoding": values["encoding"].item(), "image_shape": tuple(values["image_shape"].tolist())}
        index = RecordIndex(**values)
        return index if index.describes(tfrecord) else None
    except (OSError, BadZipFile, ValueError, KeyError, EOFError):
        return None


def _changed(path: Path) -> int:
    """When a file was changed last, in nanoseconds."""
    return path.stat().st_mtime_ns


def _refused(tfrecord: Path, error: Malformed) -> DataError:
    kind = None if error.position else kind_of_file(tfrecord)
    again = "remove it, then make or copy it again; killed writers and full or worn disks leave such files"
    return DataError(
        tfrecord,
        given=f"no TFRecord as it is: it is {kind.name}" if kind else str(error),
        allowed="a whole TFRecord in BridgeData format, not compressed, one trajectory per record",
        do=kind.cure(tfrecord) if kind else error.do or again,
    )


def _of_one_kind(record: Record, position: int, found: Sequence[Record]) -> Record:
    """Refuse a record whose images are of another shape or encoding than those of the first."""
    kind = (record.encoding, record.image_shape)
    first = (found[0].encoding, found[0].image_shape) if found else kind
    if kind != first:
        raise Malformed(position, f"images are {kind}, those of the first trajectory are {first}")
    return record
