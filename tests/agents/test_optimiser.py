"""Adam, and weight decay where an algorithm's settings have one."""

import jax.numpy as jnp
import numpy as np
import optax
import pytest
from flax.core import FrozenDict

from bridgelib.agents import Agent
from bridgelib.config.algorithms.parts import OptimiserSettings
from bridgelib.config.declaration import Section

RATE = 0.1


def step_of(settings, gradient: float) -> float:
    """What one step changes in a weight of 2, by the settings' own optimiser."""
    agent = Agent(state=None, networks=FrozenDict(), settings=settings)
    weight = {"w": jnp.array([2.0])}
    optimiser = agent.optimiser(optax.constant_schedule(RATE))
    change, _ = optimiser.update({"w": jnp.array([gradient])}, optimiser.init(weight), weight)
    return float(np.asarray(change["w"])[0])


@pytest.mark.parametrize("settings", [OptimiserSettings(), Section()])
def test_without_weight_decay_nothing_moves_without_a_gradient(settings):
    """Settings of a new algorithm need not have it."""
    assert step_of(settings, 0.0) == 0.0
    assert step_of(settings, 1.0) == pytest.approx(-RATE, rel=1e-3)  # Adam's first step is its rate


def test_weight_decay_is_decoupled_from_the_gradient():
    decaying = OptimiserSettings(weight_decay=0.01)
    assert step_of(decaying, 0.0) == pytest.approx(-RATE * 0.01 * 2)
    assert step_of(decaying, 1.0) == pytest.approx(-RATE - RATE * 0.01 * 2, rel=1e-3)
