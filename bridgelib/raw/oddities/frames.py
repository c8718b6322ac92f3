"""Frames that repeat, are black or blank, or are to be turned: seen in what is in memory while they are read."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from bridgelib.raw.jpeg_header import JpegHeader
from bridgelib.raw.remarks import Noticed

BLACK = 24  # of 255: video counts 16 as black, and a covered lens has noise
BLANK = 4  # by how much the pixels of a single colour differ
SAMPLED = 16  # rows and columns that are looked at first; nearly all frames differ there


@dataclass
class Headers:
    """The headers of one camera's frames, noted file by file.

    Attributes:
        size: Width and height of the first frame; None before it was seen.
        turned: Number of a frame -> its EXIF orientation, where that is another than 1.
    """

    size: tuple[int, int] | None = None
    turned: dict[int, int] = field(default_factory=dict)
    seen: int = 0

    def note(self, content: bytes) -> None:
        """Note the next file."""
        if (header := JpegHeader.read(content)) is not None:
            self.size = self.size or header.size
            if header.orientation != 1:
                self.turned[self.seen] = header.orientation
        self.seen += 1


def odd_frames(camera: str, frames: np.ndarray, headers: Headers, first: int = 0) -> Iterator[Noticed]:
    """Remarks on the frames of one camera.

    Args:
        camera: The name of its folder.
        frames: uint8 [F, S, S, 3].
        headers: The headers of all its files.
        first: The number of the first of `frames`; those before were left out.
    """
    step = max(1, frames.shape[1] // SAMPLED)
    samples = np.ascontiguousarray(frames[:, ::step, ::step])  # [F, ~16, ~16, 3]
    black = [number for number in _below(samples, BLACK) if frames[number].max() < BLACK]
    blank = [number for number in _blank(samples) if _blank(frames[number : number + 1]) and number not in black]
    dull = {*black, *blank}
    repeated = [number for number in _repeated(frames, samples) if number not in dull]
    begun = next((number for number in range(1, len(frames)) if number not in repeated), len(frames))
    if begun == len(frames):  # not one frame is new
        begun = 1
    found = {"black_frames": black, "blank_frames": blank, "repeated_frames": [n for n in repeated if n >= begun]}
    found["repeated_first_frames"] = list(range(begun)) if begun > 1 else []
    for remark, numbers in found.items():
        if numbers:
            yield Noticed(remark, f"{_named(camera, [first + number for number in numbers])}, of {len(frames)} frames")
    turned = [number for number in headers.turned if number >= first]
    if turned:
        yield Noticed("exif_orientation", f"{_named(camera, turned)}: orientation {headers.turned[turned[0]]}")


def _below(samples: np.ndarray, bound: int) -> list[int]:
    """The frames of [F, …] whose values all lie below a bound."""
    return np.flatnonzero(samples.reshape(len(samples), -1).max(axis=1) < bound).tolist()


def _blank(frames: np.ndarray) -> list[int]:
    """The frames of [F, height, width, 3] whose pixels all have about one colour."""
    spread = np.ptp(frames, axis=(1, 2))  # [F, 3]
    return np.flatnonzero((spread <= BLANK).all(axis=1)).tolist()


def _repeated(frames: np.ndarray, samples: np.ndarray) -> list[int]:
    """The frames that are equal to an earlier one."""
    latest: dict[bytes, int] = {}
    repeated = []
    for number, sample in enumerate(samples):
        key = sample.tobytes()
        if key in latest and np.array_equal(frames[number], frames[latest[key]]):
            repeated.append(number)
        latest[key] = number
    return repeated


def _named(camera: str, numbers: Sequence[int]) -> str:
    """The first file of several and how many there are more: `images0/im_3.jpg and 4 more`."""
    more = f" and {len(numbers) - 1} more" if len(numbers) > 1 else ""
    return f"{camera}/im_{numbers[0]}.jpg{more}"
