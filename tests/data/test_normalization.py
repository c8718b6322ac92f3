"""Normalization of actions and proprio: numbers by hand, and there and back."""

import numpy as np
import pytest

from bridgelib.data.normalization import Normalizer
from bridgelib.data.statistics import Moments, Statistics
from bridgelib.errors import ConfigError


def moments(mean, std, minimum, maximum):
    return Moments(*map(np.array, (mean, std, minimum, maximum)))


ACTION = moments([1.0, 0.5], [2.0, 0.0], [-1.0, 0.5], [3.0, 0.5])  # the second dimension never varies
PROPRIO = moments([10.0], [5.0], [0.0], [20.0])
STATISTICS = Statistics(ACTION, PROPRIO, trajectories=1, transitions=2)


def test_normal_by_hand():
    normalizer = Normalizer(STATISTICS, "normal")
    # (5 - 1) / 2; the second dimension never varies, so it only moves to 0.
    assert normalizer.action.forward(np.array([[5.0, 0.5], [-1.0, 0.75]])).tolist() == [[2.0, 0.0], [-1.0, 0.25]]
    assert normalizer.proprio.forward(np.array([0.0])).tolist() == [-2.0]
    assert normalizer.action.inverse(np.array([2.0, 0.0])).tolist() == [5.0, 0.5]


def test_bounds_by_hand():
    normalizer = Normalizer(STATISTICS, "bounds")
    # (0 - -1) / 4; beyond the bounds values are cut.
    assert normalizer.action.forward(np.array([[0.0, 0.5], [7.0, 0.4]])).tolist() == [[0.25, 0.0], [1.0, 0.0]]
    assert normalizer.proprio.forward(np.array([-3.0])).tolist() == [0.0]
    assert normalizer.action.inverse(np.array([0.25, 0.0])).tolist() == [0.0, 0.5]


def seven(std, spread):
    """Moments of seven numbers around 0.3, all with this deviation and this range."""
    return moments([0.3] * 7, [std] * 7, [0.3] * 7, [0.3 + spread] * 7)


@pytest.mark.parametrize("quantity", ["action", "proprio"])
def test_what_differs_in_the_last_bit_is_not_magnified(quantity):
    """0.01 off in every number: a hundred floors in metres, ten of the others."""
    found = getattr(Normalizer(Statistics(*[seven(9.5e-8, 3e-7)] * 2, 1, 2), "normal"), quantity)
    assert found.forward(np.full(7, 0.31)).tolist() == pytest.approx([100] * 3 + [10] * 4)
    assert found.inverse(np.ones(7)).tolist() == pytest.approx([0.3001] * 3 + [0.301] * 4)


def test_a_range_of_next_to_nothing_has_the_floor_too():
    action = Normalizer(Statistics(*[seven(9.5e-8, 3e-7)] * 2, 1, 2), "bounds").action
    assert action.forward(np.full(7, 0.3 + 3e-7)).tolist() == pytest.approx([3e-3] * 3 + [3e-4] * 4)
    assert action.inverse(np.ones(7)).tolist() == pytest.approx([0.3001] * 3 + [0.301] * 4)


@pytest.mark.parametrize("kind", ["normal", "bounds"])
def test_what_varies_enough_is_divided_by_its_own_spread(kind):
    """To the last bit, also where published bounds run backwards."""
    spread = np.array([2e-4, 0.01, 0.1, 2e-3, 0.02, 0.2, -0.11])
    varied = moments([0.3] * 7, spread, [0.0] * 7, spread)
    inverse = Normalizer(Statistics(varied, varied, 1, 2), kind).action.inverse(np.ones(7))
    np.testing.assert_array_equal(inverse, ((0.3 if kind == "normal" else 0.0) + spread).astype(np.float32))


def test_the_floor_is_that_of_the_statistics():
    """A policy keeps the floors it was trained with."""
    own = Moments(*(np.zeros(7) for _ in range(4)), floor=np.full(7, 0.5))
    tiny = Moments(own.mean, own.std + 1e-9, own.min, own.max, own.floor)
    assert Normalizer(Statistics(tiny, tiny, 1, 2), "normal").proprio.forward(np.ones(7)).tolist() == [2.0] * 7


def test_none_leaves_values_as_they_are():
    normalizer = Normalizer(None, "none")
    values = np.array([[0.1, -7.0]], np.float32)
    np.testing.assert_array_equal(normalizer.action.forward(values), values)
    np.testing.assert_array_equal(normalizer.proprio.inverse(values), values)


@pytest.mark.parametrize("kind", ["normal", "bounds", "none"])
def test_there_and_back(kind):
    values = np.random.default_rng(0).uniform([-1.0, 0.5], [3.0, 0.5], size=(4, 3, 2)).astype(np.float32)
    quantity = Normalizer(STATISTICS, kind).action
    forward = quantity.forward(values)
    assert forward.dtype == quantity.inverse(forward).dtype == np.float32
    np.testing.assert_allclose(quantity.inverse(forward), values, rtol=1e-6, atol=1e-6)


def test_an_unknown_kind_is_refused():
    with pytest.raises(ConfigError, match="did you mean 'bounds'"):
        Normalizer(STATISTICS, "bound")
