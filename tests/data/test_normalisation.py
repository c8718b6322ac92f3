"""Normalisation of actions and proprio: numbers by hand, and there and back."""

import numpy as np
import pytest

from bridgelib.data.normalisation import Normaliser
from bridgelib.data.statistics import Moments, Statistics
from bridgelib.errors import ConfigError


def moments(mean, std, minimum, maximum):
    return Moments(*map(np.array, (mean, std, minimum, maximum)))


ACTION = moments([1.0, 0.5], [2.0, 0.0], [-1.0, 0.5], [3.0, 0.5])  # the second dimension never varies
PROPRIO = moments([10.0], [5.0], [0.0], [20.0])
STATISTICS = Statistics(ACTION, PROPRIO, trajectories=1, transitions=2)


def test_normal_by_hand():
    normaliser = Normaliser(STATISTICS, "normal")
    # (5 - 1) / 2; the second dimension never varies, so it only moves to 0.
    assert normaliser.action.forward(np.array([[5.0, 0.5], [-1.0, 0.75]])).tolist() == [[2.0, 0.0], [-1.0, 0.25]]
    assert normaliser.proprio.forward(np.array([0.0])).tolist() == [-2.0]
    assert normaliser.action.inverse(np.array([2.0, 0.0])).tolist() == [5.0, 0.5]


def test_bounds_by_hand():
    normaliser = Normaliser(STATISTICS, "bounds")
    # (0 - -1) / 4; beyond the bounds values are cut.
    assert normaliser.action.forward(np.array([[0.0, 0.5], [7.0, 0.4]])).tolist() == [[0.25, 0.0], [1.0, 0.0]]
    assert normaliser.proprio.forward(np.array([-3.0])).tolist() == [0.0]
    assert normaliser.action.inverse(np.array([0.25, 0.0])).tolist() == [0.0, 0.5]


def test_none_leaves_values_as_they_are():
    normaliser = Normaliser(None, "none")
    values = np.array([[0.1, -7.0]], np.float32)
    np.testing.assert_array_equal(normaliser.action.forward(values), values)
    np.testing.assert_array_equal(normaliser.proprio.inverse(values), values)


@pytest.mark.parametrize("kind", ["normal", "bounds", "none"])
def test_there_and_back(kind):
    values = np.random.default_rng(0).uniform([-1.0, 0.5], [3.0, 0.5], size=(4, 3, 2)).astype(np.float32)
    quantity = Normaliser(STATISTICS, kind).action
    forward = quantity.forward(values)
    assert forward.dtype == quantity.inverse(forward).dtype == np.float32
    np.testing.assert_allclose(quantity.inverse(forward), values, rtol=1e-6, atol=1e-6)


def test_an_unknown_kind_is_refused():
    with pytest.raises(ConfigError, match="did you mean 'bounds'"):
        Normaliser(STATISTICS, "bound")
