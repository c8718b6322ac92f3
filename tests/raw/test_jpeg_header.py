"""Headers of JPEG files as Pillow writes them, damaged, and of anything else."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from bridgelib.raw.jpeg_header import JpegHeader


def encoded(size=(20, 10), mode="RGB", **options):
    content = io.BytesIO()
    Image.new(mode, size, 100).save(content, "JPEG", **options)
    return content.getvalue()


def exif(orientation, big_endian=False):
    tags = Image.Exif()
    tags.endian = ">" if big_endian else "<"
    tags[0x010F], tags[0x0112], tags[0x0131] = "maker", orientation, "software"
    return tags


@pytest.mark.parametrize(
    "options", [{}, {"progressive": True}, {"mode": "L"}, {"restart_marker_rows": 1}, {"dpi": (3, 3)}]
)
def test_the_size_as_stored(options):
    assert JpegHeader.read(encoded((64, 48), **options)) == JpegHeader((64, 48), 1)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("big_endian", [False, True])
def test_the_orientation_in_either_order_of_bytes(orientation, big_endian):
    content = encoded(exif=exif(orientation, big_endian))
    assert JpegHeader.read(content) == JpegHeader((20, 10), orientation)
    assert Image.open(io.BytesIO(content)).getexif()[0x0112] == orientation


@pytest.mark.parametrize("orientation", [0, 9, 255])
def test_an_orientation_without_sense_is_none(orientation):
    assert JpegHeader.read(encoded(exif=exif(orientation))).orientation == 1


def test_bytes_that_fill_up_before_a_marker_are_passed():
    content = encoded(exif=exif(6))
    assert JpegHeader.read(content[:2] + b"\xff\xff\xff" + content[2:]) == JpegHeader((20, 10), 6)


def test_a_header_that_is_cut_off_is_none():
    content = encoded(exif=exif(6))
    headers = [JpegHeader.read(content[:length]) for length in range(len(content))]
    first = next(number for number, header in enumerate(headers) if header)
    assert headers[:first] == [None] * first and set(headers[first:]) == {JpegHeader((20, 10), 6)}


@given(st.binary(max_size=60))
def test_an_exif_block_of_any_content_is_survived(block):
    segment = b"Exif\0\0" + block
    content = encoded()
    content = content[:2] + b"\xff\xe1" + (len(segment) + 2).to_bytes(2, "big") + segment + content[2:]
    assert JpegHeader.read(content).size == (20, 10)


@given(st.binary(max_size=100))
def test_anything_else_is_survived(content):
    JpegHeader.read(content)
    JpegHeader.read(b"\xff\xd8\xff" + content)
