"""Paths on a command line: a shell leaves `~` and variables alone in `--data=~/runs` and in single quotes."""

import argparse
from pathlib import Path

from bridgelib.errors import ConfigError
from bridgelib.layout import expanded


def path(text: str) -> Path:
    """A path with `~` and variables expanded; unchanged where it exists as written, since a name may hold any sign."""
    if _stands(Path(text)):
        return Path(text)
    try:
        return expanded(text, "the command line")
    except ConfigError as refused:
        raise argparse.ArgumentTypeError(f"{refused.given}: {refused.do}") from None


def _stands(path: Path) -> bool:
    """Whether a path means what is written: it is there, or a plain name in a folder that is there."""
    try:
        return path.exists() or (path.parent.is_dir() and not {"$", "~"} & set(path.name))
    except OSError:  # a folder that is closed to this user
        return False
