"""The seal of a result: a file beside it that says when and with what it was made, and the checksum of each file.

`<date>.npz` has `<date>.seal.json` beside it, `done.json` has `done.seal.json`:

    step    the rule that made it
    made    when (UTC), how many seconds it took, on which host, with which code, Python and lock of packages
    files   file of the result, from the seal's folder -> checksum
    read    of a shard: trajectory, from the raw root -> file that was read of it -> checksum
    seal    the checksum of all of the above

A checksum is CRC-32 (that of zip archives) and size, "1a2b3c4d 48213": as fast as disks, in the standard library, and
no change within 32 bits escapes it. The result itself has the same bytes whenever and wherever it is made; what differs
stands here. The seal is broken (removed) before a result is made again and written last, so one that is there belongs
to what lies beside it. Results of releases that wrote no seals have none: nothing is known of them, and nothing wrong.
"""

import json
import os
import platform
import subprocess
import sys
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bridgelib import __version__
from bridgelib.errors import DataError
from bridgelib.files import as_json, disk_errors, write_json
from bridgelib.jobs.environment_locks import lock_digest
from bridgelib.layout import seal_path
from bridgelib.repository import CHECKOUT

BLOCK = 1 << 20
_STAMPS = (".ready", "dev.txt")  # copies of the lock, in the environments of rules/venvs.smk and of the Makefile


@dataclass
class Sealing:
    """What is to be sealed when the block of `sealed` ends.

    Attributes:
        files: The files of the result; the block may add to them.
        read: Trajectory -> file in its folder -> checksum; the block may add to it.
    """

    files: list[Path]
    read: dict[str, Mapping[str, str]] = field(default_factory=dict)


@contextmanager
def sealed(step: str, result: Path, *others: Path) -> Iterator[Sealing]:
    """Break the seal of a result, let the block make it, and seal it when that ends well.

    Args:
        step: The rule.
        result: Its main file, which the seal is named after.
        others: Further files of it. All lie in the folder of the main file or below.
    """
    break_seal(result)
    began, sealing = time.monotonic(), Sealing([Path(result), *others])
    yield sealing
    seconds = round(time.monotonic() - began, 1)
    folder = Path(result).parent
    content = {
        "step": step,
        "made": {"at": datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S UTC"), "seconds": seconds, **made_with()},
        "files": {os.path.relpath(path, folder): checksum(path) for path in sealing.files},
        "read": sealing.read,
    }
    write_json(seal_path(result), {**content, "seal": checksum_of(as_json(content).encode())})


def break_seal(result: Path) -> None:
    """Remove the seal of a result that is about to be made again.

    Raises:
        DataError: It cannot be removed.
    """
    with disk_errors(seal := seal_path(result)):
        seal.unlink(missing_ok=True)


@dataclass(frozen=True)
class Seal:
    """A seal that was read; the attributes are as in the file, paths made complete."""

    path: Path
    step: str
    made: Mapping[str, Any]
    files: Mapping[Path, str]
    read: Mapping[str, Mapping[str, str]]

    @classmethod
    def load(cls, path: Path) -> "Seal":
        """Read a seal, and compare it with its own checksum.

        Raises:
            DataError: It is missing, or not as it was written.
        """
        try:
            written = Path(path).read_bytes()
            content = json.loads(written)
            expected = {**content}
            if expected.pop("seal") != checksum_of(as_json(expected).encode()) or as_json(content).encode() != written:
                raise ValueError("it does not have its checksum")
            folder = Path(path).parent
            files = {Path(os.path.normpath(folder / name)): entry for name, entry in content["files"].items()}
            return cls(Path(path), content["step"], content["made"], files, content["read"])
        except OSError as error:
            raise DataError(path, given=f"it cannot be read: {error.strerror}") from error
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            given = "a damaged seal: nothing is known of the files that it lists"
            raise DataError(path, given=given, do="remove it, or make the result again") from error


def seal_of(result: Path) -> Seal | None:
    """The seal of a result; None where there is none that can be read."""
    try:
        return Seal.load(seal_path(result))
    except DataError:
        return None


def checksum(path: Path, advance: Callable[[int], None] = lambda count: None) -> str:
    """The checksum of a file; `advance` is called with the number of bytes just read, again and again."""
    crc, size = 0, 0
    with Path(path).open("rb", buffering=0) as file:
        while block := file.read(BLOCK):
            crc, size = zlib.crc32(block, crc), size + len(block)
            advance(len(block))
    return f"{crc:08x} {size}"


def checksum_of(content: bytes) -> str:
    """The checksum of bytes in memory."""
    return f"{zlib.crc32(content):08x} {len(content)}"


def made_with() -> dict[str, Any]:
    """Host, release, commit, Python and lock of this process."""
    return {
        "host": platform.node(),
        "release": __version__,
        "revision": revision(CHECKOUT),
        "python": platform.python_version(),
        "lock": lock_of(Path(sys.prefix)),
    }


def lock_of(environment: Path) -> str | None:
    """Name and digest of the lock that an environment was built from; None for one that was built otherwise."""
    for stamp in (environment / name for name in _STAMPS):
        if stamp.is_file():
            return f"{environment.name} {lock_digest(stamp)}"
    return None


def revision(checkout: Path | None) -> str | None:
    """The git commit of the code, with `-dirty` where files differ from it; None where it is of no repository."""
    if checkout is None:
        return None
    command = ["git", "-C", str(checkout), "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip() or None
