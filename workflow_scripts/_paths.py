"""Paths on a command line: a shell leaves `~` and variables alone in `--data=~/runs` and in single quotes."""

import argparse
from pathlib import Path

from bridgelib.config.paths import expanded
from bridgelib.errors import ConfigError


def path(text: str) -> Path:
    """A path, with `~` and variables expanded. Not for names of folders that were found, which may hold any sign."""
    try:
        return expanded(text, "the command line")
    except ConfigError as refused:
        raise argparse.ArgumentTypeError(f"{refused.given}: {refused.do}") from None
