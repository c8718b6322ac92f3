"""The Gaussian policy that most algorithms train: how it is built, its likelihood, and how well it predicts."""

import jax
import jax.numpy as jnp

from bridgelib.agents.agent import Info
from bridgelib.agents.build import perceptron
from bridgelib.agents.losses import squared_error
from bridgelib.agents.settings import NetworkSettings, PolicySettings
from bridgelib.errors import ConfigError
from bridgelib.networks.distributions import DiagonalNormal, TanhNormal
from bridgelib.networks.encoding import Encoding
from bridgelib.networks.heads import Policy


def gaussian_policy(encoding: Encoding, network: NetworkSettings, policy: PolicySettings, actions: jax.Array) -> Policy:
    """A policy over actions like those of an example.

    Args:
        encoding: What the policy sees.
        network, policy: Its settings.
        actions: [B, A].

    Raises:
        ConfigError: The actions are chunks [B, Ta, A], or `fixed_std` does not suit them.
    """
    if actions.ndim != 2:
        raise ConfigError(
            "config.dataset_kwargs.act_pred_horizon",
            given=f"actions of shape {tuple(actions.shape)}",
            allowed="null: a Gaussian policy predicts one action at a time",
            do="remove act_pred_horizon, or train gc_ddpm_bc",
        )
    _require_suitable_std(policy.fixed_std, actions.shape[-1])
    return Policy(
        encoding,
        perceptron(network, policy.dropout_rate),
        action_dim=actions.shape[-1],
        fixed_std=policy.fixed_std,
        state_dependent_std=policy.state_dependent_std,
        log_std_min=policy.log_std_min,
        log_std_max=policy.log_std_max,
        tanh_squash_distribution=policy.tanh_squash_distribution,
    )


def _require_suitable_std(fixed_std: tuple[float, ...] | None, action_dim: int) -> None:
    if fixed_std is not None and (len(fixed_std) != action_dim or min(fixed_std) <= 0):
        raise ConfigError(
            "config.agent_kwargs.policy_kwargs.fixed_std",
            given=list(fixed_std),
            allowed=f"{action_dim} positive numbers, one for each dimension of an action; or null, to learn them",
            do="give one standard deviation per dimension",
        )


def likelihood_loss(policy: DiagonalNormal | TanhNormal, actions: jax.Array) -> tuple[jax.Array, Info]:
    """Mean negative log-likelihood of `actions` [B, A] under a policy, and what is worth a log."""
    log_probs = policy.log_prob(actions)
    std = jnp.mean(policy.stddev(), axis=-1)  # [B]
    loss = -jnp.mean(log_probs)
    return loss, {
        "actor_loss": loss,
        "log_probs": jnp.mean(log_probs),
        "mse": jnp.mean(squared_error(policy.mode(), actions)),
        "pi_actions": jnp.mean(policy.mode()),
        "mean_std": jnp.mean(std),
        "max_std": jnp.max(std),
    }


def policy_measures(policy: DiagonalNormal | TanhNormal, actions: jax.Array) -> dict[str, jax.Array]:
    """How well a policy predicts `actions` [B, A]: squared error and log-likelihood [B], and its best actions."""
    predicted = policy.mode()
    return {
        "actions": predicted,
        "mse": squared_error(predicted, actions),
        "log_probs": policy.log_prob(actions),
    }
