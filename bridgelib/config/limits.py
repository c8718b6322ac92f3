"""Limits: what the value of a setting must satisfy beyond its type, worded for error messages and docs/settings.md."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bridgelib.errors import did_you_mean

ACTION_SIZE = 7


@dataclass(frozen=True)
class Limit:
    """A limit on the values of a type.

    Attributes:
        allowed: The allowed values, in words.
        fits: Value -> whether it is allowed.
        names: The registry that the value must be a name of; None for other limits.
    """

    allowed: str
    fits: Callable[[Any], bool]
    names: Mapping[str, Any] | None = None

    def hint(self, value: object) -> str:
        """What to do about a value that does not fit."""
        return did_you_mean(str(value), list(self.names or ())) or "correct the value"


def at_least(low: int) -> Limit:
    """Whole numbers from `low` on."""
    return Limit(f"a whole number, {low} or more", lambda number: number >= low)


def one_of(names: Mapping[str, Any]) -> Limit:
    """The names of a registry."""
    return Limit(f"one of {', '.join(names)}", lambda name: name in names, names)


POSITIVE = Limit("a number above 0", lambda number: number > 0)
NOT_NEGATIVE = Limit("a number from 0 on", lambda number: number >= 0)
SHARE = Limit("a number from 0 to 1", lambda number: 0 <= number <= 1)
SOME = Limit("a number above 0, at most 1", lambda number: 0 < number <= 1)
RANGE = Limit("[low, high], 0 < low <= high", lambda pair: len(pair) == 2 and 0 < pair[0] <= pair[1])
FACTORS = Limit("[low, high], 0 <= low <= high", lambda pair: len(pair) == 2 and 0 <= pair[0] <= pair[1])
WIDTHS = Limit("whole numbers, 1 or more each", lambda widths: all(width >= 1 for width in widths))
DEVIATIONS = Limit(
    f"{ACTION_SIZE} positive numbers, one for each dimension of an action",
    lambda deviations: len(deviations) == ACTION_SIZE and min(deviations) > 0,
)
