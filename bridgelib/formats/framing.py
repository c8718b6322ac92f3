"""TFRecord framing: where the records of a file lie.

A record is its length (uint64), the masked CRC-32C of those eight bytes, the data, and the masked CRC-32C of the data,
all little-endian (tensorflow/core/lib/io/record_writer.h). Here only the checksums of lengths are compared, with the
standard library alone, since the doctor does so too; `checksums.py` compares those of the data.
"""

import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from mmap import ACCESS_READ, MADV_RANDOM, mmap
from pathlib import Path

from bridgelib.formats.protobuf import Malformed

HEADER = struct.Struct("<QI")
FOOTER = struct.Struct("<I")


def _crc_table() -> list[int]:
    table = []
    for entry in range(256):
        for _ in range(8):
            entry = entry >> 1 ^ (0x82F63B78 if entry & 1 else 0)  # Castagnoli's polynomial, bits reversed
        table.append(entry)
    return table


CRC_TABLE = _crc_table()


def masked_crc32c(data: bytes) -> int:
    """CRC-32C as TFRecord stores it. Slow: meant for the eight bytes of a length."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc = CRC_TABLE[(crc ^ byte) & 0xFF] ^ crc >> 8
    return masked(crc ^ 0xFFFFFFFF)


def masked(crc: int) -> int:
    """A CRC-32C rotated and shifted: the checksum of data that holds its own checksum would say little."""
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


@contextmanager
def mapped(tfrecord: Path) -> Iterator[tuple[int, mmap | bytes]]:
    """Open a TFRecord: its descriptor, and its bytes, of which only those are read that are looked at."""
    with tfrecord.open("rb") as file:
        if os.fstat(file.fileno()).st_size == 0:
            yield file.fileno(), b""  # an empty file cannot be mapped
            return
        with mmap(file.fileno(), 0, access=ACCESS_READ) as buffer:
            buffer.madvise(MADV_RANDOM)  # else the kernel reads the frames ahead that we step over
            yield file.fileno(), buffer


def records(buffer: mmap | bytes) -> Iterator[tuple[int, int]]:
    """Begin and end of each record's data, which itself is not looked at.

    Raises:
        Malformed: The file ends within a record, or a length does not have its CRC.
    """
    position, size = 0, len(buffer)
    while position < size:
        begin = position + HEADER.size
        if begin > size:
            raise Malformed(position, f"the file ends within a record's header ({size} bytes in all)")
        length, crc = HEADER.unpack(buffer[position:begin])
        if crc != masked_crc32c(buffer[position : position + 8]):
            raise Malformed(position, "the record's length does not have its checksum")
        end = begin + length
        if end + FOOTER.size > size:
            missing = end + FOOTER.size - size
            raise Malformed(position, f"the file ends {missing} bytes before the end of the record that begins here")
        yield begin, end
        position = end + FOOTER.size
