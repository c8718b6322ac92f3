import flax.linen as nn
import jax
import numpy as np
import pytest

from bridgelib.networks import initialisers

NAMES = ("xavier_uniform", "xavier_normal", "kaiming_normal", "lecun_normal")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("shape", [(300, 100), (3, 3, 16, 32)])
def test_variance_and_bounds(name, shape):
    drawn = np.asarray(getattr(initialisers, name)(jax.random.PRNGKey(0), shape))
    inputs, outputs = np.prod(shape[:-1]), np.prod(shape[:-2]) * shape[-1]
    variance = {"xavier": 2 / (inputs + outputs), "kaiming": 2 / inputs, "lecun": 1 / inputs}[name.split("_")[0]]
    assert drawn.shape == shape and abs(drawn.mean()) < 0.1 * np.sqrt(variance)
    assert drawn.var() == pytest.approx(variance, rel=0.05)
    limit = np.sqrt(3) if name.endswith("uniform") else 2 / 0.8796
    assert np.abs(drawn).max() == pytest.approx(limit * np.sqrt(variance), rel=0.02)


@pytest.mark.parametrize("name", NAMES)
def test_they_are_flaxs_own(name):
    if not jax.config.jax_threefry_partitionable:
        pytest.skip("this JAX draws other numbers for other shapes")
    key, shape = jax.random.PRNGKey(3), (3, 2, 4)
    flaxs = getattr(nn.initializers, name)()(key, shape)
    np.testing.assert_allclose(getattr(initialisers, name)(key, shape), flaxs, rtol=1e-6)
