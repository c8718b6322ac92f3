"""How a feature map becomes a vector: averages, maxima, expected coordinates, learned weightings."""

import flax.linen as nn
import jax
import jax.numpy as jnp

from bridgelib.networks.initialisers import lecun_normal


class SpatialSoftmax(nn.Module):
    """The expected image coordinates of each channel (Levine et al. 2016, "End-to-End Training").

    Attributes:
        temperature: Divides the features before the softmax; -1 makes it a parameter that starts at 1.
    """

    temperature: float = 1.0

    @nn.compact
    def __call__(self, features: jax.Array) -> jax.Array:
        """Map [B, H, W, C] to [B, 2C]: all x in [-1, 1], then all y."""
        temperature: float | jax.Array = self.temperature
        if temperature == -1:
            temperature = self.param("softmax_temperature", nn.initializers.ones, (1,), jnp.float32)
        batch, height, width, channels = features.shape
        attention = nn.softmax(features.reshape(batch, height * width, channels) / temperature, axis=1)
        attention = attention.reshape(features.shape)
        x = jnp.einsum("bhwc,w->bc", attention, jnp.linspace(-1.0, 1.0, width))
        y = jnp.einsum("bhwc,h->bc", attention, jnp.linspace(-1.0, 1.0, height))
        return jnp.concatenate([x, y], axis=-1)


class SpatialLearnedEmbeddings(nn.Module):
    """Several learned weightings of the positions, one set per channel.

    Attributes:
        num_features: Number of weightings per channel.
    """

    num_features: int = 8

    @nn.compact
    def __call__(self, features: jax.Array) -> jax.Array:
        """Map [B, H, W, C] to [B, C * num_features]."""
        shape = (*features.shape[1:], self.num_features)
        kernel = self.param("kernel", lecun_normal, shape, jnp.float32)
        return jnp.einsum("bhwc,hwcn->bcn", features, kernel).reshape(features.shape[0], -1)
