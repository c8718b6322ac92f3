"""A small image encoder for small images and slow machines: four convolutions, then pooling that keeps places.

In the manner of Levine et al. 2016, "End-to-End Training of Deep Visuomotor Policies": few layers, and a spatial
softmax, so that what comes out is where things are in the image.
"""

import flax.linen as nn
import jax
import jax.numpy as jnp

from bridgelib.networks.layers import (
    ACTIVATIONS,
    EncoderSettings,
    conditioned,
    convolution,
    norm,
    pooled,
    with_coordinates,
)

STRIDES = (2, 2, 2, 1)


class ConvNetEncoder(nn.Module):
    """Images to features: 3×3 convolutions, the first of half the width (a multiple of 4).

    Attributes:
        settings: What may be chosen; `num_filters` is the width of all layers but the first.
    """

    settings: EncoderSettings

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
        x = images.astype(jnp.float32) / 127.5 - 1.0
        if settings.add_spatial_coordinates:
            x = with_coordinates(x)
        for layer, stride in enumerate(STRIDES):
            filters = settings.num_filters if layer else max(4, settings.num_filters // 8 * 4)
            x = convolution(filters, 3, stride, name=f"conv_{layer}")(x)
            x = norm(settings, name=f"norm_{layer}")(x)
            x = conditioned(settings, x, condition)
            x = ACTIVATIONS[settings.act](x)
        return pooled(settings, x)
