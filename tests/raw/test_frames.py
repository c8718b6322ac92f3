"""Frames: Pillow's pixels to the last bit, damage in the coded picture is seen, and nothing whole is refused."""

import base64
import io
import itertools
from random import Random

import numpy as np
import pytest
from PIL import Image

from bridgelib.raw.frames import read_frames
from bridgelib.raw.rejection import Rejected

END = b"\xff\xd9"
# Neither can be written by Pillow. Made by jpegtran -arithmetic, and by cjpeg -sample 2x2,2x1,1x1.
ARITHMETIC = base64.b64decode(
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDACgcHiMeGSgjISMtKygwPGRBPDc3PHtYXUlkkYCZlo+AjIqgtObDoKrarYqMyP/L2u71////m8H////6"
    "/+b9//j/2wBDASstLTw1PHZBQXb4pYyl+Pj4+Pj4+Pj4+Pj4+Pj4+Pj4+Pj4+Pj4+Pj4+Pj4+Pj4+Pj4+Pj4+Pj4+Pj4+Pj4+Pj/yQARCAAQABAD"
    "ASIAAhEBAxEB/8wACgAQEAUBEBEF/9oADAMBAAIRAxEAPwCwmII9MVxJXcRSqa1IzMq+gP/Z"
)
UNUSUAL_SAMPLING = base64.b64decode(
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wCDEAAoABwAHgAjAB4AGQAoACMAIQAjAC0AKwAoADAAPABkAEEAPAA3ADcAPAB7AFgAXQBJAGQAkQCAAJkA"
    "lgCPAIAAjACKAKAAtADmAMMAoACqANoArQCKAIwAyAERAMsA2gDuAPUBAgEEAQIAmwDBARsBLwEYAPoBLADmAP0BAgD4/9sAQwErLS08NTx2QUF2"
    "+KWMpfj4+Pj4+Pj4+Pj4+Pj4+Pj4+Pj4+Pj4+Pj4+Pj4+Pj4+Pj4+Pj4+Pj4+Pj4+Pj4+Pj4/8EAEQgAEAAQAwEiAAIhAQMRAf/EABYAAQEBAAAA"
    "AAAAAAAAAAAAAAUBBP/EABgQAAIDAAAAAAAAAAAAAAAAAAADASIy/8QAFgEAAwAAAAAAAAAAAAAAAAAAAAID/8QAGBEAAgMAAAAAAAAAAAAAAAAA"
    "ABMBAxH/2gAMAwEAAhEDEQA/AKubG9eQxU2EVZBwjSdc6f/Z"
)


def picture(size=(64, 48), seed=0) -> Image.Image:
    """Shapes with edges and a little noise, drawn from the seed."""
    generator = np.random.default_rng(seed)
    coarse = Image.fromarray(generator.integers(0, 256, (6, 8, 3), np.uint8))
    smooth = np.asarray(coarse.resize(size, Image.Resampling.BICUBIC), np.int16)
    return Image.fromarray(np.clip(smooth + generator.integers(-12, 13, smooth.shape), 0, 255).astype(np.uint8))


def encoded(size=(64, 48), seed=0, **options) -> bytes:
    content = io.BytesIO()
    picture(size, seed).save(content, "JPEG", **options)
    return content.getvalue()


@pytest.fixture
def read(tmp_path):
    """Read one frame from the bytes of its file, resized to 16 pixels."""

    def frame(content):
        (tmp_path / "im_0.jpg").write_bytes(content)
        return read_frames(tmp_path, 1, 16)[0]

    return frame


def by_pillow(content):
    return np.asarray(Image.open(io.BytesIO(content)).convert("RGB").resize((16, 16), Image.Resampling.LANCZOS))


SIZES = [(1, 1), (7, 5), (16, 16), (33, 17), (64, 48), (255, 257)]
WRITTEN = [
    {"quality": quality, "subsampling": subsampling, "progressive": progressive}
    for quality, subsampling, progressive in itertools.product(
        (10, 75, 100), ("4:4:4", "4:2:2", "4:2:0", "4:1:1"), (False, True)
    )
    if (quality, subsampling, progressive) != (100, "4:4:4", True)  # which Pillow does not write at small sizes
]
OTHERWISE = [{"restart_marker_blocks": 3}, {"restart_marker_rows": 1, "progressive": True}, {"keep_rgb": True}]


@pytest.mark.parametrize("size", SIZES)
def test_pixels_are_pillows(read, size):
    for seed, options in enumerate(WRITTEN + OTHERWISE):
        content = encoded(size, seed, **options)
        assert np.array_equal(read(content), by_pillow(content)), options


def test_pixels_of_large_frames_are_pillows(read):
    for seed, subsampling in enumerate(("4:4:4", "4:2:2", "4:2:0", "4:1:1")):
        content = encoded((640, 480), seed, quality=90, subsampling=subsampling)
        assert np.array_equal(read(content), by_pillow(content))


def test_all_real_frames_are_whole_and_pillows(read, shared):
    paths = sorted((shared / "bridge-sample" / "raw").rglob("im_*.jpg"))
    assert len(paths) > 100
    for path in paths:
        content = path.read_bytes()
        assert np.array_equal(read(content), by_pillow(content)), path


def thumbnail() -> bytes:
    """A segment of Exif data that is itself a JPEG file."""
    data = b"Exif\0\0" + encoded((16, 12), 5)
    return b"\xff\xe1" + (len(data) + 2).to_bytes(2, "big") + data


def orientation() -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = 6
    return exif


PLAIN = encoded(seed=3)
SCAN = PLAIN[PLAIN.index(b"\xff\xda") + 14 : -2]
WHOLE = {
    "a thumbnail": PLAIN[:2] + thumbnail() + PLAIN[2:],
    "zeros behind the end": PLAIN + bytes(1000),
    "a second picture behind the end": PLAIN + encoded(seed=4),
    "text behind the end": PLAIN + b"recorded by the camera",
    "zeros before the end marker": PLAIN[:-2] + bytes(7) + END,
    "fill bytes before the end marker": PLAIN[:-2] + b"\xff\xff\xff" + END,
    "a comment before the end marker": PLAIN[:-2] + b"\xff\xfe\0\x06last" + END,
    "an orientation": encoded(seed=3, exif=orientation()),
    "colour profile and comment": encoded(seed=3, icc_profile=bytes(3000), comment="kitchen"),
    "no JFIF header": PLAIN[:2] + PLAIN[20:],
    "a JFIF header of the future": PLAIN.replace(b"JFIF\0\x01", b"JFIF\0\x02", 1),
    "an Adobe header of no known kind": PLAIN[:2] + b"\xff\xee\0\x0eAdobe\0d\0\0\0\0\x07" + PLAIN[20:],
    "arithmetic coding": ARITHMETIC,
    "unusual sampling of colours": UNUSUAL_SAMPLING,
}


@pytest.mark.parametrize("label", WHOLE)
def test_what_is_whole_raises_no_alarm(read, label):
    assert np.array_equal(read(WHOLE[label]), by_pillow(WHOLE[label]))


def test_padding_is_told_from_data_that_was_lost(read):
    """A camera's zeros lie behind all data; what ends in zeros that took the place of data is damaged."""
    content = encoded((320, 240), 1)
    for length in (40, 400, 4000):
        with pytest.raises(Rejected, match="broken_image"):
            read(content[: -2 - length] + bytes(length) + END)


LOST = 300  # bytes, a fraction of a sector of a disk
DAMAGE = {
    "removed": lambda part, dice: b"",
    "zeroed": lambda part, dice: bytes(len(part)),
    "set": lambda part, dice: b"\xff" * len(part),
    "random": lambda part, dice: dice.randbytes(len(part)),
    "doubled": lambda part, dice: part * 2,
}


@pytest.mark.parametrize("kind", DAMAGE)
@pytest.mark.parametrize("options", [{}, {"quality": 95, "subsampling": 0}, {"restart_marker_rows": 2}], ids=str)
def test_a_piece_lost_from_the_picture_is_seen(read, kind, options):
    """Its end marker stays where it is."""
    dice = Random(f"{kind} {options}")
    content = encoded((320, 240), 2, **options)
    begin = content.index(b"\xff\xda") + 14
    for _ in range(25):
        place = dice.randrange(begin, len(content) - 2 - LOST)
        part = content[place : place + LOST]
        damaged = content[:place] + DAMAGE[kind](part, dice) + content[place + LOST :]
        assert damaged.endswith(END)
        with pytest.raises(Rejected, match="broken_image"):
            read(damaged)


@pytest.mark.parametrize("label", [label for label, content in WHOLE.items() if SCAN in content])
def test_what_is_odd_in_another_way_hides_no_damage(read, label):
    third = len(SCAN) // 3
    damaged = WHOLE[label].replace(SCAN, SCAN[:third] + SCAN[2 * third :])
    with pytest.raises(Rejected, match="broken_image"):
        read(damaged)


@pytest.mark.parametrize("options", [{}, {"restart_marker_blocks": 10}], ids=str)
def test_an_end_marker_that_comes_early_is_seen(read, options):
    content = encoded((320, 240), 3, **options)
    begin = content.index(b"\xff\xda") + 14
    for place in range(begin, len(content) - 2, len(content) // 23):
        with pytest.raises(Rejected, match="broken_image"):
            read(content[:place] + END)


def test_a_progressive_picture_that_ends_within_a_scan_is_seen(read):
    """Without its last scans it is a whole picture, only a blurred one."""
    content = encoded((320, 240), 3, progressive=True)
    scans = [place for place in range(len(content)) if content[place : place + 2] == b"\xff\xda"]
    assert len(scans) > 5
    for begin, end in itertools.pairwise(scans):
        with pytest.raises(Rejected, match="broken_image"):
            read(content[: begin + (end - begin) // 3] + END)


def test_small_damage_is_seen_or_leaves_a_picture_that_pillow_sees_too(read):
    """A flipped bit may leave a whole picture in other colours; whatever is let through has Pillow's pixels."""
    dice, content, seen = Random(5), encoded((160, 120), 4), 0
    begin = content.index(b"\xff\xda") + 14
    for _ in range(150):
        damaged = bytearray(content)
        damaged[dice.randrange(begin, len(content) - 2)] ^= 1 << dice.randrange(8)
        try:
            assert np.array_equal(read(bytes(damaged)), by_pillow(bytes(damaged)))
        except Rejected as rejected:
            assert rejected.reason == "broken_image"
            seen += 1
    assert 0 < seen < 150


def test_the_message_names_the_file_and_what_libjpeg_says(read):
    content = encoded((320, 240), 6)
    with pytest.raises(Rejected, match=r"im_0\.jpg: Corrupt JPEG data: premature end of data segment"):
        read(content[: len(content) // 2] + END)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"<!DOCTYPE html><html>404</html>", "is a web page"),
        (bytes(5000), "is nothing but zeros"),
        (b"RIFF\x10\0\0\0WEBPVP8 ", "is a WebP image"),
        (b"no picture at all", "is no JPEG file"),
    ],
)
def test_what_is_no_jpeg_is_said_to_be_what_it_is(read, content, told):
    with pytest.raises(Rejected, match=f"broken_image.*{told}"):
        read(content)
