"""How sure a success rate is, and a difference between two of them."""

import math

Z = 1.959963984540054
"""95 % of a normal distribution lie within ±Z standard deviations."""


def wilson(successes: int, trials: int) -> tuple[float, float]:
    """The 95 % interval of a rate (Wilson 1927): it stays within [0, 1], and is not empty at 0 or at `trials`.

    Args:
        successes: How many of the trials succeeded.
        trials: How many there were; none leaves everything open.

    Returns:
        Lower and upper end.
    """
    if trials == 0:
        return 0.0, 1.0
    rate, weight = successes / trials, Z**2 / trials
    middle = (rate + weight / 2) / (1 + weight)
    half = Z / (1 + weight) * math.sqrt(rate * (1 - rate) / trials + weight / (4 * trials))
    low = 0.0 if successes == 0 else max(0.0, middle - half)
    high = 1.0 if successes == trials else min(1.0, middle + half)
    return low, high


def paired_difference(first: list[bool], second: list[bool]) -> tuple[float, float, float]:
    """How much more often the first succeeds than the second in the same scenes, with its 95 % interval.

    Scenes that both do, or neither, tell nothing of the difference; pairing takes them out of its variance. The
    interval is Newcombe's tenth method (Newcombe 1998, "Improved confidence intervals for the difference between
    binomial proportions based on paired data"), made of the Wilson intervals of the two rates and their correlation.

    Args:
        first, second: The outcomes, scene by scene; at least one.

    Returns:
        Difference of the rates, lower and upper end.
    """
    trials = len(first)
    both = sum(a and b for a, b in zip(first, second, strict=True))
    only_first, only_second = sum(first) - both, sum(second) - both
    neither = trials - both - only_first - only_second
    rates = sum(first) / trials, sum(second) / trials
    difference = rates[0] - rates[1]
    (low_1, high_1), (low_2, high_2) = wilson(sum(first), trials), wilson(sum(second), trials)
    phi = _correlation(both, only_first, only_second, neither)

    def half(toward_1: float, toward_2: float) -> float:
        return math.sqrt(max(0.0, toward_1**2 - 2 * phi * toward_1 * toward_2 + toward_2**2))

    low = difference - half(rates[0] - low_1, high_2 - rates[1])
    high = difference + half(high_1 - rates[0], rates[1] - low_2)
    return difference, max(-1.0, low), min(1.0, high)


def _correlation(both: int, only_first: int, only_second: int, neither: int) -> float:
    """Newcombe's phi: of the two outcomes, with a continuity correction where it is positive."""
    margins = (both + only_first) * (only_second + neither) * (both + only_second) * (only_first + neither)
    if margins == 0:
        return 0.0
    product, trials = both * neither - only_first * only_second, both + only_first + only_second + neither
    corrected = max(product - trials / 2, 0.0) if product > 0 else product
    return corrected / math.sqrt(margins)
