"""Reading the files of a trajectory: faults of the data reject the trajectory, those of the machine end the job."""

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

from bridgelib.errors import DataError
from bridgelib.mistaken import pointer
from bridgelib.raw.rejection import Rejected
from bridgelib.seals import checksum_of

LARGEST_FILE = 1 << 26  # bytes; what the real release has is smaller by two orders of magnitude
MACHINE_FAULTS = {errno.EMFILE, errno.ENFILE, errno.ENOMEM}

_NOTED: ContextVar[dict[Path, str] | None] = ContextVar("noted", default=None)


@contextmanager
def noted() -> Iterator[dict[Path, str]]:
    """Note the checksum of every file that this thread reads in the block: file -> checksum."""
    found: dict[Path, str] = {}
    token = _NOTED.set(found)
    try:
        yield found
    finally:
        _NOTED.reset(token)


def read_file(path: Path, name: str) -> bytes:
    """Read a whole file.

    Args:
        path: The file.
        name: What to call it in messages.

    Raises:
        Rejected: `unreadable_file`: it is gone, no regular file, larger than `LARGEST_FILE`, or the disk fails.
            `not_fetched`: it only points to its content.
        DataError: The process has no descriptors or memory left; that is no fault of the trajectory.
    """
    with _faults_told_apart(path, name):
        status = path.stat()
        if not stat.S_ISREG(status.st_mode) or status.st_size > LARGEST_FILE:
            raise Rejected("unreadable_file", f"{name} is no regular file of at most {LARGEST_FILE} bytes")
        content = path.read_bytes()
    if (notes := _NOTED.get()) is not None:
        notes[path] = checksum_of(content)
    if (found := pointer(content)) is not None:
        raise Rejected("not_fetched", f"{name} is {found.name}; {found.do}")
    return content


def read_folder(path: Path, name: str) -> set[str]:
    """The names in a folder; errors as for `read_file`."""
    with _faults_told_apart(path, name):
        return {entry.name for entry in path.iterdir()}


@contextmanager
def _faults_told_apart(path: Path, name: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in MACHINE_FAULTS:
            raise DataError(
                path, given=error.strerror, do="use fewer workers, or raise the limit (ulimit -n)"
            ) from error
        if error.errno == errno.ENOENT and path.is_symlink():
            raise _leads_nowhere(path, name) from None
        raise Rejected("unreadable_file", f"{name}: {error.strerror}") from None


def _leads_nowhere(path: Path, name: str) -> Rejected:
    """A link to what is not there; git-annex leaves such links where it did not fetch the content."""
    target = path.readlink()
    if (found := pointer(os.fsencode(target))) is not None:
        return Rejected("not_fetched", f"{name} is {found.name}; {found.do}")
    return Rejected("unreadable_file", f"{name} is a link to {target}, which is not there")
