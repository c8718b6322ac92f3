"""Time stamps that a working clock would not give."""

from collections.abc import Iterator

import numpy as np

from bridgelib.raw.remarks import Noticed

JUMP = 5  # times the usual step; the operator and the disk make steps of twice the usual length


def odd_times(time_stamp: np.ndarray) -> Iterator[Noticed]:
    """Remarks on time stamps that run backwards, stand still or jump.

    Args:
        time_stamp: float64 [T+1], in any unit.
    """
    with np.errstate(over="ignore"):
        steps = np.diff(time_stamp)
    forward = np.sort(steps[steps > 0])
    usual = forward[(len(forward) - 1) // 2] if len(forward) else np.inf
    for remark, which in (
        ("time_backwards", steps < 0),
        ("time_still", steps == 0),
        ("time_jumps", steps > JUMP * usual),
    ):
        if which.any():
            first, more = int(np.argmax(which)), int(which.sum()) - 1
            before, after = time_stamp[first : first + 2].tolist()
            others = f", and {more} more such step{'s' * (more > 1)}" if more else ""
            yield Noticed(remark, f"time_stamp {first} is {before:.3f}, the next {after:.3f}{others}")
