"""How a file is checked: by the seal that lists it, or by checksums of its own; and what is wrong with it."""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile, ZipFile

from bridgelib.errors import DataError
from bridgelib.formats.verify import damaged_records
from bridgelib.seals import Seal, checksum

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
    """The check of a file that carries checksums itself, or has them beside it; None for others."""
    kinds = {".tfrecord": _records, ".npz": _members, ".msgpack": _hashed}
    if (kind := kinds.get(file.suffix)) is None or (file.suffix == ".msgpack" and not hash_beside(file)):
        return None
    return Check(file.stat().st_size, lambda advance: kind(file, advance))


def _records(file: Path, advance: Advance) -> Iterator[Damage]:
    for found in damaged_records(file, advance):
        yield Damage(file, f"record {found.record}, byte {found.position}: {found.what}")


def _members(file: Path, advance: Advance) -> Iterator[Damage]:
    try:
        with ZipFile(file) as archive:
            if (name := archive.testzip()) is not None:
                yield Damage(file, f"member {name} does not have its checksum")
    except (BadZipFile, OSError, EOFError, ValueError, NotImplementedError) as error:
        yield Damage(file, f"no archive that can be read: {error}")
    advance(file.stat().st_size)


def _hashed(file: Path, advance: Advance) -> Iterator[Damage]:
    digest = hashlib.sha256()
    with file.open("rb") as opened:
        while block := opened.read(1 << 20):
            digest.update(block)
            advance(len(block))
    if digest.hexdigest() != hash_beside(file):
        yield Damage(file, f"it does not have the hash that stands in {_bearer(file).name}")


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
