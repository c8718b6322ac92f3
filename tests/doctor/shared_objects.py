"""Writes the smallest shared libraries that the dynamic loader accepts: a name, what they need, where to search."""

import struct
import sys
from collections.abc import Sequence
from pathlib import Path

_X86, _ARM = 62, 183
_LOAD, _DYNAMIC, _STACK = 1, 2, 0x6474E551
_NEEDED, _STRTAB, _SYMTAB, _STRSZ, _SYMENT, _SONAME, _RPATH, _RUNPATH = 1, 5, 6, 10, 11, 14, 15, 29


def write_library(
    path: Path,
    soname: str = "",
    needed: Sequence[str] = (),
    rpath: str = "",
    runpath: str = "",
    content: bytes = b"",
) -> Path:
    """Write a library without code; `content` stands at its end, as names of functions and flags do in real ones."""
    strings = b"\0"
    entries = []
    texts = [(_NEEDED, name) for name in needed] + [(_SONAME, soname), (_RPATH, rpath), (_RUNPATH, runpath)]
    for tag, text in texts:
        if text:
            entries.append((tag, len(strings)))
            strings += text.encode() + b"\0"
    headers = 64 + 3 * 56
    symbols = headers + 16 * (len(entries) + 5)  # one empty symbol
    table = symbols + 24
    entries += [(_STRTAB, table), (_SYMTAB, symbols), (_STRSZ, len(strings)), (_SYMENT, 24), (0, 0)]
    dynamic = b"".join(struct.pack("<qQ", *entry) for entry in entries)
    body = dynamic + bytes(24) + strings + content
    size = headers + len(body)
    machine = _ARM if "aarch64" in sys.implementation._multiarch else _X86
    elf = struct.pack("<4sBBBB8xHHIQQQIHHHHHH", b"\x7fELF", 2, 1, 1, 0, 3, machine, 1, 0, 64, 0, 0, 64, 56, 3, 64, 0, 0)
    elf += struct.pack("<IIQQQQQQ", _LOAD, 6, 0, 0, 0, size, size, 0x1000)
    elf += struct.pack("<IIQQQQQQ", _DYNAMIC, 6, headers, headers, headers, len(dynamic), len(dynamic), 8)
    elf += struct.pack("<IIQQQQQQ", _STACK, 6, 0, 0, 0, 0, 0, 16)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(elf + body)
    return path
