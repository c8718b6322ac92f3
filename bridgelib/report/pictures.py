"""Pictures inside of the page: WebP as data URLs."""

import base64
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageSequence, UnidentifiedImageError

from bridgelib.errors import DataError

_PHOTOGRAPH: dict[str, Any] = {"format": "WEBP", "quality": 60, "method": 3}
_EXACT: dict[str, Any] = {"format": "WEBP", "lossless": True, "method": 3}

FILM_FRAMES = 12
"""Frames of a film: enough to see what happens."""


def strip(frames: np.ndarray, height: int) -> str:
    """Frames side by side, uint8 [N, H, W, 3], made as high as asked for."""
    images = [Image.fromarray(frame) for frame in frames]
    return _side_by_side(images, height)


def film(path: Path, height: int) -> tuple[str, int, float]:
    """An animated picture as frames side by side.

    Returns:
        The data URL, how many frames it has, and the width of one for each pixel of height.

    Raises:
        DataError: It cannot be read.
    """
    try:
        with Image.open(path) as image:
            count = getattr(image, "n_frames", 1)
            wanted = {place * (count - 1) // (FILM_FRAMES - 1) for place in range(FILM_FRAMES)}
            frames = [
                frame.convert("RGB") for number, frame in enumerate(ImageSequence.Iterator(image)) if number in wanted
            ]
    except (OSError, UnidentifiedImageError, ValueError) as error:
        raise DataError(path, given=f"a picture that cannot be read: {error}", do="roll the policy out again") from None
    return _side_by_side(frames, height), len(frames), frames[0].width / frames[0].height


def density(counts: np.ndarray) -> str:
    """How many points lie where, int [rows, columns], the first row at the top: dark where many, nothing where none."""
    share = np.log1p(counts) / max(np.log1p(counts.max()), 1e-9)
    alpha = np.where(counts > 0, 40 + 215 * share, 0).astype(np.uint8)
    colour = np.broadcast_to(np.array([32, 120, 220], np.uint8), (*counts.shape, 3))
    return _data_url(Image.fromarray(np.dstack([colour, alpha])), _EXACT)


def _side_by_side(images: Sequence[Image.Image], height: int) -> str:
    width = max(1, round(images[0].width * height / images[0].height))
    sheet = Image.new("RGB", (width * len(images), height))
    for place, image in enumerate(images):
        sheet.paste(image.resize((width, height), Image.Resampling.BILINEAR, reducing_gap=2.0), (place * width, 0))
    return _data_url(sheet, _PHOTOGRAPH)


def _data_url(image: Image.Image, form: dict[str, Any]) -> str:
    written = io.BytesIO()
    image.save(written, **form)
    return f"data:image/webp;base64,{base64.b64encode(written.getvalue()).decode()}"
