"""What a file really is where its name says otherwise, known by its first bytes, so that an error can name the cure."""

import re
import shlex
import zlib
from dataclasses import dataclass
from pathlib import Path

LOOKED_AT = 512
"""Bytes from the beginning of a file that are enough to tell."""


@dataclass(frozen=True)
class Kind:
    """A kind of file.

    Attributes:
        name: Its name, to follow "it is".
        do: What to do with it, as an imperative sentence; `{file}` stands for its path.
    """

    name: str
    do: str

    def cure(self, path: Path) -> str:
        """What to do with the file of this path."""
        return self.do.format(file=shlex.quote(str(path)))


# Pointers of both tools are smaller than LOOKED_AT: a larger file only mentions them.
_POINTERS = {
    rb"version https://git-lfs\.github\.com/spec/": Kind(
        "a pointer of Git LFS, whose content was not fetched", "fetch it in its repository: git lfs pull"
    ),
    rb"(\.\./)*(\.git)?/annex/objects/": Kind(
        "a pointer of git-annex, whose content was not fetched", "fetch it in its repository: git annex get"
    ),
}
_AGAIN = "copy or download the file again"
_KINDS = {
    rb"(?i)\s*<(!doctype|html|\?xml)": Kind("a web page, perhaps an error message that was saved", _AGAIN),
    rb"\x1f\x8b\x08": Kind(
        "compressed with gzip", "decompress it: gunzip < {file} > {file}.new && mv {file}.new {file}"
    ),
    rb"BZh[1-9]": Kind("compressed with bzip2", "decompress it: bunzip2 < {file} > {file}.new && mv {file}.new {file}"),
    rb"\xfd7zXZ\0": Kind("compressed with xz", "decompress it: unxz < {file} > {file}.new && mv {file}.new {file}"),
    rb"\x28\xb5\x2f\xfd": Kind(
        "compressed with zstd", "decompress it: unzstd < {file} > {file}.new && mv {file}.new {file}"
    ),
    rb"PK\x03\x04": Kind("a zip archive, as .npz files are", "unpack it, or give the file that was meant"),
    rb"\x93NUMPY": Kind("an array of numpy, a .npy file", "give the file that was meant"),
    rb"\x89HDF": Kind("an HDF5 file", "give the file that was meant"),
    rb"\xff\xd8\xff": Kind("a JPEG image", "give the file that was meant"),
    rb"\x89PNG": Kind("a PNG image", "save it in the format of its name"),
    rb"GIF8": Kind("a GIF image", "save it in the format of its name"),
    rb"RIFF....WEBP": Kind("a WebP image", "save it in the format of its name"),
    rb"\0+\Z": Kind("nothing but zeros, as a crash of the file system leaves them", _AGAIN),
}
_ZLIB = Kind(
    "compressed with zlib",
    "decompress it: python -c 'import sys, zlib; "
    "sys.stdout.buffer.write(zlib.decompress(sys.stdin.buffer.read()))' < {file} > {file}.new && mv {file}.new {file}",
)


def pointer(content: bytes) -> Kind | None:
    """The kind of a file that only stands for another, whose content lies elsewhere; None for all others."""
    return _first_match(_POINTERS, content) if len(content) <= LOOKED_AT else None


def kind_of(beginning: bytes) -> Kind | None:
    """The kind of a file that is not what it should be; None where its first `LOOKED_AT` bytes (or all) do not say."""
    return pointer(beginning) or _first_match(_KINDS, beginning) or (_ZLIB if _is_zlib(beginning) else None)


def kind_of_file(path: Path, expected: bytes | None = None) -> Kind | None:
    """The kind of a file that could not be read; None where it begins as `expected`, or nobody knows.

    Raises:
        OSError: The file cannot be opened.
    """
    with path.open("rb") as file:
        beginning = file.read(LOOKED_AT)
    return None if expected and beginning.startswith(expected) else kind_of(beginning)


def _first_match(kinds: dict[bytes, Kind], beginning: bytes) -> Kind | None:
    matching = (kind for pattern, kind in kinds.items() if re.match(pattern, beginning, re.DOTALL))
    return next(matching, None)


def _is_zlib(beginning: bytes) -> bool:
    """Whether the bytes are zlib's; its two first bytes alone say little, so they must also decompress."""
    if beginning[:1] != b"\x78":
        return False
    try:
        return bool(zlib.decompressobj().decompress(beginning))
    except zlib.error:
        return False
