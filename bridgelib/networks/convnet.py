"""A small image encoder for small images and slow machines: patches, two convolutions, pooling that keeps places.

In the manner of Levine et al. 2016, "End-to-End Training of Deep Visuomotor Policies": few layers, and a spatial
softmax, so that what comes out is where things are in the image. The first layer looks at patches that do not overlap
(as in Dosovitskiy et al. 2021, "An Image Is Worth 16x16 Words"): a product of matrices, where a CPU takes many times
longer to convolve three channels.
"""

import flax.linen as nn
import jax
import jax.numpy as jnp

from bridgelib.networks.initialisers import kaiming_normal
from bridgelib.networks.layers import (
    ACTIVATIONS,
    LayerSettings,
    conditioned,
    convolution,
    norm,
    pooled,
    with_coordinates,
)

PATCH = 4  # to a quarter of the resolution, as the stem of a ResNet
STRIDES = (2, 1)  # to an eighth, no further: a spatial softmax needs many positions


class ConvNetEncoder(nn.Module):
    """Images to features: patches of 4×4 to half the width (a multiple of 4), then two 3×3 convolutions."""

    settings: LayerSettings

    @property
    def takes_condition(self) -> bool:
        """Whether the encoder must be given an instruction."""
        return self.settings.takes_condition

    @nn.compact
    def __call__(self, images: jax.Array, condition: jax.Array | None = None) -> jax.Array:
        """Encode uint8 images [B, H, W, C], under a condition [B, E] where the encoder takes one.

        Returns:
            float32 [B, F], or the map [B, H / 8, W / 8, F] for `pooling_method` "none".
        """
        settings = self.settings
        x = images.astype(jnp.float32) / 127.5 - 1.0  # [-1, 1], the range of the coordinates
        if settings.add_spatial_coordinates:
            x = with_coordinates(x)
        # half of num_filters, in fours: a group normalisation of 4 groups follows
        width = max(4, settings.num_filters // 8 * 4)
        x = nn.Dense(width, use_bias=False, kernel_init=kaiming_normal, name="patches")(patches(x))
        x = self._activated(x, condition, 0)
        for layer, stride in enumerate(STRIDES, start=1):
            x = convolution(settings.num_filters, 3, stride, name=f"conv_{layer}")(x)
            x = self._activated(x, condition, layer)
        return pooled(settings, x)

    def _activated(self, x: jax.Array, condition: jax.Array | None, layer: int) -> jax.Array:
        x = norm(self.settings, name=f"norm_{layer}")(x)
        # between normalisation and activation, as Perez et al. 2018 place FiLM: it sets what passes
        return ACTIVATIONS[self.settings.act](conditioned(self.settings, x, condition))


def patches(x: jax.Array, size: int = PATCH) -> jax.Array:
    """Squares of pixels as channels: [B, H, W, C] to [B, ⌈H / size⌉, ⌈W / size⌉, size² · C]; zeros fill the last."""
    batch, height, width, channels = x.shape
    x = jnp.pad(x, ((0, 0), (0, -height % size), (0, -width % size), (0, 0)))
    rows, columns = x.shape[1] // size, x.shape[2] // size
    x = x.reshape(batch, rows, size, columns, size, channels).transpose(0, 1, 3, 2, 4, 5)
    return x.reshape(batch, rows, columns, size * size * channels)  # from [B, rows, columns, size, size, C]
