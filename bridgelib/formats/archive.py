"""Members of an uncompressed `.npz`: arrays written without dates, read without pickles, mapped without loading."""

import struct
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import IO
from zipfile import ZIP_STORED, ZipFile, ZipInfo

import numpy as np

from bridgelib.formats.texts import unpacked


def opened_member(archive: ZipFile, key: str) -> IO[bytes]:
    """Open a member for writing whose header says nothing about when or where it was written."""
    info = ZipInfo(f"{key}.npy", date_time=(1980, 1, 1, 0, 0, 0))
    info.create_system, info.external_attr, info.compress_type = 3, 0o644 << 16, ZIP_STORED
    return archive.open(info, "w", force_zip64=True)


def read_member(archive: ZipFile, key: str) -> np.ndarray:
    """A member's array; a ValueError where its bytes are not those its header says."""
    with archive.open(f"{key}.npy") as member:
        array = np.lib.format.read_array(member, allow_pickle=False)
        if member.read(1):
            raise ValueError(f"member {key} is longer than its header says")
        return array


def read_texts(archive: ZipFile, key: str) -> tuple[str, ...]:
    """Texts that were packed under this key."""
    return unpacked(read_member(archive, key), read_member(archive, f"{key}_ends"))


def mapped(path: Path) -> mmap:
    """A file that is not empty, as memory: only those bytes are read that are looked at."""
    with path.open("rb") as file:
        return mmap(file.fileno(), 0, access=ACCESS_READ)


def mapped_member(file: mmap, archive: ZipFile, key: str) -> np.ndarray:
    """A stored member, where it lies in the map of its archive: after the local header, its name and numpy's header."""
    info = archive.getinfo(f"{key}.npy")
    if info.compress_type != ZIP_STORED:
        raise ValueError(f"member {key} is compressed")
    file.seek(info.header_offset)
    signature, name_length, extra_length = struct.unpack("<4s22xHH", file.read(30))
    if signature != b"PK\x03\x04":
        raise ValueError(f"member {key} does not begin where the directory says")
    file.seek(name_length + extra_length, 1)
    begin = file.tell()
    if np.lib.format.read_magic(file) != (1, 0):
        raise ValueError(f"member {key} has an unknown header")
    shape, fortran_order, dtype = np.lib.format.read_array_header_1_0(file)
    offset = file.tell()
    size = int(np.prod(shape, dtype=np.int64)) * dtype.itemsize
    if fortran_order or dtype != np.uint8 or offset - begin + size != info.file_size:
        raise ValueError(f"member {key} is not the array its header says")
    return np.frombuffer(file, dtype, size, offset).reshape(shape)
