"""First weights of dense and convolutional layers.

They are those of `flax.linen.initializers`, but drawn as one long row: XLA takes far longer to compile the random
numbers of a four-dimensional array (all weights of a ResNet-18 on one CPU core: 11 s, drawn as rows 3 s).
"""

import math

import jax
import jax.numpy as jnp

_STD_OF_TRUNCATED_NORMAL = 0.87962566103423978  # of a standard normal cut off at two deviations


def xavier_uniform(key: jax.Array, shape: tuple[int, ...], dtype: type = jnp.float32) -> jax.Array:
    """Uniform with variance 2 / (inputs + outputs) (Glorot & Bengio 2010); inputs are all axes but the last."""
    # uniform within ±b has variance b² / 3
    bound = math.sqrt(6 / sum(_fans(shape)))
    return jax.random.uniform(key, (math.prod(shape),), dtype, -1, 1).reshape(shape) * bound


def xavier_normal(key: jax.Array, shape: tuple[int, ...], dtype: type = jnp.float32) -> jax.Array:
    """Truncated normal with variance 2 / (inputs + outputs) (Glorot & Bengio 2010)."""
    return _truncated_normal(key, shape, dtype, 2 / sum(_fans(shape)))


def kaiming_normal(key: jax.Array, shape: tuple[int, ...], dtype: type = jnp.float32) -> jax.Array:
    """Truncated normal with variance 2 / inputs (He et al. 2015)."""
    # 2: an activation that drops one half of its input halves the second moment
    return _truncated_normal(key, shape, dtype, 2 / _fans(shape)[0])


def lecun_normal(key: jax.Array, shape: tuple[int, ...], dtype: type = jnp.float32) -> jax.Array:
    """Truncated normal with variance 1 / inputs (LeCun et al. 1998)."""
    return _truncated_normal(key, shape, dtype, 1 / _fans(shape)[0])


def _fans(shape: tuple[int, ...]) -> tuple[int, int]:
    """Number of inputs and of outputs of a kernel [..., in, out]."""
    # of a convolution every position of the kernel is an input
    positions = math.prod(shape[:-2])
    return positions * shape[-2], positions * shape[-1]


def _truncated_normal(key: jax.Array, shape: tuple[int, ...], dtype: type, variance: float) -> jax.Array:
    # cutting the tails off narrows the distribution: widened before, it has the variance asked for
    std = math.sqrt(variance) / _STD_OF_TRUNCATED_NORMAL
    return jax.random.truncated_normal(key, -2, 2, (math.prod(shape),), dtype).reshape(shape) * std
