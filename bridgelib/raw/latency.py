"""The camera's latency: in which dated folders frames and states lag one action behind.

Standard library only: a dry run asks.
"""

from collections.abc import Iterator
from datetime import datetime

from bridgelib.raw.remarks import Noticed
from bridgelib.raw.tree import recorded_at

LATENCY_ENDED = datetime(2021, 7, 23)  # before, frames and states lag one action behind
PROJECT_BEGAN = datetime(2020, 1, 1)  # earlier dates come from a clock without a battery, mostly in 1970
SETTINGS = ("auto", 0, 1)  # as the date says, never, always


def latency_shift(date: str, setting: int | str = "auto") -> int:
    """How many first frames and states, and last actions, the trajectories of a dated folder lose: 0 or 1."""
    return int((recorded_at(date) or LATENCY_ENDED) < LATENCY_ENDED) if setting == "auto" else int(setting)


def odd_date(date: str, setting: int | str = "auto") -> Iterator[Noticed]:
    """Remarks on a dated folder: an impossible date, and a latency shift that was set by hand or by the date."""
    told = "by its date" if setting == "auto" else f"as `latency_shift: {setting}` says"
    if (recorded_at(date) or PROJECT_BEGAN) < PROJECT_BEGAN:
        done = f"the camera's latency was {'' if latency_shift(date, setting) else 'not '}corrected, {told}"
        remedy = "; if that is wrong, set `latency_shift` of the machine profile" if setting == "auto" else ""
        yield Noticed("impossible_date", f"{date}: {done}{remedy}")
    if latency_shift(date, setting):
        yield Noticed("latency_shift", f"{date}: shifted by 1 step, {told}")
