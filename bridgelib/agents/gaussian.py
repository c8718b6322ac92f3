"""The Gaussian policy that most algorithms train: how it is built, its likelihood, and how well it predicts."""

import jax
import jax.numpy as jnp

from bridgelib.agents.agent import Info
from bridgelib.agents.build import make_mlp
from bridgelib.agents.losses import masked_mean, squared_error
from bridgelib.config.algorithms.parts import NetworkSettings, PolicySettings
from bridgelib.errors import ConfigError
from bridgelib.networks.distributions import DiagonalLaplace, DiagonalNormal, TanhNormal
from bridgelib.networks.encoding import Encoding
from bridgelib.networks.heads import Policy

Distribution = DiagonalNormal | DiagonalLaplace | TanhNormal


def gaussian_policy(encoding: Encoding, network: NetworkSettings, policy: PolicySettings, actions: jax.Array) -> Policy:
    """A policy over actions like those of an example.

    Args:
        encoding, network, policy: What it sees, and its settings.
        actions: [B, A], or chunks [B, Ta, A].
    """
    return Policy(
        encoding,
        make_mlp(network, policy.dropout_rate),  # published IQL drops out in the policy, not in the value functions
        action_shape=tuple(actions.shape[1:]),
        fixed_std=policy.fixed_std,
        state_dependent_std=policy.state_dependent_std,
        log_std_min=policy.log_std_min,
        log_std_max=policy.log_std_max,
        tanh_squash_distribution=policy.tanh_squash_distribution,
        distribution=policy.distribution,
    )


def require_single_actions(actions: jax.Array) -> None:
    """Refuse chunks of actions where a value function judges one action.

    Raises:
        ConfigError: They are chunks [B, Ta, A].
    """
    if actions.ndim != 2:
        raise ConfigError(
            "config.dataset_kwargs.act_pred_horizon",
            given=f"actions of shape {tuple(actions.shape)}",
            allowed="null: a value function judges one action at a time",
            do="remove act_pred_horizon, or train an algorithm of behavioural cloning",
        )


def require_single_frames(image: jax.Array, why: str) -> None:
    """Refuse a history of observations where an algorithm looks at one frame.

    Raises:
        ConfigError: It is one, [B, T, H, W, C].
    """
    if image.ndim != 4:
        raise ConfigError(
            "config.dataset_kwargs.obs_horizon",
            given="a history of observations",
            allowed=f"null for {why}",
            do="remove obs_horizon",
        )


def likelihood_loss(policy: Distribution, actions: jax.Array, mask: jax.Array | None = None) -> tuple[jax.Array, Info]:
    """Mean negative log-likelihood of `actions` [B, (Ta,) A] under a policy, and what is logged.

    Args:
        policy, actions: The policy, and the demonstrated actions.
        mask: bool [B, Ta]; which steps of the chunks count. None: all do.
    """
    log_probs = masked_mean(policy.log_prob(actions), mask)
    spread = jnp.mean(policy.spread(), axis=-1)  # [B, (Ta)]
    loss = -log_probs
    return loss, {
        "actor_loss": loss,
        "log_probs": log_probs,
        # beside the likelihood, for it compares across deviations and distributions
        "mse": masked_mean(squared_error(policy.mode(), actions), mask),
        "pi_actions": jnp.mean(policy.mode()),
        "mean_std": jnp.mean(spread),
        "max_std": jnp.max(spread),
    }


def policy_metrics(policy: Distribution, actions: jax.Array, mask: jax.Array | None = None) -> dict[str, jax.Array]:
    """How well a policy predicts `actions` [B, (Ta,) A]: squared error and log-likelihood [B], and its best actions.

    Of a chunk, errors are averaged over its steps, or over those that `mask`, bool [B, Ta], says count.
    """
    predicted = policy.mode()

    def per_sample(values: jax.Array) -> jax.Array:
        return masked_mean(values.reshape(values.shape[0], -1), mask, axis=1)

    return {
        "actions": predicted,  # the caller measures errors in the robot's units
        "mse": per_sample(squared_error(predicted, actions)),
        "log_probs": per_sample(policy.log_prob(actions)),
    }
