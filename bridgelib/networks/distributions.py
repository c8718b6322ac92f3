"""The distributions a policy may return: a diagonal normal, a diagonal Laplace, a normal squashed into (-1, 1).

They are ours, and distrax is only what tests hold them against (`make test-verify`, in the older stack `make
test-seed-stack`): its version for the JAX that we train with asks for whatever nightly build of TensorFlow Probability
there is, since the last release fails with that JAX; and on the border of (-1, 1) its squashed density is NaN, where
ours is finite.
"""

import math

import flax
import jax
import jax.numpy as jnp

from bridgelib.shapes import require_shapes


@flax.struct.dataclass
class DiagonalNormal:
    """A normal distribution with independent dimensions.

    Attributes:
        mean: float32 [..., A].
        std: float32 [..., A], positive.
    """

    mean: jax.Array
    std: jax.Array

    def log_prob(self, value: jax.Array) -> jax.Array:
        """Log density of `value` [..., A], summed over A: float32 [...]."""
        require_shapes(value=(value, "... A"), mean=(self.mean, "... A"), std=(self.std, "... A"))
        standardised = (value - self.mean) / self.std
        per_dimension = -0.5 * jnp.square(standardised) - jnp.log(self.std) - 0.5 * math.log(2 * math.pi)
        return jnp.sum(per_dimension, axis=-1)

    def mode(self) -> jax.Array:
        """The most likely value [..., A]."""
        return self.mean

    def spread(self) -> jax.Array:
        """The standard deviation of each dimension [..., A]."""
        return self.std

    def sample(self, key: jax.Array) -> jax.Array:
        """One draw [..., A]."""
        # reparameterised (Kingma & Welling 2014, "VAE"): gradients flow through a draw
        return self.mean + self.std * jax.random.normal(key, self.mean.shape, self.mean.dtype)


@flax.struct.dataclass
class DiagonalLaplace:
    """A Laplace distribution with independent dimensions: its likelihood is the absolute error of the mean.

    Attributes:
        mean: float32 [..., A].
        std: float32 [..., A], positive; the scale is std / √2.
    """

    mean: jax.Array
    std: jax.Array

    def log_prob(self, value: jax.Array) -> jax.Array:
        """Log density of `value` [..., A], summed over A: float32 [...]."""
        require_shapes(value=(value, "... A"), mean=(self.mean, "... A"), std=(self.std, "... A"))
        scale = self.std / math.sqrt(2)  # a Laplace distribution of scale b has variance 2 b²
        return jnp.sum(-jnp.abs(value - self.mean) / scale - jnp.log(2 * scale), axis=-1)

    def mode(self) -> jax.Array:
        """The most likely value [..., A]."""
        return self.mean

    def spread(self) -> jax.Array:
        """The standard deviation of each dimension [..., A]."""
        return self.std

    def sample(self, key: jax.Array) -> jax.Array:
        """One draw [..., A]."""
        return self.mean + self.std / math.sqrt(2) * jax.random.laplace(key, self.mean.shape, self.mean.dtype)


@flax.struct.dataclass
class TanhNormal:
    """tanh of a diagonal normal; its support is (-1, 1) in each dimension.

    Attributes:
        normal: The distribution before squashing.
    """

    normal: DiagonalNormal

    def log_prob(self, value: jax.Array) -> jax.Array:
        """Log density of `value` [..., A] in (-1, 1), summed over A: float32 [...].

        Change of variables: log N(atanh y) - Σ log(1 - y²) (Haarnoja et al. 2018, "Soft Actor-Critic", appendix C).
        Values on the border or beyond are moved just inside it, where the density is finite.
        """
        inside = jnp.clip(value, -1 + 1e-6, 1 - 1e-6)  # arctanh(±1) is infinite
        before = jnp.arctanh(inside)
        # log(1 - tanh(x)²) in the form that does not cancel for large |x|
        log_slope = 2.0 * (math.log(2.0) - before - jax.nn.softplus(-2.0 * before))
        return self.normal.log_prob(before) - jnp.sum(log_slope, axis=-1)

    def mode(self) -> jax.Array:
        """tanh of the normal's mode [..., A]."""
        return jnp.tanh(self.normal.mode())  # strictly the median; what Soft Actor-Critic does when it does not explore

    def spread(self) -> jax.Array:
        """tanh of the normal's standard deviation [..., A]: for logs, for its own has no closed form."""
        return jnp.tanh(self.normal.spread())

    def sample(self, key: jax.Array) -> jax.Array:
        """One draw [..., A]."""
        return jnp.tanh(self.normal.sample(key))
