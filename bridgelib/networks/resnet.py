"""The image encoder: a ResNet (He et al. 2016, version 1) with group or layer normalisation."""

from dataclasses import dataclass
from typing import Literal

import flax.linen as nn
import jax
import jax.numpy as jnp

from bridgelib.networks.initialisers import kaiming_normal, xavier_normal
from bridgelib.networks.pooling import SpatialLearnedEmbeddings, SpatialSoftmax

ACTIVATIONS = {"relu": nn.relu, "swish": nn.swish, "gelu": nn.gelu, "elu": nn.elu}


@dataclass(frozen=True)
class EncoderSettings:
    """What may be chosen about an encoder (`encoder_kwargs`); the defaults are those of the predecessor's class.

    Attributes:
        num_filters: Width of the first stage, a multiple of 4; each later stage is twice as wide.
        act: The activation.
        norm: Group normalisation (4 groups) or layer normalisation.
        add_spatial_coordinates: Whether the row and column in [-1, 1] are two more input channels.
        pooling_method: How the last feature map becomes a vector; "none" keeps the map.
        softmax_temperature: Of "spatial_softmax"; -1 learns it.
        num_spatial_blocks: Weightings per channel of "spatial_learned_embeddings".
        use_film: Whether an instruction scales and shifts the features of each block.
        use_multiplicative_cond: Whether an instruction scales the features of each block.
    """

    num_filters: int = 64
    act: Literal["relu", "swish", "gelu", "elu"] = "relu"
    norm: Literal["group", "layer"] = "group"
    add_spatial_coordinates: bool = False
    pooling_method: Literal["avg", "max", "none", "spatial_softmax", "spatial_learned_embeddings"] = "avg"
    softmax_temperature: float = 1.0
    num_spatial_blocks: int = 8
    use_film: bool = False
    use_multiplicative_cond: bool = False


class MyGroupNorm(nn.GroupNorm):
    """Group normalisation under the name its parameters have in the predecessor's checkpoints."""


class FilmConditioning(nn.Module):
    """Feature-wise linear modulation (Perez et al. 2018); begins as the identity."""

    @nn.compact
    def __call__(self, features: jax.Array, condition: jax.Array) -> jax.Array:
        """Scale and shift the channels of `features` [B, H, W, C] by what `condition` [B, E] says."""
        scale = nn.Dense(features.shape[-1], kernel_init=nn.initializers.zeros)(condition)
        shift = nn.Dense(features.shape[-1], kernel_init=nn.initializers.zeros)(condition)
        return features * (1 + scale[:, None, None, :]) + shift[:, None, None, :]


class ResNetBlock(nn.Module):
    """Two 3×3 convolutions beside a shortcut."""

    filters: int
    stride: int
    settings: EncoderSettings

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        """Map [B, H, W, C] to [B, H / stride, W / stride, filters]."""
        act = ACTIVATIONS[self.settings.act]
        y = _convolution(self.filters, 3, self.stride)(x)
        y = act(_norm(self.settings)(y))
        y = _convolution(self.filters, 3)(y)
        y = _norm(self.settings)(y)
        return act(_shortcut(x, y, self.stride, self.settings) + y)


class BottleneckResNetBlock(nn.Module):
    """A 3×3 convolution between two 1×1, the last four times as wide, beside a shortcut."""

    filters: int
    stride: int
    settings: EncoderSettings

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        """Map [B, H, W, C] to [B, H / stride, W / stride, 4 * filters]."""
        act = ACTIVATIONS[self.settings.act]
        y = act(_norm(self.settings)(_convolution(self.filters, 1)(x)))
        y = act(_norm(self.settings)(_convolution(self.filters, 3, self.stride)(y)))
        y = _convolution(4 * self.filters, 1)(y)
        # a scale of zero: the block begins as its shortcut
        y = _norm(self.settings, scale_init=nn.initializers.zeros)(y)
        return act(_shortcut(x, y, self.stride, self.settings) + y)


class ResNetEncoder(nn.Module):
    """Images to features.

    Attributes:
        stage_sizes: Number of blocks in each stage; every stage after the first halves the resolution.
        bottleneck: Whether the blocks are bottleneck blocks.
        settings: The rest.
    """

    stage_sizes: tuple[int, ...]
    bottleneck: bool
    settings: EncoderSettings

    @property
    def takes_condition(self) -> bool:
        """Whether the encoder must be given an instruction."""
        return self.settings.use_film or self.settings.use_multiplicative_cond

    @nn.compact
    def __call__(self, images: jax.Array, condition: jax.Array | None = None) -> jax.Array:
        """Encode uint8 images [B, H, W, C], under a condition [B, E] where the encoder takes one.

        Returns:
            float32 [B, F], or the map [B, h, w, F] for `pooling_method` "none".
        """
        settings = self.settings
        x = images.astype(jnp.float32) / 127.5 - 1.0
        if settings.add_spatial_coordinates:
            x = with_coordinates(x)
        x = _convolution(settings.num_filters, 7, 2, padding=[(3, 3), (3, 3)], name="conv_init")(x)
        x = ACTIVATIONS[settings.act](_norm(settings, name="norm_init")(x))
        x = nn.max_pool(x, (3, 3), strides=(2, 2), padding="SAME")
        block = BottleneckResNetBlock if self.bottleneck else ResNetBlock
        for stage, size in enumerate(self.stage_sizes):
            for number in range(size):
                stride = 2 if stage > 0 and number == 0 else 1
                x = block(settings.num_filters * 2**stage, stride, settings)(x)
                x = self._conditioned(x, condition)
        return self._pooled(x)

    def _conditioned(self, x: jax.Array, condition: jax.Array | None) -> jax.Array:
        if self.settings.use_film:
            x = FilmConditioning()(x, condition)
        if self.settings.use_multiplicative_cond:
            scale = nn.Dense(x.shape[-1], kernel_init=xavier_normal)(condition)
            x = x * scale[:, None, None, :]
        return x

    def _pooled(self, x: jax.Array) -> jax.Array:
        match self.settings.pooling_method:
            case "avg":
                return jnp.mean(x, axis=(-3, -2))
            case "max":
                return jnp.max(x, axis=(-3, -2))
            case "spatial_softmax":
                return SpatialSoftmax(self.settings.softmax_temperature)(x)
            case "spatial_learned_embeddings":
                return SpatialLearnedEmbeddings(self.settings.num_spatial_blocks)(x)
            case _:
                return x


def _convolution(filters: int, size: int, stride: int = 1, padding="SAME", name: str | None = None) -> nn.Conv:
    return nn.Conv(
        filters,
        (size, size),
        (stride, stride),
        padding=padding,
        use_bias=False,
        kernel_init=kaiming_normal,
        name=name,
    )


def _norm(settings: EncoderSettings, scale_init=nn.initializers.ones, name: str | None = None) -> nn.Module:
    if settings.norm == "layer":
        return nn.LayerNorm(epsilon=1e-5, scale_init=scale_init, name=name)
    return MyGroupNorm(num_groups=4, epsilon=1e-5, scale_init=scale_init, name=name)


def _shortcut(x: jax.Array, y: jax.Array, stride: int, settings: EncoderSettings) -> jax.Array:
    """The block's input `x`, projected where the block changed its shape to that of `y`."""
    if x.shape == y.shape:
        return x
    x = _convolution(y.shape[-1], 1, stride, name="conv_proj")(x)
    return _norm(settings, name="norm_proj")(x)


def with_coordinates(x: jax.Array) -> jax.Array:
    """Append each pixel's row and column, in [-1, 1], to its channels: [B, H, W, C] to [B, H, W, C + 2]."""
    batch, height, width, _ = x.shape
    rows, columns = jnp.meshgrid(jnp.linspace(-1, 1, height), jnp.linspace(-1, 1, width), indexing="ij")
    grid = jnp.broadcast_to(jnp.stack([rows, columns], axis=-1), (batch, height, width, 2))
    return jnp.concatenate([x, grid], axis=-1)
