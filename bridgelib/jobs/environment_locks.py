"""The locks of environments as results remember them, and which former ones give the same. Standard library only."""

import hashlib
import re
import shutil
import subprocess
import sys
from pathlib import Path

from bridgelib.errors import ConfigError


def lock_digest(lock: Path) -> str:
    """Twelve hex digits that name a lock, or a copy of it."""
    return hashlib.sha256(lock.read_bytes()).hexdigest()[:12]


def equal_locks(lock: Path) -> frozenset[str]:
    """The digests of a lock and of those before it whose results are the same: `<name>.same` beside it lists these.

    A change from one of them to the other makes nothing again.
    """
    listed = lock.with_suffix(".same")
    former = (
        re.findall(r"^([0-9a-f]{12})\b", listed.read_text(encoding="utf-8"), re.MULTILINE) if listed.exists() else []
    )
    return frozenset({lock_digest(lock), *former})


def follow_lock(environment: Path, lock: Path) -> None:
    """Bring an environment that was built from a former lock with the same results to the present one, in place.

    Raises:
        ConfigError: uv cannot do it.
    """
    stamp = environment / ".ready"
    if not stamp.is_file() or stamp.read_bytes() == lock.read_bytes() or lock_digest(stamp) not in equal_locks(lock):
        return
    sync = ["-m", "uv", "pip", "sync", "--python", str(environment / "bin" / "python"), "--require-hashes", str(lock)]
    done = subprocess.run([sys.executable, *sync], capture_output=True, text=True)
    if done.returncode:
        again = f"remove it, so that it is built anew: rm -rf {environment}"
        raise ConfigError(environment, given=f"not as {lock} says, and uv fails: {done.stderr.strip()}", do=again)
    shutil.copyfile(lock, stamp)
    print(f"[environment] {environment} is now as {lock} says; its results stay the same", file=sys.stderr)
