"""Angles turn round: differences by hand and by property, and lists that lie on both sides of ±π."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridgelib.data.angles import HALF_TURN, crosses, straddle, wrapped

FLOATS = st.floats(-20, 20, width=32)


@pytest.mark.parametrize(
    ("difference", "expected"),
    [
        (-6.26, 2 * np.pi - 6.26),
        (6.26, 6.26 - 2 * np.pi),
        (3.2, 3.2 - 2 * np.pi),
        (-3.2, 2 * np.pi - 3.2),
        (13.0, 13.0 - 4 * np.pi),  # two turns
        (0.0, 0.0),
        (-3.1, -3.1),
    ],
)
def test_by_hand(difference, expected):
    found = wrapped(np.array([difference], np.float32))
    assert found.dtype == np.float32
    assert found[0] == pytest.approx(expected, abs=1e-6)


@given(st.lists(FLOATS, max_size=20))
def test_the_same_angle_within_half_a_turn(differences):
    differences = np.float32(differences)
    found = wrapped(differences).astype(np.float64)
    assert ((found >= -np.pi) & (found < np.pi)).all()
    turns = (differences - found) / (2 * np.pi)
    np.testing.assert_allclose(turns, np.round(turns), atol=1e-5)


@given(st.lists(st.floats(-3.125, 3.125, width=32), max_size=20))
def test_what_does_not_cross_keeps_every_bit(differences):
    differences = np.float32(differences)
    np.testing.assert_array_equal(wrapped(differences).view(np.int32), differences.view(np.int32))
    assert not crosses(differences).any()


def test_half_a_turn_itself_stays_in_range():
    exact = np.array([np.pi, -np.pi], np.float32)  # both lie beyond π by rounding
    assert np.abs(wrapped(exact).astype(np.float64)).max() < np.pi
    assert crosses(exact).all() and not crosses(np.array([HALF_TURN, -HALF_TURN])).any()


@pytest.mark.parametrize(
    ("angles", "expected"),
    [
        ([3.0, 3.1, -3.1], True),
        ([3.1, -3.1] * 5, True),
        ([3.0, 3.1, 3.14], False),
        ([-0.5, 0.5], False),
        ([-1.6, 1.6], False),  # as near to each other through 0
        ([3.0, 3.3, 3.5], False),  # followed beyond π, without a jump
        ([2.0], False),
        ([], False),
        ([0.0, 1.5, 3.1, -3.1, -1.5], True),
    ],
)
def test_both_sides_of_half_a_turn(angles, expected):
    assert straddle(np.float32(angles)) is expected
