"""Texts in an archive of arrays: their bytes in UTF-8 one after another, and where each ends.

Arrays of numpy's own strings take the room of the longest one for each: one long instruction would multiply with all.
"""

from collections.abc import Iterable
from itertools import pairwise
from typing import Any

import numpy as np


def packed(key: str, texts: Iterable[str]) -> dict[str, Any]:
    """K texts as two members of an archive: `key`, uint8 [bytes], and `<key>_ends`, int64 [K], where each ends."""
    encoded = [text.encode("utf-8") for text in texts]
    ends = np.cumsum([len(text) for text in encoded], dtype=np.int64)
    return {key: np.frombuffer(b"".join(encoded), np.uint8), f"{key}_ends": ends}


def unpacked(content: np.ndarray, ends: np.ndarray) -> tuple[str, ...]:
    """The texts of two such members.

    Raises:
        ValueError: The two members do not belong together, or hold no UTF-8.
    """
    bounds = [0, *ends.tolist()]
    if content.dtype != np.uint8 or ends.dtype != np.int64 or sorted(bounds) != bounds or bounds[-1] != content.size:
        raise ValueError("the bytes of its texts and where they end contradict each other")
    whole = content.tobytes()
    return tuple(whole[begin:end].decode("utf-8") for begin, end in pairwise(bounds))
