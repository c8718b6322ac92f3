"""Remarks on the statistics of a training split, for the task's report and for the log of a training."""

from collections.abc import Iterator

from bridgelib.data.dimensions import name_of
from bridgelib.data.statistics import Moments, Statistics
from bridgelib.raw.remarks import Noticed

_LEARNT = {
    "wrapped": "learnt as the shorter way round",
    "plain": "learnt as turns of almost 2π, as the predecessor has them",
    None: "not in the actions, which are as commanded",
}


def remarks_on(statistics: Statistics) -> list[Noticed]:
    """What is odd about these statistics, in fixed order."""
    quantities = (("state", statistics.proprio), ("action", statistics.action))
    near_constant = [noticed for quantity, moments in quantities for noticed in _near_constant(quantity, moments)]
    return near_constant + list(_straddling(statistics))


def _near_constant(quantity: str, moments: Moments) -> Iterator[Noticed]:
    for place in moments.near_constant:
        name = f"{name_of(place, len(moments.mean))} of the {quantity}"
        told = (
            f"is {moments.mean[place]:.6g} and varies by {moments.std[place]:.2g}, less than {moments.floor[place]:g}"
        )
        yield Noticed("near_constant", f"{name} {told}")


def _straddling(statistics: Statistics) -> Iterator[Noticed]:
    for name in statistics.straddling:
        told = f"{name} of the state lies on both sides of ±π"
        if crossed := (statistics.crossings or {}).get(name):
            told += f"; {crossed} of {statistics.transitions} steps go across: {_LEARNT[statistics.relabel_angles]}"
        yield Noticed("angles_straddle", told)
