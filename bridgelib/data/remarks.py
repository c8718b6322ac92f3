"""What is odd about the statistics of a training side: for its report, and for whoever trains on it."""

from collections.abc import Iterator

from bridgelib.data.dimensions import name_of
from bridgelib.data.statistics import Moments, Statistics

REMARKS = {
    "near_constant": "a number of state or action that hardly varies: its spread is replaced by a floor",
    "angles_straddle": "an angle of the state on both sides of ±π: its mean and standard deviation mean nothing",
    "angles_crossed": "rotations across ±π within a step",
}
"""Code -> what it means."""


def remarks_on(statistics: Statistics) -> list[tuple[str, str]]:
    """What is odd about these statistics: code and detail of each remark, in fixed order."""
    return [
        *_near_constant("state", statistics.proprio),
        *_near_constant("action", statistics.action),
        *_straddling(statistics),
        *_crossed(statistics),
    ]


def _near_constant(quantity: str, moments: Moments) -> Iterator[tuple[str, str]]:
    size = len(moments.mean)
    for place in moments.near_constant:
        spread, floor = moments.std[place], moments.floor[place]
        told = f"is {moments.mean[place]:.6g}, and varies by {spread:.2g}, less than {floor:g}"
        if spread == 0:
            told = f"never varies from {moments.mean[place]:.6g}"
        yield "near_constant", f"{name_of(place, size)} of the {quantity} {told}"


def _straddling(statistics: Statistics) -> Iterator[tuple[str, str]]:
    for name in statistics.straddling:
        yield "angles_straddle", f"{name} of the state lies on both sides of ±π: its mean and deviation mean nothing"


def _crossed(statistics: Statistics) -> Iterator[tuple[str, str]]:
    became = {
        "wrapped": "learnt as the shorter way round",
        "plain": "learnt as turns of almost 2π, as the predecessor has them",
        None: "not in the actions, which are as commanded",
    }[statistics.relabel_angles]
    for name, count in (statistics.crossings or {}).items():
        if count:
            yield "angles_crossed", f"{count} of {statistics.transitions} steps of {name} go across ±π: {became}"
