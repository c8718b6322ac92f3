"""The checksums of a TFRecord's records: compared with the data, or only looked up."""

import os
from collections.abc import Callable, Sequence
from itertools import pairwise

import google_crc32c
import numpy as np

from bridgelib.formats.framing import FOOTER, HEADER, masked
from bridgelib.formats.protobuf import Malformed

BLOCK = 1 << 20
"""Bytes that are read and summed at a time: few enough to lie in the processor's cache between the two."""


def require_whole(descriptor: int, begin: int, end: int, advance: Callable[[int], None]) -> None:
    """Read the data of a record and compare it with its checksum, as TensorFlow does at each reading.

    Args:
        descriptor: The open file.
        begin, end: Where the data lies, as `records` gives it.
        advance: Called with the number of bytes just read, again and again.

    Raises:
        Malformed: The data does not have its checksum: what TensorFlow calls a DataLossError.
    """
    crc, block = 0, np.empty(BLOCK, np.uint8)
    for position in range(begin, end, BLOCK):
        count = os.preadv(descriptor, [block[: end - position].data], position)
        crc = google_crc32c.extend(crc, block[:count])
        advance(count)
    advance(HEADER.size + FOOTER.size)
    if os.pread(descriptor, FOOTER.size, end) != FOOTER.pack(masked(crc)):
        raise Malformed(begin - HEADER.size, "the data of the record that begins here does not have its checksum")


def has_checksums(descriptor: int, positions: Sequence[int] | np.ndarray, checksums: np.ndarray) -> bool:
    """Whether a file has the size and its records the checksums that are known of it; its data is not read.

    Args:
        descriptor: The open file.
        positions: See `stored_checksums`.
        checksums: What that gave, uint32 [N, 2].
    """
    if os.fstat(descriptor).st_size != positions[-1]:
        return False
    return np.array_equal(stored_checksums(descriptor, positions), checksums)


def stored_checksums(descriptor: int, positions: Sequence[int] | np.ndarray) -> np.ndarray:
    """The checksums of records as they stand in a file; neither lengths nor data are read.

    Args:
        descriptor: The open file.
        positions: Where the N records begin, and where the last one ends: N + 1.

    Returns:
        uint32 [N, 2]: of the length and of the data.
    """
    found = [
        os.pread(descriptor, FOOTER.size, begin + 8) + os.pread(descriptor, FOOTER.size, end - FOOTER.size)
        for begin, end in pairwise(np.asarray(positions).tolist())
    ]
    return np.frombuffer(b"".join(found), "<u4").reshape(-1, 2)
