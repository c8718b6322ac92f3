"""TFRecord framing: where the records of a file lie.

A record is its length (uint64), the masked CRC-32C of those eight bytes, the data, and the masked CRC-32C of the data,
all little-endian (tensorflow/core/lib/io/record_writer.h). The CRC of the data is not compared: that would read every
byte, and what is broken in a way that training could meet shows in the structure.
"""

import struct
from collections.abc import Iterator
from mmap import mmap

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
    """CRC-32C, rotated and shifted as TFRecord stores it. Slow: meant for the eight bytes of a length."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc = CRC_TABLE[(crc ^ byte) & 0xFF] ^ crc >> 8
    crc ^= 0xFFFFFFFF
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def records(buffer: mmap | bytes) -> Iterator[tuple[int, int]]:
    """Begin and end of each record's data.

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
