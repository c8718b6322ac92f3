"""Files that exist whole or not at all: written under a partial name, then renamed."""

import errno
import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bridgelib.errors import DataError


@contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """Give a partial path to write to; rename it to `path` when the block ends well, remove it when it does not.

    The partial file is `.<name>.partial` in the same folder, so a killed writer leaves at most one, which its
    successor overwrites. The writer holds a lock on it that the kernel frees on any death, so an orphan of a killed
    workflow and its successor never write the same file.

    Args:
        path: The final name. Its folder is made.

    Yields:
        The partial path, an existing empty file.

    Raises:
        DataError: Another living process is writing the same file, or the disk is full.
    """
    path = Path(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(f".{path.name}.partial")
        lock = _locked(partial, path)
    except OSError as error:
        raise _disk_error(error, path) from error
    try:
        yield partial
        _flush_to_disk(partial)
        os.replace(partial, path)
        _flush_to_disk(path.parent)
    except BaseException as error:
        partial.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise _disk_error(error, path) from error
        raise
    finally:
        os.close(lock)


def _locked(partial: Path, path: Path) -> int:
    """Open and lock the partial file, truncated; the lock lives as long as the descriptor."""
    while True:
        descriptor = os.open(partial, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            raise DataError(
                path,
                given="another process is writing this file (perhaps left over from a workflow that was killed)",
                do=f"wait for it to end, or find it with: fuser -v {partial}",
            ) from None
        # The other writer may have renamed this very inode between our open and our lock.
        if partial.exists() and os.stat(partial).st_ino == os.fstat(descriptor).st_ino:
            os.ftruncate(descriptor, 0)
            return descriptor
        os.close(descriptor)


def _flush_to_disk(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _disk_error(error: OSError, path: Path) -> Exception:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return DataError(
            path,
            given="the disk is full: the file was not written, and nothing under its name is partial",
            do=f"free space on the disk of {path.parent} and run the same command again",
        )
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return DataError(
            path,
            given=f"cannot write here: {error.strerror}",
            do=f"check the permissions of {path.parent}, or name another folder in the machine profile",
        )
    return error


def write_json(path: Path, content: object) -> None:
    """Write JSON, whole or not at all: keys sorted, two blanks of indent, a final newline, UTF-8."""
    text = json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False)
    with written_whole(Path(path)) as partial:
        partial.write_text(text + "\n", encoding="utf-8")


def read_json(path: Path) -> object:
    """Read a JSON file.

    Raises:
        DataError: It is missing or is not JSON.
    """
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise DataError(path, given="no such file", do="run the step that makes it") from None
    except ValueError as error:
        raise DataError(path, given=f"not JSON: {error}", do="remove it and run the step that makes it") from error
