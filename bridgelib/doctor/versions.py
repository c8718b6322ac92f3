"""Package versions and requirements, as far as the doctor compares them: release numbers, no pre-release rules."""

import re
from dataclasses import dataclass

_REQUIREMENT = re.compile(r"^\s*([A-Za-z0-9._-]+)\s*(?:\[[^\]]*\])?\s*\(?([^;)]*)\)?\s*(?:;(.*))?$")
_SPECIFIER = re.compile(r"(~=|===?|!=|<=|>=|<|>)\s*([^\s,]+)")


def release(version: str) -> tuple[int, ...]:
    """The release numbers of a version: `0.4.13+cuda12.cudnn89` is (0, 4, 13), `3.0rc1` is (3, 0)."""
    match = re.match(r"v?(\d+(?:\.\d+)*)", version.strip())
    return tuple(int(part) for part in match[1].split(".")) if match else ()


def compared(left: str, right: str) -> int:
    """-1, 0 or 1, as `left` is older than, the same release as, or newer than `right`; 12.0 is 12."""
    first, second = release(left), release(right)
    length = max(len(first), len(second))
    first, second = (numbers + (0,) * (length - len(numbers)) for numbers in (first, second))
    return (first > second) - (first < second)


def satisfies(version: str, specifier: str) -> bool:
    """Whether a version meets `>=9.8,<10.0`; an empty specifier is met by all."""
    return all(_meets(version, operator, bound) for operator, bound in _SPECIFIER.findall(specifier))


def _meets(version: str, operator: str, bound: str) -> bool:
    if bound.endswith(".*"):
        prefix = release(bound)
        same = release(version)[: len(prefix)] == prefix
        return same if operator == "==" else not same
    order = compared(version, bound)
    if operator == "~=":
        return order >= 0 and release(version)[: len(release(bound)) - 1] == release(bound)[:-1]
    answers = {"==": order == 0, "===": order == 0, "!=": order != 0}
    answers |= {"<": order < 0, "<=": order <= 0, ">": order > 0, ">=": order >= 0}
    return answers[operator]


@dataclass(frozen=True)
class Requirement:
    """One `Requires-Dist` line.

    Attributes:
        name: The distribution asked for, normalised.
        specifier: Which versions, such as `>=0.5.0`.
        condition: The marker after `;`, or an empty text.
    """

    name: str
    specifier: str
    condition: str = ""


def requirement(line: str) -> Requirement:
    """Read `nvidia-cudnn-cu12<10.0,>=9.8; extra == "with-cuda"`."""
    match = _REQUIREMENT.match(line)
    if match is None:
        return Requirement(normalised(line), "")
    return Requirement(normalised(match[1]), match[2].strip(), (match[3] or "").strip())


def normalised(name: str) -> str:
    """A distribution's name as indices write it: `ML_dtypes` is `ml-dtypes`."""
    return re.sub(r"[-_.]+", "-", name.strip()).lower()
