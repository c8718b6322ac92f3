"""The mean over trainings of one experiment that differ only in their seeds, and its interval. Standard library only.

The interval is about the experiment under any other seed. So the seeds are the sample, however many transitions or
scenes each training was evaluated on.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from bridgelib.evaluation.intervals import wilson

LEVEL = 0.95


def mean_with_margin(values: Sequence[float]) -> tuple[float, float]:
    """Mean, and half the 95 % interval of it (Student 1908, "The probable error of a mean").

    Args:
        values: Two values or more, one for each seed.
    """
    count = len(values)
    mean = math.fsum(values) / count
    variance = math.fsum((value - mean) ** 2 for value in values) / (count - 1)
    return mean, student(count - 1) * math.sqrt(variance / count)


def rate_over_seeds(results: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The mean success rate of several seeds, with its 95 % interval.

    The interval is Student's over the rates of the seeds, which carry the luck of the scenes as well as that of the
    training. It is made to hold the Wilson interval of all episodes together: two or three seeds that happen to agree
    would else leave no doubt.

    Args:
        results: Two or more results of one task, one for each seed; see `results.task_result`.

    Returns:
        seeds, rate, interval.
    """
    mean, margin = mean_with_margin([result["rate"] for result in results])
    low, high = wilson(sum(result["successes"] for result in results), sum(result["episodes"] for result in results))
    interval = [max(0.0, min(low, mean - margin)), min(1.0, max(high, mean + margin))]
    return {"seeds": len(results), "rate": mean, "interval": interval}


def student(freedom: int) -> float:
    """How many standard errors to either side hold 95 % of Student's distribution.

    Args:
        freedom: Its degrees of freedom, 1 or more.
    """
    low, high = 0.0, 13.0  # 12.706 for one degree of freedom, less for more
    while (middle := (low + high) / 2) not in (low, high):
        low, high = (middle, high) if _share_within(middle, freedom) < LEVEL else (low, middle)
    return middle


def _share_within(deviation: float, freedom: int) -> float:
    """P(|T| <= deviation), by the finite series for whole degrees of freedom (Abramowitz & Stegun 1964, 26.7.3-4)."""
    angle, is_odd = math.atan(deviation / math.sqrt(freedom)), freedom % 2
    term = math.cos(angle) if is_odd else 1.0
    total = term if freedom > 1 else 0.0
    for place in range(2 + is_odd, freedom - 1, 2):
        term *= (place - 1) / place * math.cos(angle) ** 2
        total += term
    series = math.sin(angle) * total
    return 2 / math.pi * (angle + series) if is_odd else series
