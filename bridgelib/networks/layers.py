"""What the image encoders share: their layers, and how an instruction enters them."""

from dataclasses import dataclass
from typing import Annotated

import flax.linen as nn
import jax
import jax.numpy as jnp
from jax.nn.initializers import Initializer

from bridgelib.config.algorithms.parts import EncoderSettings
from bridgelib.networks.initialisers import kaiming_normal, xavier_normal
from bridgelib.networks.pooling import SpatialLearnedEmbeddings, SpatialSoftmax

Pad = str | list[tuple[int, int]]
ACTIVATIONS = {"relu": nn.relu, "swish": nn.swish, "gelu": nn.gelu, "elu": nn.elu}  # published: swish


@dataclass(frozen=True)
class LayerSettings(EncoderSettings):
    """The settings of an encoder, and what its name says of its layers."""

    use_film: Annotated[bool, "Whether an instruction scales and shifts the features of each block."] = False

    @property
    def takes_condition(self) -> bool:
        """Whether an encoder with these settings must be given an instruction."""
        return self.use_film or self.use_multiplicative_cond


class MyGroupNorm(nn.GroupNorm):
    """Group normalisation under the name its parameters have in the predecessor's checkpoints."""


class FilmConditioning(nn.Module):
    """Feature-wise linear modulation (Perez et al. 2018, "FiLM")."""

    @nn.compact
    def __call__(self, features: jax.Array, condition: jax.Array) -> jax.Array:
        """Scale and shift the channels of `features` [B, H, W, C] by what `condition` [B, E] says."""
        # zeros, and 1 + scale below: it begins as the identity, as in RT-1 (Brohan et al. 2022)
        scale = nn.Dense(features.shape[-1], kernel_init=nn.initializers.zeros)(condition)
        shift = nn.Dense(features.shape[-1], kernel_init=nn.initializers.zeros)(condition)
        return features * (1 + scale[:, None, None, :]) + shift[:, None, None, :]


def convolution(filters: int, size: int, stride: int = 1, padding: Pad = "SAME", name: str | None = None) -> nn.Conv:
    """A convolution without bias: a normalisation follows."""
    return nn.Conv(
        filters,
        (size, size),
        (stride, stride),
        padding=padding,
        use_bias=False,
        kernel_init=kaiming_normal,  # derived for rectifiers, which swish resembles
        name=name,
    )


def norm(settings: LayerSettings, scale_init: Initializer = nn.initializers.ones, name: str | None = None) -> nn.Module:
    """The normalisation that the settings name."""
    if settings.norm == "layer":
        return nn.LayerNorm(epsilon=1e-5, scale_init=scale_init, name=name)
    # of each sample alone (Wu & He 2018): no running averages, the same result in any batch. 4 groups and 1e-5 (flax:
    # 1e-6) are what the predecessor's checkpoints were trained with
    return MyGroupNorm(num_groups=4, epsilon=1e-5, scale_init=scale_init, name=name)


def conditioned(settings: LayerSettings, x: jax.Array, condition: jax.Array | None) -> jax.Array:
    """Features [B, H, W, C] under an instruction [B, E], as far as the settings ask for it."""
    if settings.use_film:
        assert condition is not None, "its instruction is missing"
        x = FilmConditioning()(x, condition)
    if settings.use_multiplicative_cond:
        # unlike FiLM it does not begin as the identity: as in the predecessor
        scale = nn.Dense(x.shape[-1], kernel_init=xavier_normal)(condition)
        x = x * scale[:, None, None, :]
    return x


def pooled(settings: LayerSettings, x: jax.Array) -> jax.Array:
    """The last feature map [B, H, W, C] as a vector [B, F]; as it is for `pooling_method` "none"."""
    match settings.pooling_method:
        case "avg":
            return jnp.mean(x, axis=(-3, -2))  # forgets where things are: see `with_coordinates`
        case "max":
            return jnp.max(x, axis=(-3, -2))
        case "spatial_softmax":
            return SpatialSoftmax(settings.softmax_temperature)(x)
        case "spatial_learned_embeddings":
            return SpatialLearnedEmbeddings(settings.num_spatial_blocks)(x)
        case _:
            return x


def with_coordinates(x: jax.Array) -> jax.Array:
    """Append each pixel's row and column, in [-1, 1], to its channels (Liu et al. 2018, "CoordConv"): to C + 2."""
    batch, height, width, _ = x.shape
    rows, columns = jnp.meshgrid(jnp.linspace(-1, 1, height), jnp.linspace(-1, 1, width), indexing="ij")
    grid = jnp.broadcast_to(jnp.stack([rows, columns], axis=-1), (batch, height, width, 2))
    return jnp.concatenate([x, grid], axis=-1)
