"""Many TFRecords as one pool of frames, read by number.

Frames are read with `preadv` straight into the batch, not through a memory map. Cold from disk, in random order, that
is five to ten times faster (a read asks for a whole frame, a page fault for a few pages); the process's memory does not
grow with the file; and a file that is cut short under us is an error instead of a bus error. The page cache serves
repeated reads as it would serve a map.
"""

import io
import os
import weakref
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache, partial
from itertools import pairwise
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from bridgelib.errors import DataError
from bridgelib.formats.checksums import has_checksums
from bridgelib.formats.index import RecordIndex, load_index

OPEN_FILES = 128
"""Files held open at a time, whatever their number: well below the 1024 descriptors a process commonly gets."""

THREADS = min(32, max(8, os.cpu_count() or 1))
"""Reads in flight; more than cores where these are few, because a read waits for the disk more than it computes."""


class Records:
    """The trajectories of several TFRecords, numbered through; their frames and actions are too.

    Trajectory t has T = lengths[t] transitions, the frames first_frame[t] ... first_frame[t] + T and the actions
    first_action[t] ... first_action[t] + T - 1.

    Args:
        files: The TFRecords, any number of them. Those without a trajectory are left aside.
        indices: The index of each.
        threads: How many threads read and decode.

    Attributes:
        files: The TFRecords that have trajectories.
        file_of: int64 [trajectories]; which of `files` each trajectory lies in.
        image_shape: (H, W, 3).
        lengths, first_frame, first_action: int64 [trajectories].
        state: float32 [frames, 7], in metres, radians and gripper units.
        actions: float32 [actions, 7], as commanded.
        languages: The instructions of each trajectory, one or more.
        has_gaze: Whether every frame has a gaze map.

    Raises:
        DataError: The files hold no trajectory, or images of different sizes.
    """

    def __init__(self, files: Sequence[Path], indices: Sequence[RecordIndex], threads: int = THREADS):
        filled = [(Path(file), index) for file, index in zip(files, indices, strict=True) if len(index)]
        if not filled:
            raise DataError(_listed(files), given="no trajectory at all", do="convert a task with trajectories first")
        self.files = tuple(file for file, _ in filled)
        indices = [index for _, index in filled]
        self.file_of = np.repeat(np.arange(len(indices)), [len(index) for index in indices])
        self.image_shape = _common_image_shape(self.files, indices)
        self.lengths = np.concatenate([np.diff(index.action_offsets) for index in indices])
        self.first_action = _starts(self.lengths)
        self.first_frame = _starts(self.lengths + 1)
        self.state = np.concatenate([index.state for index in indices])
        self.actions = np.concatenate([index.actions for index in indices])
        self.languages = [texts for index in indices for texts in _languages(index)]
        self._is_jpeg = [index.encoding == "jpeg" for index in indices]
        self._position = np.concatenate([index.frame_position for index in indices])
        self._length = np.concatenate([index.frame_length for index in indices])
        self._gaze_position = np.concatenate([index.gaze_position for index in indices])
        self.has_gaze = bool((self._gaze_position >= 0).all())
        self._first_frame_of_file = _starts([len(index.frame_position) for index in indices])
        known = [(index.record_position, index.record_checksums) for index in indices]
        self._open = lru_cache(maxsize=OPEN_FILES)(partial(_opened, self.files, known, {}))
        self._threads = threads
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="read")

    @classmethod
    def open(cls, files: Iterable[Path], threads: int = THREADS) -> "Records":
        """The records of these TFRecords, each taken once, through their indices (built where they are missing)."""
        distinct = list(dict.fromkeys(files))
        return cls(distinct, [load_index(file) for file in distinct], threads)

    def __len__(self) -> int:
        """How many trajectories there are."""
        return len(self.lengths)

    def images(self, frames: np.ndarray) -> np.ndarray:
        """Camera images of these frames.

        Args:
            frames: int64 [...]; frame numbers of this pool.

        Returns:
            uint8 [..., H, W, 3].

        Raises:
            DataError: A file is no longer the one that was indexed, a frame does not decode, or the disk fails.
        """
        return self._gathered(frames, self.image_shape, np.uint8, self._read_image)

    def gaze(self, frames: np.ndarray) -> np.ndarray:
        """Gaze maps of these frames, float32 [..., H, W, 1]; only where `has_gaze`."""
        return self._gathered(frames, (*self.image_shape[:2], 1), np.float32, self._read_gaze)

    def _gathered(self, frames: np.ndarray, shape: tuple[int, ...], dtype: type, read: Callable) -> np.ndarray:
        """Fill one array, each frame by `read(file number, frame number, destination)`."""
        out = np.empty((*frames.shape, *shape), dtype)
        rows = out.reshape(-1, *shape)
        numbers = frames.reshape(-1)
        files = np.searchsorted(self._first_frame_of_file, numbers, side="right") - 1
        places = list(zip(files.tolist(), numbers.tolist(), rows, strict=True))

        def read_share(share: int) -> None:
            for place in places[share :: self._threads]:
                read(*place)

        # Threads write disjoint rows, so the result does not depend on their number or their timing.
        for _ in self._pool.map(read_share, range(min(self._threads, len(places)))):
            pass
        return out

    def _read_image(self, file: int, frame: int, row: np.ndarray) -> None:
        position = int(self._position[frame])
        if not self._is_jpeg[file]:
            self._read(file, position, row.data)
            return
        content = bytearray(int(self._length[frame]))
        self._read(file, position, memoryview(content))
        try:
            with Image.open(io.BytesIO(content), formats=["JPEG"]) as image:
                row[...] = np.asarray(image.convert("RGB"))
        except (UnidentifiedImageError, OSError, ValueError) as error:
            raise DataError(
                self.files[file],
                given=f"the JPEG at byte {position} does not decode: {error}",
                do="make this TFRecord again with numpy_to_tfrecord",
            ) from error

    def _read_gaze(self, file: int, frame: int, row: np.ndarray) -> None:
        self._read(file, int(self._gaze_position[frame]), row.data)

    def _read(self, file: int, position: int, destination: memoryview) -> None:
        """Fill a contiguous destination with the bytes of a file from `position` on."""
        left = destination.cast("B")
        try:
            opened = self._open(file)
            while left:
                count = os.preadv(opened.descriptor, [left], position)
                if count == 0:
                    raise DataError(
                        self.files[file],
                        given=f"it ends before byte {position + len(left)}, where its index has a frame",
                        do="it changed while it was being read: wait until it is whole, then start again",
                    )
                left, position = left[count:], position + count
        except OSError as error:
            raise DataError(self.files[file], given=error.strerror, do="check the disk and the path") from error


class _OpenFile:
    """A descriptor that lives as long as it is used: one thread may drop it from the cache while another reads."""

    def __init__(self, path: Path):
        self.descriptor = os.open(path, os.O_RDONLY)
        # Not __del__: as the interpreter ends, `os` has lost its `close`. Then the kernel closes what is left.
        weakref.finalize(self, os.close, self.descriptor).atexit = False


def _opened(
    files: Sequence[Path],
    known: Sequence[tuple[np.ndarray, np.ndarray]],
    looks: dict[int, tuple[int, ...]],
    number: int,
) -> _OpenFile:
    """Open a file whenever it is needed; it must still be the one whose index was read.

    Else a task that is converted anew during a training would be read by its former index.

    Args:
        files: All files.
        known: Where the records of each file begin, and their checksums.
        looks: File -> its status when its checksums were compared, which is done once; filled here.
        number: The number of the file.
    """
    opened = _OpenFile(files[number])
    state = os.fstat(opened.descriptor)
    look = state.st_ino, state.st_size, state.st_mtime_ns
    if looks.get(number) != look:
        if not has_checksums(opened.descriptor, *known[number]):
            raise DataError(
                files[number],
                given="another file than the one whose index was read: it was made anew since",
                do="start again when nobody makes it any more",
            )
        looks[number] = look
    return opened


def _starts(lengths: Iterable[int]) -> np.ndarray:
    """int64; where each of several consecutive pieces begins."""
    return np.cumsum([0, *lengths], dtype=np.int64)[:-1]


def _languages(index: RecordIndex) -> list[tuple[str, ...]]:
    offsets = index.language_offsets
    return [index.languages[a:b] for a, b in pairwise(offsets)]


def _common_image_shape(files: Sequence[Path], indices: Sequence[RecordIndex]) -> tuple[int, int, int]:
    first = indices[0].image_shape
    for file, index in zip(files, indices, strict=True):
        if index.image_shape != first:
            raise DataError(
                file,
                given=f"images of shape {index.image_shape}",
                allowed=f"{first}, as in {files[0]}",
                do="convert all tasks of a dataset with one im_size",
            )
    return first


def _listed(files: Sequence[Path]) -> str:
    return ", ".join(str(file) for file in files[:3]) + (f" and {len(files) - 3} more" if len(files) > 3 else "")
