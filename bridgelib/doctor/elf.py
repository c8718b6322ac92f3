"""What a shared library asks the loader for: its dynamic section, read without loading it. 64-bit little-endian ELF."""

import mmap
import re
import struct
from dataclasses import dataclass
from pathlib import Path

_LOAD, _DYNAMIC = 1, 2  # program header types
_NEEDED, _STRTAB, _SONAME, _RPATH, _RUNPATH, _STRSZ = 1, 5, 14, 15, 29, 10  # dynamic tags


@dataclass(frozen=True)
class Library:
    """The loader's view of a shared library.

    Attributes:
        path: The file.
        soname: The name other libraries ask for it by; empty if it has none.
        needed: The libraries it asks for.
        rpath, runpath: Folders to search for these, `$ORIGIN` filled in. RPATH comes before LD_LIBRARY_PATH and holds
            for what is loaded in turn as well; RUNPATH comes after LD_LIBRARY_PATH, and makes RPATH void.
    """

    path: Path
    soname: str
    needed: tuple[str, ...]
    rpath: tuple[str, ...]
    runpath: tuple[str, ...]


def read_library(path: Path) -> Library | None:
    """Read a library's dynamic section; None for what is no 64-bit little-endian ELF file or has none."""
    try:
        with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as content:
            return _read(path, content)
    except (OSError, ValueError, struct.error, IndexError):
        return None


def names_in(path: Path, prefix: bytes) -> set[str]:
    """Every name in a file that begins with `prefix`: letters, digits and underscores. None of an unreadable file."""
    pattern = re.compile(re.escape(prefix) + rb"[A-Za-z0-9_]*")
    try:
        with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as content:
            return {match[0].decode("ascii") for match in pattern.finditer(content)}
    except (OSError, ValueError):  # an empty file cannot be mapped
        return set()


def contains(path: Path, text: bytes) -> bool:
    """Whether a file holds these bytes."""
    try:
        with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as content:
            return content.find(text) >= 0
    except (OSError, ValueError):
        return False


def _read(path: Path, content: mmap.mmap) -> Library | None:
    if content[:6] != b"\x7fELF\x02\x01":
        return None
    (table,) = struct.unpack_from("<Q", content, 32)
    size, count = struct.unpack_from("<HH", content, 54)
    headers = [struct.unpack_from("<IIQQQQQQ", content, table + number * size) for number in range(count)]
    loads = [(address, offset, length) for kind, _, offset, address, _, length, _, _ in headers if kind == _LOAD]
    dynamic = next((header for header in headers if header[0] == _DYNAMIC), None)
    if dynamic is None:
        return None
    entries = []
    for place in range(dynamic[2], dynamic[2] + dynamic[5], 16):
        tag, value = struct.unpack_from("<qQ", content, place)
        if tag == 0:
            break
        entries.append((tag, value))
    addresses = dict(entries)
    strings = _offset(addresses[_STRTAB], loads)
    texts = content[strings : strings + addresses[_STRSZ]]

    def values(wanted: int) -> tuple[str, ...]:
        starts = [value for tag, value in entries if tag == wanted]
        return tuple(texts[start : texts.index(b"\0", start)].decode("utf-8", "replace") for start in starts)

    return Library(
        path=path,
        soname="".join(values(_SONAME)[:1]),
        needed=values(_NEEDED),
        rpath=_folders(values(_RPATH), path),
        runpath=_folders(values(_RUNPATH), path),
    )


def _offset(address: int, loads: list[tuple[int, int, int]]) -> int:
    """Where an address lies in the file."""
    return next(offset + address - start for start, offset, length in loads if start <= address < start + length)


def _folders(paths: tuple[str, ...], library: Path) -> tuple[str, ...]:
    origin = str(library.resolve().parent)
    entries = (entry for path in paths for entry in path.split(":") if entry)
    return tuple(entry.replace("${ORIGIN}", origin).replace("$ORIGIN", origin) for entry in entries)
