"""The frames of one camera: which files there are, and how one becomes pixels."""

import io
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from bridgelib.raw.files import read_file, read_folder
from bridgelib.raw.rejection import Rejected

END_OF_IMAGE = b"\xff\xd9"
LARGEST_FRAME = 1 << 24  # pixels; decoding takes four bytes for each
FRAME = re.compile(r"im_(0|[1-9][0-9]*)\.jpg")


def check_frames(folder: Path, count: int) -> None:
    """Check that a camera's folder holds the frames 0 to `count` - 1 and no others; no frame is opened.

    Raises:
        Rejected: `missing_camera`, `missing_frame` or `extra_frame`.
    """
    if not folder.is_dir():
        raise Rejected("missing_camera", f"no folder {folder.name}")
    names = read_folder(folder, folder.name)
    found = {int(match[1]) for match in map(FRAME.fullmatch, names) if match}
    expected = set(range(count))
    for reason, frames in (("missing_frame", expected - found), ("extra_frame", found - expected)):
        if frames:
            first, number = f"{folder.name}/im_{min(frames)}.jpg", len(frames)
            others = f" and {number - 1} more" if number > 1 else ""
            verb = "missing" if reason == "missing_frame" else "too many"
            raise Rejected(reason, f"{first}{others} {verb}: {count} states, {len(found)} frames")


def read_frames(folder: Path, count: int, im_size: int, seen: Callable[[bytes], None] | None = None) -> np.ndarray:
    """Decode and squash the frames of one camera.

    Args:
        folder: The camera's folder.
        count: How many frames it holds.
        im_size: Height and width to squash them to, whatever their aspect.
        seen: Called with the bytes of each file, in order.

    Returns:
        uint8 [count, im_size, im_size, 3].

    Raises:
        Rejected: `broken_image`, `image_size_differs`, `greyscale_image`, `not_rgb_image` or `unreadable_file`.
    """
    frames = np.empty((count, im_size, im_size, 3), np.uint8)
    first_size = None
    for number in range(count):
        path = folder / f"im_{number}.jpg"
        name = f"{folder.name}/{path.name}"
        content = read_file(path, name)
        if seen is not None:
            seen(content)
        image = _opened(content, name)
        first_size = first_size or image.size
        if image.size != first_size:
            sizes = [f"{width}x{height}" for width, height in (image.size, first_size)]
            raise Rejected("image_size_differs", f"{name} is {sizes[0]}, the frames before are {sizes[1]}")
        frames[number] = _squashed(image, im_size, name)
    return frames


def _opened(content: bytes, name: str) -> Image.Image:
    """The image in a JPEG file, its header read and its colours checked."""
    if not content:
        raise Rejected("broken_image", f"{name} is empty")
    if END_OF_IMAGE not in content:  # Pillow takes zeros, which a crashed file system leaves behind, for black
        raise Rejected("broken_image", f"{name} has no end marker")
    try:
        image = Image.open(io.BytesIO(content), formats=("JPEG",))
    except Exception as error:  # damaged headers make Pillow raise errors of many kinds
        raise Rejected("broken_image", f"{name}: {_described(error)}") from None
    if image.width * image.height > LARGEST_FRAME:
        raise Rejected("broken_image", f"{name} claims {image.width}x{image.height} pixels")
    if image.mode != "RGB":
        reason = "greyscale_image" if image.mode == "L" else "not_rgb_image"
        raise Rejected(reason, f"{name} has the colours {image.mode}")
    return image


def _squashed(image: Image.Image, im_size: int, name: str) -> np.ndarray:
    """Pixels as the predecessor makes them: Pillow's Lanczos filter on the whole decoded image, no shortcut."""
    try:
        return np.asarray(image.resize((im_size, im_size), Image.Resampling.LANCZOS))
    except MemoryError:
        raise
    except Exception as error:  # as above, and truncation shows only here
        raise Rejected("broken_image", f"{name}: {_described(error)}") from None


def _described(error: Exception) -> str:
    """The error without the addresses that Pillow prints for files in memory."""
    return "cannot be identified as JPEG" if isinstance(error, Image.UnidentifiedImageError) else str(error)
