"""Multi-layer perceptrons: the plain one behind every head, and the residual one of the score network."""

import flax.linen as nn
import jax

from bridgelib.networks.initialisers import lecun_normal, xavier_uniform


class MLP(nn.Module):
    """Dense layers with swish; each activated layer has dropout and layer normalisation where these are asked for."""

    hidden_dims: tuple[int, ...]
    activate_final: bool = False  # for heads, which put a linear layer of their own on top
    use_layer_norm: bool = False  # published in the contrastive critic (Zheng et al. 2023), which it stabilises
    dropout_rate: float | None = None  # None or 0: none

    @nn.compact
    def __call__(self, x: jax.Array, *, train: bool = False) -> jax.Array:
        """Map [..., N] to [..., hidden_dims[-1]]; `train` turns dropout on."""
        for depth, width in enumerate(self.hidden_dims, start=1):
            x = nn.Dense(width, kernel_init=xavier_uniform)(x)
            if depth < len(self.hidden_dims) or self.activate_final:
                # dropout before normalisation, the order of DroQ (Hiraoka et al. 2022) and of the predecessor
                if self.dropout_rate:
                    x = nn.Dropout(self.dropout_rate, deterministic=not train)(x)
                if self.use_layer_norm:
                    x = nn.LayerNorm()(x)
                x = nn.swish(x)
        return x


class MLPResNetBlock(nn.Module):
    """A residual block whose inner layer is four times as wide as its input."""

    use_layer_norm: bool
    dropout_rate: float | None

    @nn.compact
    def __call__(self, x: jax.Array, *, train: bool = False) -> jax.Array:
        """Map [..., N] to [..., N]."""
        width = x.shape[-1]
        # normalised inside the branch, the shortcut untouched: gradients pass all blocks (pre-norm, Xiong et al. 2020)
        y = nn.Dropout(self.dropout_rate, deterministic=not train)(x) if self.dropout_rate else x
        if self.use_layer_norm:
            y = nn.LayerNorm()(y)
        # four times as wide, as the feed-forward layers of a transformer (Vaswani et al. 2017)
        y = nn.swish(nn.Dense(4 * width, kernel_init=lecun_normal)(y))
        return x + nn.Dense(width, kernel_init=lecun_normal)(y)


class MLPResNet(nn.Module):
    """A perceptron of residual blocks (Hansen-Estruch et al. 2023, "IDQL")."""

    num_blocks: int
    out_dim: int
    hidden_dim: int = 256
    use_layer_norm: bool = False  # of each block's input
    dropout_rate: float | None = None  # of each block's input; None or 0: none

    @nn.compact
    def __call__(self, x: jax.Array, *, train: bool = False) -> jax.Array:
        """Map [..., N] to [..., out_dim]; `train` turns dropout on."""
        x = nn.Dense(self.hidden_dim, kernel_init=xavier_uniform)(x)
        for _ in range(self.num_blocks):
            x = MLPResNetBlock(self.use_layer_norm, self.dropout_rate)(x, train=train)
        return nn.Dense(self.out_dim, kernel_init=xavier_uniform)(nn.swish(x))
