"""Just enough of the protocol-buffer wire format to find the features of a `tf.train.Example` without copying them.

Message layouts: tensorflow/core/example/{example,feature}.proto.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from mmap import mmap

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5


class Malformed(ValueError):
    """Bytes that are not what they should be; a DataError once a file is named with it.

    Args:
        position: Byte position in the file.
        what: What is wrong there.
        do: What to do, where it is another thing than to make or copy the file again.
    """

    def __init__(self, position: int, what: str, do: str | None = None):
        super().__init__(f"byte {position}: {what}")
        self.position, self.what, self.do = position, what, do


@dataclass(frozen=True)
class Field:
    """One field of a message: a number for a varint, else the byte range of its content."""

    number: int
    wire_type: int
    value: int
    begin: int
    end: int


def fields(buffer: mmap | bytes, begin: int, end: int) -> Iterator[Field]:
    """The fields of the message that lies in bytes `begin` to `end`, in order."""
    position = begin
    while position < end:
        start = position
        tag, position = varint(buffer, position, end)
        wire_type, value, content = tag & 7, 0, position
        if wire_type == VARINT:
            value, position = varint(buffer, position, end)
        elif wire_type == BYTES:
            length, content = varint(buffer, position, end)
            position = content + length
        elif wire_type in (FIXED64, FIXED32):
            position += 8 if wire_type == FIXED64 else 4
        else:
            raise Malformed(start, f"not a protocol buffer (wire type {wire_type})")
        if position > end:
            raise Malformed(start, f"field {tag >> 3} ends {position - end} bytes after the message that holds it")
        yield Field(tag >> 3, wire_type, value, content, position)


def varint(buffer: mmap | bytes, position: int, end: int) -> tuple[int, int]:
    """The unsigned number that begins at `position`, and the position after it."""
    number = shift = 0
    for place in range(position, min(position + 10, end)):
        byte = buffer[place]
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            return number, place + 1
        shift += 7
    raise Malformed(position, "a number that does not end")


def example_features(buffer: mmap | bytes, begin: int, end: int) -> dict[str, tuple[int, int]]:
    """Byte ranges of the features of a `tf.train.Example`, by key; only features of exactly one byte string."""
    found = {}
    for features in fields(buffer, begin, end):
        for entry in fields(buffer, features.begin, features.end) if features.number == 1 else ():
            key, value = None, None
            for part in fields(buffer, entry.begin, entry.end):
                if part.number == 1:
                    key = buffer[part.begin : part.end].decode("utf-8", "replace")
                elif part.number == 2:
                    value = _only_bytes(buffer, part)
            if key is not None and value is not None:
                found[key] = value
    return found


def _only_bytes(buffer: mmap | bytes, feature: Field) -> tuple[int, int] | None:
    """The byte range of a Feature's only byte string; None for features of another kind."""
    strings = [
        (string.begin, string.end)
        for kind in fields(buffer, feature.begin, feature.end)
        if kind.number == 1
        for string in fields(buffer, kind.begin, kind.end)
    ]
    return strings[0] if len(strings) == 1 else None


def varints(buffer: mmap | bytes, field: Field) -> Iterator[int]:
    """The numbers of a repeated field, packed or one by one."""
    if field.wire_type == VARINT:
        yield field.value
        return
    position = field.begin
    while position < field.end:
        value, position = varint(buffer, position, field.end)
        yield value
