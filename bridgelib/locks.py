"""File locks that the kernel frees however their holder ends, and the record of who holds them.

`flock`: it also holds between hosts on NFS, as far as that is mounted with locks (not with `nolock` or `local_lock`). A
file system without locks lets everybody pass.
"""

import errno
import fcntl
import getpass
import json
import os
import socket
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from bridgelib.text import duration

_LONGEST = 3600  # seconds between two lines of a waiting process; in its first minutes they are closer
_WITHOUT_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL)


@dataclass(frozen=True)
class Holder:
    """The process that holds a lock, as it recorded itself in the lock's file."""

    pid: int
    host: str
    user: str
    since: str
    folder: str

    @classmethod
    def here(cls) -> "Holder":
        """This process, from now on."""
        return cls(os.getpid(), socket.gethostname(), _user(), time.strftime("%Y-%m-%d %H:%M:%S"), str(Path.cwd()))

    @classmethod
    def of(cls, descriptor: int) -> "Holder | None":
        """The holder recorded in an open file; None where there is none."""
        try:
            content = json.loads(os.pread(descriptor, 1 << 16, 0))
            return cls(**{key: content[key] for key in cls.__dataclass_fields__})
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def __str__(self) -> str:
        return f"process {self.pid} of {self.user} on {self.host}, at work since {self.since} in {self.folder}"


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # in a container, a user may have no name
        return f"user {os.getuid()}"


def try_lock(descriptor: int) -> bool:
    """Lock an open file for as long as it is open, if nobody else has; True also where there are no locks."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        if error.errno not in _WITHOUT_LOCKS:
            raise
    return True


def holder_of(path: Path) -> Holder | None:
    """The process that holds the lock on a file, as it recorded itself there; None where nobody does."""
    try:
        descriptor = os.open(path, os.O_RDWR)
    except OSError:
        return None
    try:
        return None if try_lock(descriptor) else Holder.of(descriptor)
    finally:
        os.close(descriptor)


def sign(descriptor: int, holder: Holder, **more: object) -> None:
    """Write who holds a lock into its file, for those who find it locked."""
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, json.dumps({**asdict(holder), **more}).encode(), 0)


def lock_when_free(
    path: Path, opened: Callable[[], int], check: Callable[[], None] = lambda: None, poll: float = 0.2
) -> tuple[int, bool]:
    """Open and lock a file or folder; while another process holds it, wait, and print who that is and for how long.

    Args:
        path: What is locked. Its holder may rename or remove it: then it is opened again.
        opened: Opens it, making it where it is missing.
        check: Called while waiting; may raise to end that.
        poll: Seconds between attempts.

    Returns:
        The descriptor, which holds the lock until it is closed; and whether it had to be waited for.
    """
    waiting = _Waiting(path)
    while True:
        descriptor = opened()
        try:
            locked = try_lock(descriptor)
            if locked and _is_still(path, descriptor):
                waiting.end()
                return descriptor, waiting.told > 0
            if not locked:
                waiting.tell(Holder.of(descriptor))
                check()
                time.sleep(poll)
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)


def _is_still(path: Path, descriptor: int) -> bool:
    """Whether a path names the open file: its former holder may have renamed or removed that before our lock."""
    try:
        return os.path.samestat(os.stat(path), os.fstat(descriptor))
    except FileNotFoundError:
        return False


class _Waiting:
    """Prints who is being waited for: at the start, after a minute, two, four, in the end every hour."""

    def __init__(self, path: Path):
        self.path, self.told, self.started = path, 0, time.monotonic()
        self._next = 0.0

    def tell(self, holder: Holder | None) -> None:
        """Print that another process holds the lock, if a line is due."""
        waited = time.monotonic() - self.started
        if waited < self._next:
            return
        who = str(holder) if holder else f"another process (to find it: fuser -v {self.path})"
        so_far = f", {duration(waited)} so far" if self.told else ""
        print(f"[wait] {self.path}: waiting for {who}{so_far}", file=sys.stderr, flush=True)
        self.told += 1
        self._next = waited + min(60 * 2 ** (self.told - 1), _LONGEST)

    def end(self) -> None:
        """Print that the lock is free, if a line said that it was not."""
        if self.told:
            waited = duration(time.monotonic() - self.started)
            print(f"[wait] {self.path}: free, after {waited}", file=sys.stderr, flush=True)
