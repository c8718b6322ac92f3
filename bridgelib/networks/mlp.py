"""Multi-layer perceptrons: the plain one behind every head, and the residual one of the score network."""

import flax.linen as nn
import jax

from bridgelib.networks.initialisers import lecun_normal, xavier_uniform


class MLP(nn.Module):
    """Dense layers with swish; each activated layer has dropout and layer normalisation where these are asked for.

    Attributes:
        hidden_dims: Width of each layer.
        activate_final: Whether the last layer is activated too.
        use_layer_norm: Whether a layer normalisation stands before each activation.
        dropout_rate: Share of units dropped in training; None or 0 for none.
    """

    hidden_dims: tuple[int, ...]
    activate_final: bool = False
    use_layer_norm: bool = False
    dropout_rate: float | None = None

    @nn.compact
    def __call__(self, x: jax.Array, *, train: bool = False) -> jax.Array:
        """Map [..., N] to [..., hidden_dims[-1]]; `train` turns dropout on."""
        for depth, width in enumerate(self.hidden_dims, start=1):
            x = nn.Dense(width, kernel_init=xavier_uniform)(x)
            if depth < len(self.hidden_dims) or self.activate_final:
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
        y = nn.Dropout(self.dropout_rate, deterministic=not train)(x) if self.dropout_rate else x
        if self.use_layer_norm:
            y = nn.LayerNorm()(y)
        y = nn.swish(nn.Dense(4 * width, kernel_init=lecun_normal)(y))
        return x + nn.Dense(width, kernel_init=lecun_normal)(y)


class MLPResNet(nn.Module):
    """A perceptron of residual blocks (Hansen-Estruch et al. 2023, "IDQL").

    Attributes:
        num_blocks: Number of residual blocks.
        out_dim: Width of the output.
        hidden_dim: Width of the blocks.
        use_layer_norm: Whether each block normalises its input.
        dropout_rate: Share of block inputs dropped in training; None or 0 for none.
    """

    num_blocks: int
    out_dim: int
    hidden_dim: int = 256
    use_layer_norm: bool = False
    dropout_rate: float | None = None

    @nn.compact
    def __call__(self, x: jax.Array, *, train: bool = False) -> jax.Array:
        """Map [..., N] to [..., out_dim]; `train` turns dropout on."""
        x = nn.Dense(self.hidden_dim, kernel_init=xavier_uniform)(x)
        for _ in range(self.num_blocks):
            x = MLPResNetBlock(self.use_layer_norm, self.dropout_rate)(x, train=train)
        return nn.Dense(self.out_dim, kernel_init=xavier_uniform)(nn.swish(x))
