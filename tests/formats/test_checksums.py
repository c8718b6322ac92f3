"""Checksums of records: those of the data against the data, those of the file as they stand."""

import os

import google_crc32c
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridgelib.formats import checksums
from bridgelib.formats.checksums import require_whole, stored_checksums
from bridgelib.formats.framing import FOOTER, HEADER, masked, masked_crc32c, records
from bridgelib.formats.protobuf import Malformed


def framed(*contents: bytes) -> bytes:
    """Records around these contents, checksums by the plain implementation."""

    def frame(data: bytes) -> bytes:
        length = HEADER.pack(len(data), masked_crc32c(len(data).to_bytes(8, "little")))
        return length + data + FOOTER.pack(masked_crc32c(data))

    return b"".join(map(frame, contents))


@pytest.fixture
def opened(tmp_path):
    """Writes bytes into a file and gives its descriptor."""
    descriptors = []

    def written(content: bytes) -> int:
        (tmp_path / "out.tfrecord").write_bytes(content)
        descriptors.append(os.open(tmp_path / "out.tfrecord", os.O_RDONLY))
        return descriptors[-1]

    yield written
    for descriptor in descriptors:
        os.close(descriptor)


@given(st.binary(max_size=300))
def test_the_fast_checksum_is_the_plain_one(data):
    assert masked(google_crc32c.value(data)) == masked_crc32c(data)


@pytest.mark.parametrize("block", [1, 7, 8, 1 << 20])
def test_whole_data_passes_however_much_is_read_at_a_time(opened, monkeypatch, block):
    monkeypatch.setattr(checksums, "BLOCK", block)
    content = framed(b"12345678", b"", b"another one")
    counted = []
    for begin, end in records(content):
        require_whole(opened(content), begin, end, counted.append)
    assert sum(counted) == len(content)


def test_every_flipped_bit_of_the_data_or_its_checksum_is_noticed(opened):
    content = framed(b"12345678", b"the second")
    begin, end = list(records(content))[1]
    for place in range(begin, end + FOOTER.size):
        for bit in range(8):
            damaged = bytearray(content)
            damaged[place] ^= 1 << bit
            with pytest.raises(Malformed, match=f"byte {begin - HEADER.size}: the data of the record"):
                require_whole(opened(bytes(damaged)), begin, end, lambda count: None)


def test_checksums_are_found_as_they_stand(opened):
    contents = [b"12345678", b"", b"the third"]
    expected = [(masked_crc32c(len(data).to_bytes(8, "little")), masked_crc32c(data)) for data in contents]
    positions = np.cumsum([0, *(len(data) + HEADER.size + FOOTER.size for data in contents)])
    assert stored_checksums(opened(framed(*contents)), positions).tolist() == [list(pair) for pair in expected]
    assert stored_checksums(opened(b""), [0]).shape == (0, 2)
