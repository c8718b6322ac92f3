"""One process per experiment: a lock that the kernel frees when its holder dies, however it dies."""

import fcntl
import json
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bridgelib.errors import DataError
from bridgelib.files import disk_errors


@contextmanager
def exclusive(folder: Path) -> Iterator[None]:
    """Hold `folder` for this process while the block runs, so that an orphan and its successor never both write it.

    Raises:
        DataError: Another living process holds it; the message says which. Or it cannot be written.
    """
    with disk_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT, 0o666)
    try:
        with disk_errors(folder):
            _lock(descriptor, folder)
            _sign(descriptor)
        yield
    finally:
        os.close(descriptor)


def _lock(descriptor: int, folder: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise _held(folder, os.pread(descriptor, 4096, 0)) from None


def _sign(descriptor: int) -> None:
    """Write who holds the lock, for the message that a second process prints."""
    holder = {"pid": os.getpid(), "host": socket.gethostname(), "since": time.strftime("%Y-%m-%d %H:%M:%S")}
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, json.dumps(holder).encode(), 0)


def _held(folder: Path, signature: bytes) -> DataError:
    try:
        holder = json.loads(signature)
        who = f"process {holder['pid']} on {holder['host']} has been training here since {holder['since']}"
        do = f"wait for it, or end it on {holder['host']} (it saves first) with: kill {holder['pid']}"
    except (ValueError, KeyError, TypeError):
        who, do = "another process is training here", f"wait for it, or find it with: fuser -v {folder / '.lock'}"
    return DataError(folder, given=who, do=do)
