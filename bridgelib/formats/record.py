"""One trajectory of a TFRecord in BridgeData format: which features it has and where its frames lie.

Raw variant, for T actions and L instructions, every feature a serialised tensor:

    observations/images0, next_observations/images0   uint8   [T, H, W, 3]   frames 0 to T-1, frames 1 to T
    observations/state, next_observations/state       float32 [T, 7]
    actions                                           float32 [T, 7]
    terminals, truncates                              bool    [T]            (the last truncate is true)
    language                                          string  [L]

The compact variant has instead of the two image tensors `jpeg/images0`, string [T+1]: each frame once, as a JPEG file.
Ours add `name` and `identity`, string [], which other readers leave aside. Where there is gaze, both variants have
`observations/gaze` and `next_observations/gaze`, float32 [T, H, W, 1].
"""

import io
from dataclasses import dataclass
from mmap import mmap

import numpy as np
from PIL import Image, UnidentifiedImageError

from bridgelib.formats.protobuf import Malformed, example_features
from bridgelib.formats.tensor import Tensor
from bridgelib.raw.language import says_something

IMAGES, JPEG, GAZE = "images0", "jpeg/images0", "gaze"
STATE, ACTIONS, LANGUAGE = "state", "actions", "language"
TERMINALS, TRUNCATES = "terminals", "truncates"
NAME, CONTENT_ID = "name", "identity"
NOW, NEXT = "observations/", "next_observations/"

_FORMAT = "write it in BridgeData format, as numpy_to_tfrecord does and bridgelib/formats/record.py describes"
_ONE_LATER = "write it so that next_observations are the observations one step later"
_SQUARE = "write it with square images: numpy_to_tfrecord does, whatever the camera's aspect"


@dataclass(frozen=True)
class Record:
    """One trajectory of T actions as an index keeps it; attributes as in `RecordIndex`, positions in the file."""

    encoding: str
    image_shape: tuple[int, int, int]
    frame_position: np.ndarray
    frame_length: np.ndarray
    gaze_position: np.ndarray
    state: np.ndarray
    actions: np.ndarray
    languages: tuple[str, ...]
    name: str
    content_id: str

    @classmethod
    def read(cls, buffer: mmap | bytes, begin: int, end: int) -> "Record":
        """Read the record whose data lies in bytes `begin` to `end`.

        Raises:
            Malformed: The record is not a trajectory in BridgeData format.
        """
        return _Reader(buffer, begin, end).record()


class _Reader:
    def __init__(self, buffer: mmap | bytes, begin: int, end: int):
        self.buffer, self.begin = buffer, begin
        self.features = example_features(buffer, begin, end)

    def _malformed(self, what: str, do: str = _FORMAT) -> Malformed:
        return Malformed(self.begin, what, do)

    def record(self) -> Record:
        actions = self._numbers(ACTIONS)
        if len(actions) == 0:
            raise self._malformed("a trajectory without actions")
        state = self._states(len(actions))
        for key in (TERMINALS, TRUNCATES):
            if key in self.features:
                self._expect(key, self._tensor(key).shape, (len(actions),))
        self._refuse_terminals()
        encoding = "jpeg" if JPEG in self.features else "raw"
        frames = self._jpeg_frames if encoding == "jpeg" else self._raw_frames
        image_shape, position, length = frames(len(actions))
        return Record(
            encoding=encoding,
            image_shape=image_shape,
            frame_position=position,
            frame_length=length,
            gaze_position=self._gaze(len(actions), image_shape),
            state=state,
            actions=actions,
            languages=tuple(text if says_something(text) else "" for text in self._texts(LANGUAGE)) or ("",),
            name="".join(self._texts(NAME)),
            content_id="".join(self._texts(CONTENT_ID)),
        )

    def _refuse_terminals(self) -> None:
        """A demonstration is cut off while the robot could continue; values are learnt under that assumption."""
        if TERMINALS in self.features and self._tensor(TERMINALS).array(self.buffer).any():
            raise self._malformed(f"'{TERMINALS}' is true somewhere, where in this format only '{TRUNCATES}' may be")

    def _tensor(self, key: str) -> Tensor:
        if key not in self.features:
            present = ", ".join(sorted(self.features)) or "none"
            raise self._malformed(f"a trajectory without the feature '{key}' (it has: {present})")
        return Tensor.at(self.buffer, *self.features[key])

    def _expect(self, key: str, given: tuple[int, ...], expected: tuple[int, ...]) -> None:
        if given != expected:
            raise self._malformed(f"'{key}' has shape {given}, not {expected}")

    def _expect_square(self, key: str, height: int, width: int) -> None:
        if height != width:
            raise self._malformed(f"'{key}' has images of {width}x{height} pixels, which are not square", _SQUARE)

    def _numbers(self, key: str) -> np.ndarray:
        """A float tensor [T, 7], finite."""
        tensor = self._tensor(key)
        if tensor.dtype is None or tensor.dtype.kind != "f":
            raise self._malformed(f"'{key}' is not of floating-point numbers")
        self._expect(key, tensor.shape, (*tensor.shape[:1], 7))
        rows = tensor.array(self.buffer).astype(np.float32)
        if not np.isfinite(rows).all():
            raise self._malformed(f"'{key}' holds NaN or infinity")
        return rows

    def _states(self, length: int) -> np.ndarray:
        """States of all frames, [T+1, 7]: each next state must be the state that follows."""
        now, following = self._numbers(NOW + STATE), self._numbers(NEXT + STATE)
        for key, rows in ((NOW + STATE, now), (NEXT + STATE, following)):
            self._expect(key, rows.shape, (length, 7))
        if not np.array_equal(now[1:], following[:-1]):
            step = int(np.flatnonzero((now[1:] != following[:-1]).any(axis=1))[0])
            told = f"the next state of step {step} is not the state of step {step + 1}"
            raise self._malformed(told, _ONE_LATER)
        return np.concatenate([now, following[-1:]])

    def _raw_frames(self, length: int) -> tuple[tuple[int, int, int], np.ndarray, np.ndarray]:
        now, following = self._tensor(NOW + IMAGES), self._tensor(NEXT + IMAGES)
        for key, tensor in ((NOW + IMAGES, now), (NEXT + IMAGES, following)):
            if tensor.dtype != np.uint8:
                raise self._malformed(f"'{key}' is of {tensor.dtype or 'another type'}, not of uint8")
            height, width = tensor.shape[1:3] if len(tensor.shape) == 4 else (0, 0)
            self._expect(key, tensor.shape, (length, height, width, 3))
            self._expect_square(key, height, width)
        self._expect(NEXT + IMAGES, following.shape, now.shape)
        size = height * width * 3
        positions = self._positions(IMAGES, now, following, size)
        return (height, width, 3), positions, np.full(length + 1, size, np.int64)

    def _jpeg_frames(self, length: int) -> tuple[tuple[int, int, int], np.ndarray, np.ndarray]:
        ranges = np.array(self._tensor(JPEG).strings(), np.int64).reshape(-1, 2)
        self._expect(JPEG, (len(ranges),), (length + 1,))
        first = self.buffer[ranges[0, 0] : ranges[0, 1]]
        try:
            with Image.open(io.BytesIO(first), formats=["JPEG"]) as image:
                width, height = image.size
        except (UnidentifiedImageError, OSError):
            raise Malformed(int(ranges[0, 0]), f"the first frame of '{JPEG}' is not a JPEG file") from None
        self._expect_square(JPEG, height, width)
        return (height, width, 3), ranges[:, 0], ranges[:, 1] - ranges[:, 0]

    def _gaze(self, length: int, image_shape: tuple[int, int, int]) -> np.ndarray:
        if NOW + GAZE not in self.features:
            return np.full(length + 1, -1, np.int64)
        now, following = self._tensor(NOW + GAZE), self._tensor(NEXT + GAZE)
        for key, tensor in ((NOW + GAZE, now), (NEXT + GAZE, following)):
            self._expect(key, tensor.shape, (length, *image_shape[:2], 1))
            if tensor.dtype != np.float32:
                raise self._malformed(f"'{key}' is of {tensor.dtype or 'another type'}, not of float32")
        return self._positions(GAZE, now, following, 4 * image_shape[0] * image_shape[1])

    def _positions(self, key: str, now: Tensor, following: Tensor, size: int) -> np.ndarray:
        """Where frames 0 to T begin: the last one lies only in the tensor of what follows, which repeats the others."""
        (begin, end), (first, last) = now.element_bytes(), following.element_bytes()
        positions = np.arange(begin, end, size, dtype=np.int64)
        for step, frame in enumerate(positions[1:].tolist()):
            repeated = first + step * size
            if self.buffer[frame : frame + size] != self.buffer[repeated : repeated + size]:
                told = f"'{NEXT}{key}' of step {step} is not '{NOW}{key}' of step {step + 1}"
                raise self._malformed(told, _ONE_LATER)
        return np.append(positions, last - size)

    def _texts(self, key: str) -> list[str]:
        """Elements of a string tensor; none where the feature is missing."""
        if key not in self.features:
            return []
        texts = []
        for begin, end in self._tensor(key).strings():
            try:
                texts.append(self.buffer[begin:end].decode("utf-8"))
            except UnicodeDecodeError:
                raise Malformed(begin, f"'{key}' is not UTF-8 text") from None
        return texts
