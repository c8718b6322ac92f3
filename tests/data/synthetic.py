"""Small pools of records without TensorFlow: frames whose every byte tells their number, and an index made by hand."""

from pathlib import Path

import numpy as np

from bridgelib.data.records import Records
from bridgelib.formats.index import RecordIndex

SIDE = 4
JUNK = 13


def frame(number: int, side: int = SIDE) -> np.ndarray:
    """uint8 [side, side, 3]; different for every frame number below 65536."""
    pixels = np.arange(side * side * 3).reshape(side, side, 3) + 7 * number
    pixels[0, 0, :2] = number // 256, number % 256
    return pixels.astype(np.uint8)


def number_of(image: np.ndarray) -> np.ndarray:
    """The frame number of each image [..., side, side, 3]."""
    return image[..., 0, 0, 0].astype(int) * 256 + image[..., 0, 0, 1]


def write_file(
    path: Path, lengths, *, first_number: int = 0, languages=None, side: int = SIDE, gaze: bool = False
) -> RecordIndex:
    """A file of trajectories with these lengths, laid out as the raw encoding does it.

    Within a trajectory frames 0 to T-1 lie one after the other and frame T lies apart; between all there is junk. State
    and action rows hold the frame number: state[f] = number, action[t] = number of the frame it starts from + 0.5.
    """
    positions, gaze_positions, numbers, starts = [], [], [], []
    content, number = bytearray(JUNK), first_number
    for length in lengths:
        images = [frame(number + offset, side) for offset in range(length + 1)]
        maps = [np.full((side, side, 1), number + offset, np.float32) for offset in range(length + 1)]
        for values, places in [(images, positions), (maps, gaze_positions)]:
            for offset, value in enumerate(values):
                content += b"\xff" * JUNK if offset in (0, length) else b""
                places.append(len(content))
                content += value.tobytes()
        numbers += range(number, number + length + 1)
        starts += range(number, number + length)
        number += length + 1
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    lengths = np.asarray(lengths, np.int64)
    languages = languages or [("",)] * len(lengths)
    seven = np.ones((1, 7), np.float32)
    return RecordIndex(
        encoding="raw",
        image_shape=(side, side, 3) if len(lengths) else (0, 0, 3),
        frame_position=np.array(positions, np.int64),
        frame_length=np.full(len(positions), side * side * 3, np.int64),
        gaze_position=np.array(gaze_positions if gaze else [-1] * len(positions), np.int64),
        frame_offsets=np.cumsum([0, *(lengths + 1)], dtype=np.int64),
        action_offsets=np.cumsum([0, *lengths], dtype=np.int64),
        language_offsets=np.cumsum([0, *map(len, languages)], dtype=np.int64),
        state=np.array(numbers, np.float32).reshape(-1, 1) * seven,
        actions=(np.array(starts, np.float32).reshape(-1, 1) + 0.5) * seven,
        languages=tuple(text for texts in languages for text in texts),
        names=("",) * len(lengths),
        identities=("",) * len(lengths),
        # The file is not divided into records, so there are no checksums to know.
        record_position=np.array([len(content)], np.int64),
        record_checksums=np.empty((0, 2), np.uint32),
    )


def write_records(folder: Path, lengths_of_files, *, threads: int = 2, languages=None, **kwargs) -> Records:
    """A pool of such files; frame numbers run on through all of them, so they are those of the pool."""
    files, indices, number = [], [], 0
    for place, lengths in enumerate(lengths_of_files):
        files.append(folder / f"task{place}" / "out.tfrecord")
        texts = languages[place] if languages else None
        indices.append(write_file(files[-1], lengths, first_number=number, languages=texts, **kwargs))
        number += sum(lengths) + len(lengths)
    return Records(files, indices, threads)
