"""The parts agents are built of: encodings, perceptrons and policies from their settings."""

from collections.abc import Callable

from bridgelib.agents.settings import GoalSettings, NetworkSettings, PolicySettings
from bridgelib.errors import ConfigError
from bridgelib.networks.encoding import Encoding
from bridgelib.networks.heads import Policy
from bridgelib.networks.mlp import MLP


def plain_encoding(new_encoder: Callable, use_proprio: bool) -> Encoding:
    """An encoding of the observation alone."""
    return _encoding(new_encoder, "none", use_proprio)


def goal_encoding(new_encoder: Callable, use_proprio: bool, goals: GoalSettings) -> Encoding:
    """An encoding of the observation and a goal image."""
    if goals.early_goal_concat:
        return _encoding(new_encoder, "early", use_proprio)
    return _encoding(new_encoder, "late", use_proprio, None if goals.shared_goal_encoder else new_encoder())


def language_encoding(new_encoder: Callable, use_proprio: bool) -> Encoding:
    """An encoding of the observation under an instruction."""
    return _encoding(new_encoder, "language", use_proprio)


def _encoding(new_encoder: Callable, fusion: str, use_proprio: bool, goal_encoder=None) -> Encoding:
    encoder = new_encoder()
    if encoder.takes_condition != (fusion == "language"):
        raise ConfigError(
            "config.encoder",
            given="an encoder that takes an instruction"
            if encoder.takes_condition
            else "one that takes no instruction",
            allowed="a '-film' encoder for lc_bc, any other for the other algorithms",
            do="choose the encoder of the same size "
            + ("without" if encoder.takes_condition else "with")
            + " '-film' in its name",
        )
    return Encoding(encoder, fusion, goal_encoder, use_proprio)


def perceptron(settings: NetworkSettings, dropout_rate: float | None = None) -> MLP:
    """The perceptron of a head; a `dropout_rate` other than None replaces that of the settings."""
    rate = settings.dropout_rate if dropout_rate is None else dropout_rate
    return MLP(settings.hidden_dims, activate_final=True, use_layer_norm=settings.use_layer_norm, dropout_rate=rate)


def gaussian_policy(encoding: Encoding, network: NetworkSettings, policy: PolicySettings, action_dim: int) -> Policy:
    """A policy over actions with `action_dim` dimensions."""
    if policy.fixed_std is not None and len(policy.fixed_std) != action_dim:
        raise ConfigError(
            "config.agent_kwargs.policy_kwargs.fixed_std",
            given=f"{len(policy.fixed_std)} numbers",
            allowed=f"{action_dim} numbers, one for each dimension of an action",
            do="give one standard deviation per dimension",
        )
    if policy.fixed_std is not None and min(policy.fixed_std) <= 0:
        raise ConfigError(
            "config.agent_kwargs.policy_kwargs.fixed_std",
            given=policy.fixed_std,
            allowed="positive numbers",
            do="give positive standard deviations",
        )
    return Policy(
        encoding,
        perceptron(network, policy.dropout_rate),
        action_dim,
        fixed_std=policy.fixed_std,
        state_dependent_std=policy.state_dependent_std,
        log_std_min=policy.log_std_min,
        log_std_max=policy.log_std_max,
        tanh_squash_distribution=policy.tanh_squash_distribution,
    )


def require_single_actions(actions, algorithm: str) -> None:
    """Refuse action chunks [B, Ta, A], which only a diffusion policy predicts."""
    if actions.ndim != 2:
        raise ConfigError(
            "config.dataset_kwargs.act_pred_horizon",
            given=f"actions of shape {tuple(actions.shape)}",
            allowed=f"null for {algorithm}, which predicts one action",
            do="remove act_pred_horizon, or train gc_ddpm_bc",
        )
