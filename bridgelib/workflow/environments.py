"""How large the rule environments are. Measured from their locks; `tests/envs` measures those again that are built."""

from typing import NamedTuple


class Size(NamedTuple):
    """Bytes of the files, and how many files and folders there are."""

    disk_bytes: int
    files: int


_SIZES = {
    "convert": Size(1_480_000_000, 19_900),
    "train": Size(744_000_000, 9_000),
    "train-cuda12": Size(5_940_000_000, 11_500),
    "train-cuda13": Size(4_800_000_000, 12_200),
}


def environment_size(name: str) -> Size:
    """The size of a rule environment on disk; where uv's cache lies on the same disk, links make it smaller.

    Args:
        name: Of its lock.
    """
    return _SIZES.get(name, _SIZES["train-cuda12"])
