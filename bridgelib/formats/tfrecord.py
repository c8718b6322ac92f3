"""Writing TFRecords in BridgeData format; `record.py` lists the features. The bytes are those of TensorFlow's writer.

Message layouts: tensorflow/core/example/{example,feature}.proto; how records are framed, `framing.py` says.
"""

import io
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import google_crc32c
import numpy as np
from PIL import Image

from bridgelib.errors import DataError
from bridgelib.formats import record
from bridgelib.formats.checksums import BLOCK
from bridgelib.formats.framing import FOOTER, HEADER, masked, masked_crc32c
from bridgelib.formats.message import Pieces, field, size
from bridgelib.formats.serialised import numbers, strings, text
from bridgelib.raw.trajectory import Trajectory

VERSION = 1
ENCODINGS = ("raw", "jpeg")
LARGEST = (1 << 31) - 1
"""Bytes of a record: protocol buffers, and so TensorFlow, read none that is larger."""


@contextmanager
def tfrecord_writer(path: Path, encoding: str) -> Iterator[Callable[..., None]]:
    """Open a TFRecord for writing; the same trajectories give the same bytes.

    The function it gives takes a trajectory, and perhaps its gaze maps as `example` does, and appends it.

    Args:
        path: The file, written in place: give a partial name and rename it when the block has ended.
        encoding: "raw" or "jpeg".

    Raises:
        DataError: A trajectory is too long for a record.
        OSError: The disk is full, or the file cannot be written.
    """
    with path.open("wb") as file:

        def append(trajectory: Trajectory, gaze: np.ndarray | None = None) -> None:
            data = example(trajectory, encoding, gaze)
            if size(data) > LARGEST:
                raise _too_long(trajectory, size(data))
            _append(file, data)

        yield append


def example(trajectory: Trajectory, encoding: str, gaze: np.ndarray | None = None) -> Pieces:
    """A trajectory as a `tf.train.Example`, keys in order; frames that lie in a map stay there.

    Args:
        trajectory: A trajectory of T actions.
        encoding: "raw" or "jpeg".
        gaze: float32 [T+1, H, W, 1], a map for each frame; written only where it is given.
    """
    length = len(trajectory.actions)
    features = {
        **_now_and_next(record.STATE, np.asarray(trajectory.state, np.float32)),
        record.ACTIONS: numbers(np.asarray(trajectory.actions, np.float32)),
        record.TERMINALS: numbers(np.zeros(length, np.bool_)),
        record.TRUNCATES: numbers(np.arange(length) == length - 1),
        record.LANGUAGE: strings([language.encode() for language in trajectory.languages]),
        record.NAME: text(trajectory.name),
        record.CONTENT_ID: text(trajectory.content_id),
        **_image_features(trajectory.frames[0], encoding),
        **({} if gaze is None else _now_and_next(record.GAZE, gaze)),
    }
    entries = [field(1, [*field(1, [key.encode()]), *_feature(features[key])]) for key in sorted(features)]
    return field(1, [piece for entry in entries for piece in entry])


def _feature(value: Pieces) -> Pieces:
    """The value of a map's entry: a `tf.train.Feature` that holds one byte string."""
    return field(2, field(1, field(1, value)))


def _image_features(frames: np.ndarray, encoding: str) -> Mapping[str, Pieces]:
    if encoding == "jpeg":
        return {record.JPEG: strings([jpeg_bytes(frame) for frame in frames])}
    return _now_and_next(record.IMAGES, frames)


def _now_and_next(key: str, rows: np.ndarray) -> Mapping[str, Pieces]:
    return {record.NOW + key: numbers(rows[:-1]), record.NEXT + key: numbers(rows[1:])}


def jpeg_bytes(frame: np.ndarray) -> bytes:
    """A uint8 frame [H, W, 3] as a JPEG file: quality 95, colours at full resolution."""
    file = io.BytesIO()
    Image.fromarray(frame).save(file, "JPEG", quality=95, subsampling=0)
    return file.getvalue()


def _append(file: IO[bytes], data: Pieces) -> None:
    """Write a record. Blocks are summed and written by turns, so that they still lie in the processor's cache."""
    length, crc = size(data), 0
    file.write(HEADER.pack(length, masked_crc32c(length.to_bytes(8, "little"))))
    for piece in data:
        for begin in range(0, len(piece), BLOCK):
            block = np.frombuffer(piece, np.uint8)[begin : begin + BLOCK]
            crc = google_crc32c.extend(crc, block)
            file.write(block.data)
    file.write(FOOTER.pack(masked(crc)))


def _too_long(trajectory: Trajectory, given: int) -> DataError:
    return DataError(
        trajectory.name,
        given=f"{len(trajectory.actions)} steps, a record of {given:,} bytes",
        allowed=f"{LARGEST:,} bytes, the most that TensorFlow reads",
        do="leave its dated folder out, or convert with a smaller im_size or with image_encoding jpeg",
    )
