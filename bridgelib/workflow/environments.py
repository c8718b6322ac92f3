"""How large the rule environments are. Measured from their locks; `make test-environments` measures again."""

from typing import NamedTuple


class Size(NamedTuple):
    """Bytes of the files, and how many files and folders there are."""

    disk_bytes: int
    files: int


_SIZES = {
    "convert": Size(83_000_000, 1_470),
    "muse": Size(1_715_000_000, 22_800),
    "train": Size(760_000_000, 9_600),
    "train-cuda12": Size(5_950_000_000, 12_100),
    "train-cuda13": Size(4_820_000_000, 12_800),
    "seed-cuda12": Size(3_850_000_000, 8_700),  # the wheel that is on no index is a guess
}
"""Files compiled by the first import count half: before it they are not there."""


def environment_size(name: str) -> Size:
    """The size of a rule environment on disk; where uv's cache lies on the same disk, links make it smaller.

    Args:
        name: The name of its lock in envs/.
    """
    return _SIZES[name]
