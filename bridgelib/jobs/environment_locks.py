"""The locks of environments as results remember them, and which former ones give the same. Standard library only."""

import hashlib
import re
from pathlib import Path


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
