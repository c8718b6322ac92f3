"""What stands on an encoding: policies, value functions and the contrastive critic."""

import math
from typing import Literal

import flax.linen as nn
import jax
import jax.numpy as jnp

from bridgelib.networks.distributions import DiagonalLaplace, DiagonalNormal, TanhNormal
from bridgelib.networks.encoding import Arrays, Encoding
from bridgelib.networks.initialisers import xavier_uniform
from bridgelib.networks.mlp import MLP


class Policy(nn.Module):
    """A distribution over actions, given observation and task; what can be chosen is said in `PolicySettings`."""

    encoder: Encoding
    network: MLP
    action_shape: tuple[int, ...]  # (A,), or of chunks (Ta, A)
    fixed_std: tuple[float, ...] | None = None  # of each dimension of an action; None: learned
    state_dependent_std: bool = True
    log_std_min: float = -20.0  # bounds as in Soft Actor-Critic's code (Haarnoja et al. 2018)
    log_std_max: float = 2.0
    tanh_squash_distribution: bool = False  # actions in (-1, 1); normalised ones reach beyond
    distribution: Literal["normal", "laplace"] = "normal"

    @nn.compact
    def __call__(
        self,
        observations: Arrays,
        goals: Arrays | None = None,
        *,
        temperature: float | jax.Array = 1.0,
        train: bool = False,
    ) -> DiagonalNormal | DiagonalLaplace | TanhNormal:
        """The distribution of the action [B, A] or chunk [B, Ta, A]; `temperature` divides the log of the deviation."""
        features = self.network(self.encoder(observations, goals), train=train)
        mean = self._per_action(features)
        if self.fixed_std is not None:
            # published as ones: actions have deviation 1, so the loss is squared error, all dimensions alike
            log_std = jnp.log(jnp.asarray(self.fixed_std, jnp.float32))
        elif self.state_dependent_std:
            log_std = self._per_action(features)
        else:
            # the same for all observations; begins as 1, whose logarithm is 0
            log_std = self.param("log_stds", nn.initializers.zeros, self.action_shape)
        # divided as in the predecessor: the published deviation, 1, has logarithm 0 and stays 1 at every temperature
        log_std = jnp.clip(log_std, self.log_std_min, self.log_std_max) / temperature
        std = jnp.broadcast_to(jnp.exp(log_std), mean.shape)
        if self.distribution == "laplace":
            return DiagonalLaplace(mean, std)
        normal = DiagonalNormal(mean, std)
        return TanhNormal(normal) if self.tanh_squash_distribution else normal

    def _per_action(self, features: jax.Array) -> jax.Array:
        """One number for each entry of the action: [B, F] to [B, (Ta,) A]."""
        return _dense(math.prod(self.action_shape))(features).reshape(features.shape[0], *self.action_shape)


class Value(nn.Module):
    """The expected return of a state for a task, V(s, g); of an action in it, Q(s, a, g), when one is given."""

    encoder: Encoding
    network: MLP

    @nn.compact
    def __call__(
        self,
        observations: Arrays,
        goals: Arrays | None = None,
        actions: jax.Array | None = None,
        *,
        train: bool = False,
    ) -> jax.Array:
        """Values float32 [B], of `actions` [B, A] where these are given."""
        inputs = self.encoder(observations, goals)
        if actions is not None:
            # behind the encoder: several actions of one frame cost one encoding
            inputs = jnp.concatenate([inputs, actions], axis=-1)
        return _dense(1)(self.network(inputs, train=train))[:, 0]  # [B]: [B, 1] minus [B] would be [B, B]


class ContrastiveCritic(nn.Module):
    """How likely each pair of (state, action) leads to each goal: the inner product of two representations.

    The encoder has late fusion: `sa_net` takes its first half and the action, `g_net` the other half. `sa_net2` and
    `g_net2` are the second of the twins, or None.
    """

    encoder: Encoding  # the twins share it: two opinions on images that are encoded once
    sa_net: MLP
    g_net: MLP
    sa_net2: MLP | None = None
    g_net2: MLP | None = None
    repr_dim: int = 16  # dimensions of the representations
    init_final: float | None = None  # bound of the last layers' uniform first weights; None: the usual ones

    @nn.compact
    def __call__(self, observations: Arrays, goals: Arrays, actions: jax.Array, *, train: bool = False) -> jax.Array:
        """Logits [B, B] of row's state and action against column's goal; [B, B, 2] of the twins."""
        encoding = self.encoder(observations, goals)
        # The predecessor halves the encoding where it stands, so with proprio the first goal features fall into the
        # state's half. Kept, because the shapes in its checkpoints follow from it.
        middle = encoding.shape[-1] // 2
        state_action = jnp.concatenate([encoding[:, :middle], actions], axis=-1)
        goal = encoding[:, middle:]

        def logits(sa_net: MLP, g_net: MLP) -> jax.Array:
            sa = _dense(self.repr_dim, self.init_final)(sa_net(state_action, train=train))
            g = _dense(self.repr_dim, self.init_final)(g_net(goal, train=train))
            # an inner product (Eysenbach et al. 2022) scores all pairs at once: the batch brings its own negatives
            return sa @ g.T

        first = logits(self.sa_net, self.g_net)
        if self.sa_net2 is None or self.g_net2 is None:
            return first
        return jnp.stack([first, logits(self.sa_net2, self.g_net2)], axis=-1)


def _dense(width: int, bound: float | None = None) -> nn.Dense:
    if bound is None:
        return nn.Dense(width, kernel_init=xavier_uniform)

    # "cold" initialisation (Zheng et al. 2023): all logits begin at 0, no pair is believed before it is seen
    def uniform(key: jax.Array, shape: tuple[int, ...], dtype: type = jnp.float32) -> jax.Array:
        return jax.random.uniform(key, shape, dtype, -bound, bound)

    return nn.Dense(width, kernel_init=uniform)
