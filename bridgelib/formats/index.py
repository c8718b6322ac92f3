"""The index of a TFRecord: where each frame's bytes lie, and the small arrays, so that reading needs no TensorFlow.

`out.index.npz` lies beside `out.tfrecord`. It describes the file as it is, whoever wrote it, and is rebuilt when it is
missing, older, or does not belong to the file's bytes.
"""

import os
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, fields
from mmap import ACCESS_READ, MADV_DONTNEED, MADV_RANDOM, mmap
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from bridgelib.errors import DataError
from bridgelib.files import written_whole
from bridgelib.formats.framing import records
from bridgelib.formats.protobuf import Malformed
from bridgelib.formats.record import Record

VERSION = 1  # no TFRecord is made again for it: an index of another version is built anew by whoever reads it
SCALARS = ("encoding", "file_size", "file_tail")


@dataclass(frozen=True)
class RecordIndex:
    """N trajectories with F frames, A = F - N actions and L instructions together.

    Trajectory i owns frames `frame_offsets[i]` to `frame_offsets[i + 1]`, and so on; one frame more than actions.

    Attributes:
        encoding: "raw" (each frame H·W·3 bytes, uint8) or "jpeg" (each frame a JPEG file).
        image_shape: (H, W, 3); (0, 0, 3) where the file is empty, as a validation side of one trajectory is.
        frame_position: int64 [F]; the byte in the TFRecord where each frame begins.
        frame_length: int64 [F]; how many bytes it has.
        gaze_position: int64 [F]; where its gaze map begins, float32 [H, W, 1]; -1 where it has none.
        frame_offsets: int64 [N+1].
        action_offsets: int64 [N+1].
        language_offsets: int64 [N+1].
        state: float32 [F, 7].
        actions: float32 [A, 7], as commanded.
        languages: <U [L].
        names: <U [N]; folder in the raw tree, "" where the TFRecord was made elsewhere.
        identities: <U [N]; content id, "" likewise.
        file_size: Bytes of the TFRecord that this describes.
        file_tail: Its last four bytes (the checksum of its last record) as a number.
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
    languages: np.ndarray
    names: np.ndarray
    identities: np.ndarray
    file_size: int
    file_tail: int

    def __len__(self) -> int:
        """How many trajectories there are."""
        return len(self.names)

    def trajectories(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """States [T+1, 7] and actions [T, 7] of each trajectory."""
        for number in range(len(self)):
            frames = slice(*self.frame_offsets[number : number + 2])
            yield self.state[frames], self.actions[slice(*self.action_offsets[number : number + 2])]

    @classmethod
    def build(cls, tfrecord: Path) -> "RecordIndex":
        """Walk through a TFRecord in BridgeData format, raw or jpeg.

        Only headers and the small tensors are read, not the frames.

        Raises:
            DataError: It is missing, truncated, damaged or not in BridgeData format; the message names the byte.
        """
        tfrecord = Path(tfrecord)
        try:
            with tfrecord.open("rb") as file:
                size = os.fstat(file.fileno()).st_size
                if size == 0:
                    return cls._of([], 0, 0)
                with mmap(file.fileno(), 0, access=ACCESS_READ) as buffer:
                    buffer.madvise(MADV_RANDOM)  # else the kernel reads the frames ahead that we step over
                    found = _records_of_one_kind(buffer)
                    return cls._of(found, size, _tail(buffer[-4:]))
        except FileNotFoundError:
            raise DataError(tfrecord, given="no such TFRecord", do="run numpy_to_tfrecord on its task") from None
        except Malformed as error:
            raise DataError(
                tfrecord,
                given=str(error),
                allowed="a whole TFRecord in BridgeData format, one trajectory per record",
                do="make or copy it again; a writer that was killed or a full disk leaves such files",
            ) from error

    @classmethod
    def _of(cls, found: list[Record], size: int, tail: int) -> "RecordIndex":
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
            languages=np.array([text for record in found for text in record.languages], dtype=str),
            names=np.array([record.name for record in found], dtype=str),
            identities=np.array([record.identity for record in found], dtype=str),
            file_size=size,
            file_tail=tail,
        )

    def save(self, path: Path) -> None:
        """Write the index, whole or not at all; the same index gives the same bytes."""
        arrays = {field.name: np.asarray(getattr(self, field.name)) for field in fields(self)}
        with written_whole(path) as partial, partial.open("wb") as file:
            np.savez(file, version=np.array(VERSION), **arrays)


def index_path(tfrecord: Path) -> Path:
    """Where the index of a TFRecord lies: `out.tfrecord` has `out.index.npz` beside it."""
    return Path(tfrecord).with_suffix(".index.npz")


def load_index(tfrecord: Path) -> RecordIndex:
    """The index of a TFRecord: read where it is up to date, else built and written beside it.

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
        built.save(index_path(tfrecord))
    except DataError as error:
        warnings.warn(f"the index of {tfrecord} is kept in memory and will be built again: {error.given}", stacklevel=2)
    return built


def _saved_index(tfrecord: Path) -> RecordIndex | None:
    """The index on disk; None where it is missing, unreadable, of another version or not of these bytes."""
    path = index_path(tfrecord)
    try:
        if path.stat().st_mtime_ns < tfrecord.stat().st_mtime_ns:
            return None
        with np.load(path, allow_pickle=False) as archive:
            if archive["version"] != VERSION:
                return None
            values = {field.name: archive[field.name] for field in fields(RecordIndex)}
    except (OSError, BadZipFile, ValueError, KeyError, EOFError):
        return None
    values |= {key: values[key].item() for key in SCALARS}
    index = RecordIndex(**values | {"image_shape": tuple(values["image_shape"].tolist())})
    return index if (index.file_size, index.file_tail) == _size_and_tail(tfrecord) else None


def _size_and_tail(tfrecord: Path) -> tuple[int, int]:
    with tfrecord.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - 4))
        return size, _tail(file.read(4))


def _tail(last_bytes: bytes) -> int:
    return int.from_bytes(last_bytes, "little")


def _records_of_one_kind(buffer: mmap) -> list[Record]:
    """Read every record's headers; all must have images of one shape and encoding."""
    found: list[Record] = []
    for begin, end in records(buffer):
        record = Record.read(buffer, begin, end)
        kind = (record.encoding, record.image_shape)
        first = (found[0].encoding, found[0].image_shape) if found else kind
        if kind != first:
            raise Malformed(begin, f"images are {kind}, those of the first trajectory are {first}")
        found.append(record)
        buffer.madvise(MADV_DONTNEED)  # else every page that was seen counts as this process's memory
    return found
