"""Files and folders that exist whole or not at all: written under a partial name, then renamed."""

import errno
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bridgelib.errors import DataError
from bridgelib.locks import Holder, lock_when_free, sign
from bridgelib.mistaken import kind_of_file


@contextmanager
def alone(path: Path, check: Callable[[], None] = lambda: None) -> Iterator[bool]:
    """Lock a file, and what belongs to it, against other processes; wait for one that is working on it.

    Otherwise an orphaned job of a killed workflow and its successor would do the same work, and the one that failed
    would make Snakemake delete the other's result. The lock is `.<name>.lock` in the same folder while the block runs.

    Args:
        path: The file. Its folder is made.
        check: Called while waiting; may raise to end that.

    Yields:
        Whether it had to wait: what was to be done may be done by now.

    Raises:
        DataError: The lock cannot be written.
    """
    lock = Path(path).with_name(f".{Path(path).name}.lock")
    with disk_errors(lock):
        lock.parent.mkdir(parents=True, exist_ok=True)
        descriptor, waited = lock_when_free(lock, lambda: os.open(lock, os.O_RDWR | os.O_CREAT, 0o666), check)
    try:
        with disk_errors(lock):
            sign(descriptor, Holder.here())
        yield waited
    finally:
        lock.unlink(missing_ok=True)  # while it is locked: who waits for it sees that it is gone, and makes a new one
        os.close(descriptor)


def partial_path(path: Path) -> Path:
    """Where a file or folder lies until it is whole; what a killed writer leaves lies there too."""
    return path.with_name(f".{path.name}.partial")


@contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """Give a partial path to write to; rename it to `path` when the block ends well, remove it when it does not.

    The partial file is `.<name>.partial` in the same folder, so a killed writer leaves at most one, which its
    successor overwrites. The writer holds a lock on it that the kernel frees on any death, and a second writer waits:
    an orphan of a killed workflow and its successor never write the same file.

    Args:
        path: The final name. Its folder is made.

    Yields:
        The partial path, an existing empty file.

    Raises:
        DataError: The disk is full, or no file can be written there.
    """
    path = Path(path)
    with disk_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = partial_path(path)
        lock, _ = lock_when_free(partial, lambda: os.open(partial, os.O_RDWR | os.O_CREAT, 0o666))
        os.ftruncate(lock, 0)
    try:
        yield partial
        with disk_errors(path):
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


@contextmanager
def folder_written_whole(path: Path) -> Iterator[Path]:
    """Give an empty partial folder to fill; it takes the place of `path` when the block ends well.

    As `written_whole`, for a folder `.<name>.partial` beside the final one. A former folder of the final name is put
    aside for the moment between two renames, then removed. What a power cut leaves is not guaranteed, unlike for files.

    Args:
        path: The final name; the folder above it is made.

    Yields:
        The partial folder, existing and empty.

    Raises:
        DataError: The disk is full, or the folder cannot be written.
    """
    path = Path(path)
    partial, former = partial_path(path), path.with_name(f".{path.name}.former")
    with disk_errors(path):
        lock, _ = lock_when_free(partial, lambda: _opened_folder(partial))
    try:
        _empty(partial)
        yield partial
        shutil.rmtree(former, ignore_errors=True)
        if path.exists():
            path.rename(former)
        partial.rename(path)
        shutil.rmtree(former, ignore_errors=True)
    except BaseException as error:
        shutil.rmtree(partial, ignore_errors=True)
        if isinstance(error, OSError):
            raise _disk_error(error, path) from error
        raise
    finally:
        os.close(lock)


def _opened_folder(folder: Path) -> int:
    folder.mkdir(parents=True, exist_ok=True)
    return os.open(folder, os.O_RDONLY | os.O_DIRECTORY)


def _empty(folder: Path) -> None:
    for entry in folder.iterdir():
        if entry.is_dir():
            shutil.rmtree(entry)
        else:
            entry.unlink()


def _flush_to_disk(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def disk_errors(path: Path) -> Iterator[None]:
    """Turn the block's disk errors into a DataError about `path`; for writing outside of `written_whole`.

    Raises:
        DataError: The disk is full, read-only, gone, or refuses for another reason.
    """
    try:
        yield
    except OSError as error:
        told = _disk_error(error, path)
        if not isinstance(told, DataError):
            told = DataError(path, given=error.strerror, do=f"check the disk and the path of {path}")
        raise told from error


def _disk_error(error: OSError, path: Path) -> Exception:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return DataError(
            path,
            given="the disk is full: the file could not be written",
            do=f"free space on the disk of {path.parent} and run the same command again",
        )
    if error.errno == errno.EFBIG:
        return DataError(
            path,
            given="neither the file system nor `ulimit -f` may allow a file this large: it was not written",
            do="raise the limit (ulimit -f unlimited), or name a folder on another file system",
        )
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return DataError(
            path,
            given=f"cannot write here: {error.strerror}",
            do=f"check the permissions of {path.parent}, or name another folder in the machine profile",
        )
    return error


def require_writable(path: Path) -> None:
    """Refuse, before the work for it is done, a file that could not be written; makes its folder.

    Raises:
        DataError: A folder has that name, or nothing can be written there.
    """
    path = Path(path)
    with disk_errors(path):
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, "a folder has this name")
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path.parent):
            pass


def write_json(path: Path, content: object, indent: int | None = 2) -> None:
    """Write JSON, whole or not at all: keys sorted, a final newline, UTF-8; with `indent` None all in one line."""
    text = as_json(content, indent)
    with written_whole(Path(path)) as partial:
        partial.write_text(text, encoding="utf-8")


def as_json(content: object, indent: int | None = 2) -> str:
    """The text that `write_json` writes."""
    return json.dumps(content, indent=indent, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n"


def read_json(path: Path) -> Any:
    """Read a JSON file, whatever it holds.

    Raises:
        DataError: The file is missing, cannot be read, or is not JSON.
    """
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise DataError(path, given="no such file", do="run the step that makes it") from None
    except OSError as error:
        raise DataError(path, given=error.strerror, do="check the path") from error
    except ValueError as error:
        kind = kind_of_file(Path(path))
        given = f"not JSON: {f'it is {kind.name}' if kind else error}"
        again = "remove it and run the step that makes it"
        raise DataError(path, given=given, do=f"{kind.cure(path)}; or {again}" if kind else again) from error
