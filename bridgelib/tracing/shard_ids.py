"""The content ids in a shard, read without numpy, which Snakemake's own environment lacks."""

import struct
from itertools import pairwise
from pathlib import Path
from zipfile import BadZipFile, ZipFile

_MAGIC, _LENGTH = 8, struct.Struct("<H")  # of an array's header in version 1.0 of numpy's format


def content_ids_in(shard: Path) -> dict[str, str]:
    """Trajectory, from the raw root -> its content id; nothing where there is no shard that can be read."""
    try:
        with ZipFile(shard) as archive:
            return dict(zip(_texts(archive, "names"), _texts(archive, "identities"), strict=True))
    except (OSError, BadZipFile, KeyError, ValueError, struct.error):
        return {}


def _texts(archive: ZipFile, key: str) -> list[str]:
    """See `bridgelib.formats.texts`."""
    content, ends = _bytes(archive, key), _bytes(archive, f"{key}_ends")
    bounds = [0, *struct.unpack(f"<{len(ends) // 8}q", ends)]
    return [content[begin:end].decode() for begin, end in pairwise(bounds)]


def _bytes(archive: ZipFile, key: str) -> bytes:
    """The bytes of an array, its header left aside."""
    member = archive.read(f"{key}.npy")
    return member[_MAGIC + _LENGTH.size + _LENGTH.unpack_from(member, _MAGIC)[0] :]
