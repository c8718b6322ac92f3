"""Protocol-buffer messages as the pieces that they are written from, so that frames reach the file without a copy.

The other half, which finds the parts of a message that lies in a file, is `protobuf.py`.
"""

from collections.abc import Iterable, Sequence

import numpy as np

from bridgelib.formats.protobuf import BYTES, VARINT

Piece = bytes | np.ndarray
"""Bytes, or uint8 [N]."""
Pieces = Sequence[Piece]


def size(pieces: Iterable[Piece]) -> int:
    """How many bytes these are."""
    return sum(map(len, pieces))


def field(number: int, pieces: Pieces) -> list[Piece]:
    """A field that holds bytes, a text, packed numbers or a message; present even where it is empty."""
    return [varint(number << 3 | BYTES) + varint(size(pieces)), *pieces]


def number_field(number: int, value: int) -> bytes:
    """A field that holds an unsigned number; 0 too, which a message leaves out where it is the default."""
    return varint(number << 3 | VARINT) + varint(value)


def varint(value: int) -> bytes:
    """An unsigned number: seven bits a byte, the lowest first, all but the last with the highest bit set."""
    encoded = bytearray()
    while value >= 0x80:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)
