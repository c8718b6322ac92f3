from importlib.util import find_spec

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from bridgelib.networks.distributions import DiagonalNormal, TanhNormal

MEAN = np.array([[0.5, -1.0], [0.0, 2.0]], np.float32)
STD = np.array([[1.0, 0.5], [2.0, 0.1]], np.float32)


def test_log_prob_is_that_of_independent_normals():
    value = np.array([[0.0, -1.2], [3.0, 2.05]], np.float32)
    expected = stats.norm.logpdf(value, MEAN, STD).sum(axis=-1)
    np.testing.assert_allclose(DiagonalNormal(MEAN, STD).log_prob(value), expected, rtol=1e-5)


def test_log_prob_of_the_mean_under_unit_deviation_is_minus_half_log_two_pi_per_dimension():
    policy = DiagonalNormal(jnp.zeros((1, 7)), jnp.ones((1, 7)))
    assert policy.log_prob(jnp.zeros((1, 7)))[0] == pytest.approx(-7 / 2 * np.log(2 * np.pi))


def test_samples_have_the_mean_and_deviation():
    policy = DiagonalNormal(jnp.full((20_000, 1), 3.0), jnp.full((20_000, 1), 0.5))
    drawn = policy.sample(jax.random.PRNGKey(0))
    assert float(drawn.mean()) == pytest.approx(3.0, abs=0.02)
    assert float(drawn.std()) == pytest.approx(0.5, abs=0.02)


def test_the_squashed_density_integrates_to_one():
    grid = np.linspace(-0.9999, 0.9999, 20_001, dtype=np.float32)[:, None]
    normal = DiagonalNormal(np.full_like(grid, 0.3), np.full_like(grid, 0.7))
    density = np.exp(TanhNormal(normal).log_prob(grid))
    assert float(np.sum(density)) * 1.9998 / 20_000 == pytest.approx(1.0, abs=1e-3)


def test_the_squashed_density_by_hand():
    # y = 0.5: x = atanh(0.5) = 0.5493, log N(x) = -0.9189 - 0.1509 = -1.0698; minus log(1 - 0.25) = +0.2877
    policy = TanhNormal(DiagonalNormal(jnp.zeros((1, 1)), jnp.ones((1, 1))))
    assert float(policy.log_prob(jnp.array([[0.5]]))[0]) == pytest.approx(-0.7821, abs=1e-4)


def test_the_squashed_mode_and_samples_stay_inside():
    policy = TanhNormal(DiagonalNormal(jnp.full((1000, 1), 1.0), jnp.full((1000, 1), 2.0)))
    assert float(policy.mode()[0, 0]) == pytest.approx(np.tanh(1.0))
    assert float(jnp.max(jnp.abs(policy.sample(jax.random.PRNGKey(0))))) <= 1.0


def test_the_squashed_density_is_finite_on_the_border_and_beyond():
    policy = TanhNormal(DiagonalNormal(jnp.zeros((3, 1)), jnp.ones((3, 1))))
    assert np.isfinite(policy.log_prob(jnp.array([[1.0], [-1.0], [2.5]]))).all()


@pytest.mark.skipif(find_spec("distrax") is None, reason="distrax is not in this environment")
def test_agreement_with_distrax():
    import distrax  # one that is there and cannot be loaded is no reason to skip

    value = np.array([[0.1, -0.2], [0.3, 0.9]], np.float32)
    normal = distrax.MultivariateNormalDiag(MEAN, STD)
    np.testing.assert_allclose(DiagonalNormal(MEAN, STD).log_prob(value), normal.log_prob(value), rtol=1e-5)
    squashed = distrax.Transformed(normal, distrax.Block(distrax.Tanh(), 1))
    ours = TanhNormal(DiagonalNormal(MEAN, STD)).log_prob(value)
    np.testing.assert_allclose(ours, squashed.log_prob(value), rtol=1e-5)
