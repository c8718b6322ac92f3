"""The frames of one camera: which files there are, and how one becomes pixels."""

import io
import re
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
import simplejpeg
from PIL import Image

from bridgelib.mistaken import LOOKED_AT, kind_of
from bridgelib.raw.files import read_file, read_folder
from bridgelib.raw.rejection import Rejected

START_OF_IMAGE, END_OF_IMAGE = b"\xff\xd8", b"\xff\xd9"
LARGEST_FRAME = 1 << 24  # pixels; decoding takes four bytes for each
FRAME = re.compile(r"im_(0|[1-9][0-9]*)\.jpg")
# A colour subsampling that simplejpeg does not know. No camera is known to use one; Pillow hides damage in such files.
SAMPLING_UNKNOWN = "Could not determine subsampling"
# The first number of JFIF's version, of which only 1 is known; Adobe's number of the colours, where 1 is YCbCr.
JFIF, ADOBE = re.compile(rb"(\xff\xe0..JFIF\0).", re.DOTALL), re.compile(rb"(\xff\xee\0\x0eAdobe.{6}).", re.DOTALL)


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
    """Decode and resize the frames of one camera.

    Args:
        folder: The camera's folder.
        count: How many frames it holds.
        im_size: Height and width to resize them to, whatever their aspect.
        seen: Called with the bytes of each file, in order.

    Returns:
        uint8 [count, im_size, im_size, 3].

    Raises:
        Rejected: `broken_image`, `image_size_differs`, `greyscale_image`, `not_rgb_image` or `unreadable_file`.
    """
    frames = np.empty((count, im_size, im_size, 3), np.uint8)
    canvas = None
    for number in range(count):
        path = folder / f"im_{number}.jpg"
        name = f"{folder.name}/{path.name}"
        content = read_file(path, name)
        if seen is not None:
            seen(content)
        size = _size(content, name)
        canvas = canvas or Image.new("RGB", size)
        if size != canvas.size:
            sizes = [f"{width}x{height}" for width, height in (size, canvas.size)]
            raise Rejected("image_size_differs", f"{name} is {sizes[0]}, the frames before are {sizes[1]}")
        frames[number] = _resized(_decoded(content, canvas, name), im_size, name)
    return frames


def _size(content: bytes, name: str) -> tuple[int, int]:
    """Width and height; where simplejpeg does not see a picture in colours, Pillow is asked, which says what it is."""
    if content.startswith(START_OF_IMAGE) and END_OF_IMAGE in content:
        with suppress(ValueError, KeyError):
            height, width, colours, _ = simplejpeg.decode_jpeg_header(content)
            if colours in ("YCbCr", "RGB") and width * height <= LARGEST_FRAME:
                return width, height
    return _opened(content, name).size


def _opened(content: bytes, name: str) -> Image.Image:
    """The image in a JPEG file, its header read and its colours checked."""
    if not content:
        raise Rejected("broken_image", f"{name} is empty")
    if not content.startswith(START_OF_IMAGE):
        kind = kind_of(content[:LOOKED_AT])
        raise Rejected("broken_image", f"{name} is {kind.name if kind else 'no JPEG file'}")
    if END_OF_IMAGE not in content:
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


def _decoded(content: bytes, canvas: Image.Image, name: str) -> Image.Image:
    """The pixels that Pillow would give; but damage is refused, where Pillow silently makes up the missing pixels.

    Both decode by libjpeg-turbo with the same settings, but simplejpeg also reports its warnings. Damage that still
    decodes without a warning goes unnoticed: possible for a few lost bytes, hardly ever for a lost disk block.

    Args:
        content: The file.
        canvas: An image of the same size, reused: making one for each frame would cost what simplejpeg gains.
        name: The name of the file, for messages.
    """
    try:
        canvas.frombytes(simplejpeg.decode_jpeg(content))
    except ValueError as error:
        for complaint, cured in CURES.items():
            if complaint in str(error) and (without := cured(content)) != content:
                return _decoded(without, canvas, name)
        if SAMPLING_UNKNOWN in str(error):
            return _opened(content, name)
        raise Rejected("broken_image", f"{name}: {error}") from None
    return canvas


def _without_padding(content: bytes) -> bytes:
    """Without zeros before the end marker, with which some cameras fill up; a zero after 0xff belongs to the data."""
    data = content[: content.rindex(END_OF_IMAGE)].rstrip(b"\0")
    return data + (b"\0" if data.endswith(b"\xff") else b"") + END_OF_IMAGE


def _of_known_kind(content: bytes) -> bytes:
    """The file with the known header versions in place of others, which libjpeg reads in the same way."""
    for header in (JFIF, ADOBE):
        content = header.sub(lambda found: found[1] + b"\1", content)
    return content


# Warning that is no damage, but that libjpeg gives instead of one about damage -> a repair that avoids it.
CURES = {
    "extraneous bytes before marker 0xd9": _without_padding,  # which is the end marker
    "unknown JFIF revision": _of_known_kind,
    "Unknown Adobe color transform": _of_known_kind,
}


def _resized(image: Image.Image, im_size: int, name: str) -> np.ndarray:
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
