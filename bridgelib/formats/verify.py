"""Verify TFRecords: every byte is read and compared with the checksum beside it."""

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bridgelib.errors import DataError
from bridgelib.formats.checksums import require_whole
from bridgelib.formats.framing import mapped, records
from bridgelib.formats.protobuf import Malformed
from bridgelib.mistaken import kind_of_file
from bridgelib.progress import Progress

MEGABYTE = 1_000_000


@dataclass(frozen=True)
class Damage:
    """One record that is not what was written.

    Attributes:
        file: The TFRecord.
        record: The record's number in it, from 0.
        position: The byte in the file where the record begins.
        what: What is wrong with it.
    """

    file: Path
    record: int
    position: int
    what: str

    def __str__(self) -> str:
        return f"{self.file}, record {self.record}, byte {self.position}: {self.what}"


def find_tfrecords(path: Path) -> list[Path]:
    """The TFRecords below a folder, in order; of a file, itself.

    Raises:
        DataError: There is none.
    """
    found = [path] if path.is_file() else sorted(_below(path))
    if not found:
        raise DataError(path, given="no TFRecord (*.tfrecord) in it", do="name the root of the TFRecords")
    return found


def _below(root: Path) -> Iterator[Path]:
    """The TFRecords below a folder, links to folders followed; each folder is looked into once."""
    known = set()
    for folder, folders, files in os.walk(root, followlinks=True):
        place = os.path.realpath(folder)
        if place in known:
            folders.clear()
            continue
        known.add(place)
        folders.sort()
        yield from (Path(folder) / name for name in files if name.endswith(".tfrecord"))


def verified(tfrecords: Sequence[Path], label: str = "verified") -> Iterator[Damage]:
    """The damaged records of these TFRecords, whatever they hold; shows progress."""
    progress = Progress(sum(file.stat().st_size for file in tfrecords), "MB", label, scale=MEGABYTE)
    for file in tfrecords:
        yield from damaged_records(file, progress.advance)


def damaged_records(tfrecord: Path, advance: Callable[[int], None]) -> Iterator[Damage]:
    """The damaged records of a TFRecord, in order; records after a damaged length cannot be found, and are not checked.

    Args:
        tfrecord: The file.
        advance: Called with the number of bytes just read, again and again.
    """
    number = position = 0
    try:
        with mapped(tfrecord) as (descriptor, buffer):
            for begin, end in records(buffer):
                try:
                    require_whole(descriptor, begin, end, advance)
                except Malformed as error:
                    yield Damage(tfrecord, number, error.position, error.what)
                number, position = number + 1, end
    except Malformed as error:
        kind = None if error.position else kind_of_file(tfrecord)
        told = f"the file is {kind.name}; {kind.cure(tfrecord)}" if kind else error.what
        yield Damage(tfrecord, number, error.position, told)
    except OSError as error:
        yield Damage(tfrecord, number, position, f"it cannot be read: {error.strerror}")
