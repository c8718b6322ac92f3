"""How sure a number is: bootstrap intervals over trajectories.

The transitions of one trajectory resemble each other, so it is trajectories that are drawn anew, each with all its
transitions (Efron and Tibshirani 1993, "An Introduction to the Bootstrap", the percentile interval).
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

RESAMPLES = 1000
SEED = 0
LEVEL = 0.95

Sums = np.ndarray
Numbers = Mapping[str, np.ndarray]
Statistic = Callable[[Sums], Numbers]


def with_intervals(sums: Sums, statistic: Statistic) -> dict[str, Any]:
    """Numbers with their intervals, as JSON.

    Args:
        sums: float64 [K, C]; what is added up, of each of K trajectories.
        statistic: Totals float64 [..., C] -> numbers by name, float64 [...]; NaN where there is none.

    Returns:
        Name -> `value`, None where there is none; `interval`, [low, high], None where fewer than two trajectories leave
        nothing to draw from. Draws that give no number are left aside.
    """
    values = statistic(sums.sum(axis=0))
    drawn = statistic(resampled(sums)) if len(sums) > 1 else {}
    return {
        name: {"value": rounded(float(value)), "interval": _interval(drawn[name]) if name in drawn else None}
        for name, value in values.items()
    }


def resampled(sums: Sums) -> Sums:
    """Totals float64 [RESAMPLES, C] of as many trajectories as there are, drawn with replacement: always the same."""
    generator = np.random.Generator(np.random.Philox(SEED))
    return np.stack([sums[generator.integers(0, len(sums), len(sums))].sum(axis=0) for _ in range(RESAMPLES)])


def share(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """part / whole, NaN where the whole is 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(whole > 0, part / whole, np.nan)


def rounded(value: float, digits: int = 6) -> float | None:
    """A number rounded to so many significant digits; None for NaN and infinity."""
    return None if np.isnan(value) else float(f"{value:.{digits}g}")


def _interval(drawn: np.ndarray) -> list[float | None] | None:
    known = drawn[~np.isnan(drawn)]
    if not len(known):
        return None
    low, high = np.quantile(known, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return [rounded(low), rounded(high)]
