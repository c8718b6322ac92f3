"""Numbers on a command line."""

import argparse
import math
from collections.abc import Callable


def positive(text: str) -> int:
    """A whole number, 1 or more."""
    return at_least(1)(text)


def at_least(least: int) -> Callable[[str], int]:
    """The type of an argument: a whole number, `least` or more."""

    def number(text: str) -> int:
        if not (text.isascii() and text.isdecimal()) or int(text) < least:
            raise argparse.ArgumentTypeError(f"{text!r} is no whole number, {least} or more")
        return int(text)

    return number


def number_from_zero(text: str) -> float:
    """A finite number, 0 or more."""
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not (math.isfinite(number) and number >= 0):
        raise argparse.ArgumentTypeError(f"{text!r} is no number, 0 or more")
    return number
