from typing import get_args

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from bridgelib.config.algorithms.diffusion import BetaSchedule
from bridgelib.networks.diffusion import FourierFeatures, noise_variances, remaining_signal


def test_the_linear_schedule_goes_from_a_ten_thousandth_to_two_hundredths():
    np.testing.assert_allclose(noise_variances("linear", 3), [0.0001, 0.01005, 0.02], rtol=1e-6)


def test_the_cosine_schedule_by_hand():
    # two steps: cos²(π/2·(t + 0.008)/1.008) at t = 0, 1/2, 1 is 0.99984, 0.49385, 0
    np.testing.assert_allclose(noise_variances("cosine", 2), [0.50608, 0.999], atol=1e-4)


def test_the_variance_preserving_schedule_by_hand():
    # two steps: 1 - exp(-0.05 - 4.95·1/4) and 1 - exp(-0.05 - 4.95·3/4)
    np.testing.assert_allclose(noise_variances("vp", 2), [0.72406, 0.97676], atol=1e-4)


@pytest.mark.parametrize("schedule", get_args(BetaSchedule))
@pytest.mark.parametrize("steps", [1, 20, 1000])
def test_every_schedule_takes_away_signal_step_by_step(schedule, steps):
    betas = noise_variances(schedule, steps)
    signal = remaining_signal(betas)
    assert betas.shape == signal.shape == (steps,)
    assert ((betas > 0) & (betas < 1)).all()
    assert (np.diff(signal) < 0).all() and signal[0] == pytest.approx(1 - betas[0])


def test_fourier_features_are_cosines_then_sines():
    features = FourierFeatures(4).apply({"params": {"kernel": jnp.array([[0.25], [0.5]])}}, jnp.array([[1.0]]))
    np.testing.assert_allclose(features, [[0, -1, 1, 0]], atol=1e-6)  # cos(π/2), cos(π), sin(π/2), sin(π)
    assert FourierFeatures(4).init(jax.random.PRNGKey(0), jnp.ones((1, 1)))["params"]["kernel"].shape == (2, 1)
