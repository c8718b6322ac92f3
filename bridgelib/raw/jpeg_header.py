"""What the header of a JPEG file says, without decoding it. Standard library only: a dry run asks."""

import struct
from dataclasses import dataclass

START_OF_FRAME = {marker for marker in range(0xC0, 0xD0) if marker not in (0xC4, 0xC8, 0xCC)}
APP1, EXIF, ORIENTATION = 0xE1, b"Exif\0\0", 0x0112


@dataclass(frozen=True)
class JpegHeader:
    """The header of a JPEG file.

    Attributes:
        size: Width and height in pixels, as they are stored.
        orientation: The EXIF orientation, 1 to 8; 1 (not turned) where there is none, or none that is valid.
    """

    size: tuple[int, int]
    orientation: int = 1

    @classmethod
    def read(cls, content: bytes) -> "JpegHeader | None":
        """The header of a file, or of its beginning; None where that is no JPEG, or ends within the header."""
        position, orientation = 2, 1
        while content[:2] == b"\xff\xd8" and position + 9 <= len(content) and content[position] == 0xFF:
            marker, length = content[position + 1], struct.unpack_from(">H", content, position + 2)[0]
            if marker == 0xFF:  # a byte that fills up, of which any number may come before a marker
                position += 1
                continue
            if marker in START_OF_FRAME:
                height, width = struct.unpack_from(">HH", content, position + 5)
                return cls((width, height), orientation)
            if marker == APP1 and content.startswith(EXIF, position + 4):
                orientation = _orientation(content[position + 4 + len(EXIF) : position + 2 + length])
            position += 2 + length
        return None


def _orientation(tiff: bytes) -> int:
    """The orientation in the first directory of an EXIF block (EXIF 2.32, 4.6); 1 where it has none of sense."""
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    try:
        (directory,) = struct.unpack_from(f"{order}I", tiff, 4)
        (entries,) = struct.unpack_from(f"{order}H", tiff, directory)
        for entry in range(directory + 2, directory + 2 + 12 * entries, 12):
            tag, _kind, _count, value = struct.unpack_from(f"{order}HHIH", tiff, entry)
            if tag == ORIENTATION:
                return value if 1 <= value <= 8 else 1
    except struct.error:  # no order of bytes, or a damaged block
        pass
    return 1
