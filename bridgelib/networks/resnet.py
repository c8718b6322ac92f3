"""The image encoder: a ResNet (He et al. 2016, version 1) with group or layer normalisation."""

import flax.linen as nn
import jax
import jax.numpy as jnp

from bridgelib.networks.layers import (
    ACTIVATIONS,
    LayerSettings,
    conditioned,
    convolution,
    norm,
    pooled,
    with_coordinates,
)


class ResNetBlock(nn.Module):
    """Two 3×3 convolutions beside a shortcut."""

    filters: int
    stride: int
    settings: LayerSettings

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        """Map [B, H, W, C] to [B, H / stride, W / stride, filters]."""
        act = ACTIVATIONS[self.settings.act]
        y = convolution(self.filters, 3, self.stride)(x)
        y = act(norm(self.settings)(y))
        y = convolution(self.filters, 3)(y)
        y = norm(self.settings)(y)
        # version 1: activated behind the sum; version 2 ("Identity Mappings") activates within the branch
        return act(_shortcut(x, y, self.stride, self.settings) + y)


class BottleneckResNetBlock(nn.Module):
    """A 3×3 convolution between two 1×1, the last four times as wide, beside a shortcut."""

    filters: int
    stride: int
    settings: LayerSettings

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        """Map [B, H, W, C] to [B, H / stride, W / stride, 4 * filters]."""
        act = ACTIVATIONS[self.settings.act]
        y = act(norm(self.settings)(convolution(self.filters, 1)(x)))
        # the stride is here ("version 1.5"): in the 1×1 before, as in the paper, it would skip three inputs of four
        y = act(norm(self.settings)(convolution(self.filters, 3, self.stride)(y)))
        y = convolution(4 * self.filters, 1)(y)
        # a scale of zero: the block begins as its shortcut (Goyal et al. 2017, "Accurate, Large Minibatch SGD")
        y = norm(self.settings, scale_init=nn.initializers.zeros)(y)
        return act(_shortcut(x, y, self.stride, self.settings) + y)


class ResNetEncoder(nn.Module):
    """Images to features."""

    stage_sizes: tuple[int, ...]  # blocks in each stage; every stage but the first halves the resolution
    bottleneck: bool
    settings: LayerSettings

    @property
    def takes_condition(self) -> bool:
        """Whether the encoder must be given an instruction."""
        return self.settings.takes_condition

    @nn.compact
    def __call__(self, images: jax.Array, condition: jax.Array | None = None) -> jax.Array:
        """Encode uint8 images [B, H, W, C], under a condition [B, E] where the encoder takes one.

        Returns:
            float32 [B, F], or the map [B, h, w, F] for `pooling_method` "none".
        """
        settings = self.settings
        x = images.astype(jnp.float32) / 127.5 - 1.0  # [-1, 1], the range of the coordinates
        if settings.add_spatial_coordinates:
            x = with_coordinates(x)
        # padded by hand: at stride 2, "SAME" would pad one side more than the other and shift the image
        x = convolution(settings.num_filters, 7, 2, padding=[(3, 3), (3, 3)], name="conv_init")(x)
        x = ACTIVATIONS[settings.act](norm(settings, name="norm_init")(x))
        x = nn.max_pool(x, (3, 3), strides=(2, 2), padding="SAME")
        block = BottleneckResNetBlock if self.bottleneck else ResNetBlock
        for stage, size in enumerate(self.stage_sizes):
            for number in range(size):
                stride = 2 if stage > 0 and number == 0 else 1  # the stem has halved the resolution twice already
                x = block(settings.num_filters * 2**stage, stride, settings)(x)
                # behind each block, as in the predecessor: the instruction acts at every resolution
                x = conditioned(settings, x, condition)
        return pooled(settings, x)


def _shortcut(x: jax.Array, y: jax.Array, stride: int, settings: LayerSettings) -> jax.Array:
    """The block's input `x`, projected where the block changed its shape to that of `y`."""
    if x.shape == y.shape:
        return x
    # projected only where it must be: option B of He et al. 2016
    x = convolution(y.shape[-1], 1, stride, name="conv_proj")(x)
    return norm(settings, name="norm_proj")(x)
