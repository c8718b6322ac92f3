"""Paths as users write them in settings: with `~` and variables, relative to one of several places."""

import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from bridgelib.errors import ConfigError

_VARIABLE = re.compile(r"\$(\w+|\{[^}]*\})", re.ASCII)  # as os.path.expandvars finds them
_LEFT = re.compile(r"\$[\w{(]", re.ASCII)


def expanded(path: str, where: str) -> Path:
    """`path` with `~` and variables expanded.

    Raises:
        ConfigError: A variable is not set or empty, or something else that a shell would expand stands there, or
            `~NAME` is nobody's home: the path would mean another place.
    """
    for name in (found.strip("{}") for found in _VARIABLE.findall(path)):
        if not os.environ.get(name, "").strip():
            raise ConfigError(
                where,
                given=f"{path}, in which ${name} is {'empty' if name in os.environ else 'not set'}",
                do=f"export {name} first, or write out what it stands for",
            )
    text = os.path.expandvars(path)
    if left := _LEFT.search(text):
        becomes = f", which becomes {text}" if text != path else ""
        raise ConfigError(
            where,
            given=f"{path}{becomes}, where {text[left.start() :]} is neither a variable nor the name of a folder",
            do="write out what it stands for; only `~`, $NAME and ${NAME} are expanded, and once",
        )
    try:
        return Path(text).expanduser() if text.startswith("~") else Path(text)  # `./~x` is a folder
    except RuntimeError:
        home = path.partition("/")[0]
        do = f"correct the name; a folder that is called so is ./{home}"
        raise ConfigError(where, given=f"{path}, and {home} is nobody's home on this machine", do=do) from None


def absolute_path(path: str, base: Path, where: str) -> Path:
    """`path` expanded, starting at `base` when it is relative, without `..` parts.

    Raises:
        ConfigError: See `expanded`.
    """
    return Path(os.path.normpath(base / expanded(path, where)))


def found_file(given: str, folders: Sequence[Path], where: str, known: Iterable[object] = ()) -> Path:
    """The file that a setting names, in the first of the folders that has it.

    Args:
        given: The path, absolute or relative to one of the folders.
        folders: Where to look, in this order.
        where: For messages.
        known: What could be named instead, for messages.

    Raises:
        ConfigError: It is in none of them, and all the places are named; or see `expanded`.
    """
    if not given.strip():
        raise ConfigError(where, given="the name of a file, empty", do="name the file, or leave the key out")
    places = list(dict.fromkeys(absolute_path(given, folder, where) for folder in folders))
    for place in places:
        if place.is_file():
            return place
    raise ConfigError(
        where,
        given=f"{given}, and there is no file {', nor '.join(map(str, places))}",
        allowed=list(known) or None,
        do="correct the name, or write the whole path",
    )
