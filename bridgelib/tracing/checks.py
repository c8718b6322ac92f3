"""How a file is checked: by the seal that lists it, or by checksums of its own; and what is wrong with it."""

import hashlib
import json
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile, ZipFile

from bridgelib.errors import DataError
from bridgelib.formats.verify import damaged_records
from bridgelib.seals import BLOCK, Seal, checksum

Advance = Callable[[int], None]

OTHERWISE = "other bytes than were written"


@dataclass(frozen=True)
class Damage:
    """A file that is not as it was written, and how that shows."""

    file: Path
    what: str

    def __str__(self) -> str:
        return f"{self.file}: {self.what}"


@dataclass(frozen=True)
class Check:
    """One piece of work.

    Attributes:
        size: The bytes that it reads.
        damage: Reads them; gives what is wrong. Is called with a function that counts bytes as they are read.
    """

    size: int
    damage: Callable[[Advance], Iterator[Damage]]


@dataclass(frozen=True)
class Sealed:
    """Files of one folder that a seal lists.

    Attributes:
        seal: The seal, as it was at the start: where another lies there by now, the result was made again meanwhile.
        folder: Their folder.
        files: File, from there -> checksum.
        else_gone: Whether a file that is not there was removed together with its result, on purpose.
    """

    seal: Seal
    folder: Path
    files: Mapping[str, str]
    else_gone: bool = False

    @property
    def size(self) -> int:
        """Bytes of all of them."""
        return sum(int(entry.partition(" ")[2]) for entry in self.files.values())

    def damage(self, advance: Advance) -> Iterator[Damage]:
        """The files that are not as they were sealed."""
        wrong = {name: self._wrong(self.folder / name, entry, advance) for name, entry in self.files.items()}
        if any(wrong.values()) and self._is_still_there():
            yield from (Damage(self.folder / name, what) for name, what in wrong.items() if what)

    def _wrong(self, file: Path, expected: str, advance: Advance) -> str:
        try:
            given = checksum(file, advance)
        except FileNotFoundError:
            return "" if self.else_gone else "it is not there"
        except OSError as error:
            return f"it cannot be read: {error.strerror}"
        if given == expected:
            return ""
        sizes = [entry.partition(" ")[2] for entry in (given, expected)]
        where = f"{sizes[0]} bytes where {sizes[1]} were written" if sizes[0] != sizes[1] else _place(file)
        return where or OTHERWISE

    def _is_still_there(self) -> bool:
        try:
            return Seal.load(self.seal.path) == self.seal
        except DataError:
            return False


def _place(file: Path) -> str:
    """Where in a file the damage is, where the file's own checksums tell; empty where they do not."""
    if check := own_check(file):
        return "; ".join(damage.what for damage in check.damage(lambda count: None))
    return ""


def own_check(file: Path) -> Check | None:
    """The check of a file that carries checksums itself, or has them beside it; None for others, and where it is gone.

    What goes away while it is read was removed by a training, which keeps the newest checkpoints only: it is no damage.
    """
    kinds = {".tfrecord": _records, ".npz": _members}
    kind = _hashed(hash_beside(file)) if file.suffix == ".msgpack" else kinds.get(file.suffix)
    if kind is None:
        return None

    def damage(advance: Advance) -> Iterator[Damage]:
        try:
            yield from kind(file, advance)
        except FileNotFoundError:
            return
        except OSError as error:
            yield Damage(file, f"it cannot be read: {error.strerror}")

    try:
        return Check(file.stat().st_size, damage)
    except OSError:
        return None


def _records(file: Path, advance: Advance) -> Iterator[Damage]:
    for found in damaged_records(file, advance):
        yield Damage(file, f"record {found.record}, byte {found.position}: {found.what}")


def _members(file: Path, advance: Advance) -> Iterator[Damage]:
    with file.open("rb") as opened:
        try:
            with ZipFile(opened) as archive:
                if (name := archive.testzip()) is not None:
                    yield Damage(file, f"member {name} does not have its checksum")
        except (BadZipFile, zlib.error, EOFError, ValueError, NotImplementedError) as error:
            yield Damage(file, f"no archive that can be read: {error}")
    advance(file.stat().st_size)


def _hashed(expected: str | None) -> Callable[[Path, Advance], Iterator[Damage]] | None:
    """The check of a file against its SHA-256; None where none is known."""

    def damage(file: Path, advance: Advance) -> Iterator[Damage]:
        digest = hashlib.sha256()
        with file.open("rb") as opened:
            while block := opened.read(BLOCK):
                digest.update(block)
                advance(len(block))
        if digest.hexdigest() != expected:
            yield Damage(file, f"it does not have the hash that stands in {_bearer(file).name}")

    return damage if expected else None


def hash_beside(file: Path) -> str | None:
    """The SHA-256 of a checkpoint in its sidecar, or of a policy's weights in policy.json; None where there is none."""
    try:
        found = json.loads(_bearer(file).read_bytes())["sha256"]
        return found if isinstance(found, str) else found.get(file.name)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _bearer(file: Path) -> Path:
    """The file that holds the hash of another."""
    return file.with_suffix(".json") if file.name.startswith("step-") else file.with_name("policy.json")
