"""How a feature map becomes a vector: averages, maxima, expected coordinates, learned weightings."""

import flax.linen as nn
import jax
import jax.numpy as jnp

from bridgelib.networks.initialisers import lecun_normal


class SpatialSoftmax(nn.Module):
    """The expected image coordinates of each channel (Levine et al. 2016, "End-to-End Training"; Finn et al. 2016)."""

    temperature: float = 1.0  # divides the features; -1 learns it, from 1 on (as Finn et al. 2016 do)

    @nn.compact
    def __call__(self, features: jax.Array) -> jax.Array:
        """Map [B, H, W, C] to [B, 2C]: all x in [-1, 1], then all y."""
        temperature: float | jax.Array = self.temperature
        if temperature == -1:
            temperature = self.param("softmax_temperature", nn.initializers.ones, (1,), jnp.float32)
        batch, height, width, channels = features.shape
        # over the positions, each channel by itself: a channel learns one thing, and says where it is
        attention = nn.softmax(features.reshape(batch, height * width, channels) / temperature, axis=1)
        attention = attention.reshape(features.shape)
        x = jnp.einsum("bhwc,w->bc", attention, jnp.linspace(-1.0, 1.0, width))
        y = jnp.einsum("bhwc,h->bc", attention, jnp.linspace(-1.0, 1.0, height))
        return jnp.concatenate([x, y], axis=-1)


class SpatialLearnedEmbeddings(nn.Module):
    """Learned weightings of the positions, a set per channel (Kumar et al. 2023, "Pre-Training for Robots")."""

    num_features: int = 8  # weightings per channel

    @nn.compact
    def __call__(self, features: jax.Array) -> jax.Array:
        """Map [B, H, W, C] to [B, C * num_features]."""
        # a weight for each place, which an average gives up; so it fits one size of images only
        shape = (*features.shape[1:], self.num_features)
        kernel = self.param("kernel", lecun_normal, shape, jnp.float32)
        return jnp.einsum("bhwc,hwcn->bcn", features, kernel).reshape(features.shape[0], -1)
