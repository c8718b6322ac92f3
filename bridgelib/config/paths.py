"""Files that settings name, looked for in several places."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from bridgelib.errors import ConfigError
from bridgelib.layout import absolute_path


def found_file(given: str, folders: Sequence[Path], where: str, known: Iterable[object] = ()) -> Path:
    """The file that a setting names, in the first of the folders that has it.

    Args:
        given: The path, absolute or relative to one of the folders.
        folders: Where to look, in this order.
        where: The place to name in messages.
        known: What could be named instead, for messages.

    Raises:
        ConfigError: None of the folders has the file (the message names all places); or see `expanded`.
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
