"""The origin of a result, recorded in it: the versions, settings and inputs that it was made from.

Each step writes it into its own result under the key `origin`, as JSON. The workflow compares it with the origin that
the result would have now, and makes again what differs, whoever made it and from where. Standard library only: the
Snakefile asks while it is parsed. For readers alone, it also names the release that wrote it.
"""

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from bridgelib import __version__

UNKNOWN = "?"
"""Stands for what is not known, as before its own step has run; it counts as equal to any entry that is there."""


_RELEASE = "bridgelib"
"""The key of the release in an origin. It is not compared: another release does not make a result stale."""


def with_release(origin: Mapping[str, Any]) -> dict[str, Any]:
    """An origin as it is written: with the release."""
    return {**origin, _RELEASE: __version__}


def without_release(origin: Any) -> Any:
    """An origin as it is compared: without the release."""
    return {key: value for key, value in origin.items() if key != _RELEASE} if isinstance(origin, Mapping) else origin


def digest_of(content: Any) -> str:
    """Twelve hex digits of anything that JSON can hold; they do not depend on the order of keys."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:12]


def origin_in(path: Path) -> Mapping[str, Any] | None:
    """The origin that a JSON result carries; None where it is missing, cannot be read, or carries none."""
    origin = entry_in(path, "origin")
    return origin if isinstance(origin, Mapping) else None


def entry_in(path: Path, key: str) -> Any:
    """An entry of a JSON result; None where there is none, or the file is missing or cannot be read."""
    try:
        status = os.stat(path)
        content = _read(str(path), status.st_ino, status.st_size, status.st_mtime_ns)
    except (OSError, ValueError):
        return None
    return content.get(key)


@cache
def _read(path: str, *_as_it_is: int) -> dict[str, Any]:
    """The entries of a result that identify it; cached, since each experiment may read a hundred tasks."""
    content = json.loads(Path(path).read_text(encoding="utf-8"))
    if not isinstance(content, Mapping):
        return {}
    known = {key: content.get(key) for key in ("content", "found")}
    return {**known, "origin": without_release(content.get("origin"))}


def digest_in(path: Path) -> str:
    """The digest of a result's origin, which identifies it; UNKNOWN where it has none."""
    origin = origin_in(path)
    return UNKNOWN if origin is None else digest_of(origin)


def differences(before: Any, now: Any, path: str = "") -> Iterator[str]:
    """Where two JSON trees differ, one line each: `config.batch_size: 256 -> 128`."""
    if isinstance(before, Mapping) and isinstance(now, Mapping):
        for key in sorted(before.keys() | now.keys()):
            yield from differences(before.get(key), now.get(key), f"{path}.{key}" if path else key)
    elif before != now and (None in (before, now) or UNKNOWN not in (before, now)):
        yield f"{path}: {_shown(before)} -> {_shown(now)}"


def _shown(value: Any, length: int = 60) -> str:
    text = json.dumps(value)
    return text if len(text) <= length else f"{text[: length - 1]}…"
