import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridgelib.evaluation.intervals import Z, paired_difference, wilson


def pairs(both, only_first, only_second, neither):
    first = [True] * (both + only_first) + [False] * (only_second + neither)
    second = [True] * both + [False] * only_first + [True] * only_second + [False] * neither
    return first, second


def test_wilson_by_hand():
    """The ends are where the rate is Z standard errors, taken at the end itself, from what was seen."""
    for end in wilson(44, 50):
        assert abs(0.88 - end) == pytest.approx(Z * math.sqrt(end * (1 - end) / 50))
    assert wilson(44, 50) == pytest.approx((0.76196, 0.94382), abs=1e-5)


def test_wilson_at_the_ends_and_without_trials():
    assert wilson(0, 10) == pytest.approx((0, Z**2 / (10 + Z**2)))
    assert wilson(10, 10) == pytest.approx((10 / (10 + Z**2), 1))
    assert wilson(0, 0) == (0, 1)


@given(st.integers(1, 500), st.data())
def test_wilson_holds_the_rate_and_is_symmetric(trials, data):
    successes = data.draw(st.integers(0, trials))
    low, high = wilson(successes, trials)
    assert 0 <= low <= successes / trials <= high <= 1
    assert wilson(trials - successes, trials) == pytest.approx((1 - high, 1 - low))


def test_the_paired_difference_is_that_of_the_paper():
    """Newcombe 1998, table II, method 10."""
    assert paired_difference(*pairs(36, 12, 2, 0)) == pytest.approx((0.2, 0.0569, 0.3404), abs=5e-5)


@given(st.tuples(*[st.integers(0, 40)] * 4).filter(any))
def test_the_difference_lies_in_its_interval_and_turns_with_its_sign(table):
    both, first, second, neither = table
    value, low, high = paired_difference(*pairs(*table))
    assert -1 <= low <= value <= high <= 1
    assert paired_difference(*pairs(both, second, first, neither)) == pytest.approx((-value, -high, -low))


def test_pairing_narrows_the_interval():
    """Twenty scenes that only one of the two does say more where the others are the same for both."""
    _, low, high = paired_difference(*pairs(50, 20, 0, 30))
    _, apart_low, apart_high = paired_difference(*pairs(35, 35, 15, 15))
    assert high - low < apart_high - apart_low
