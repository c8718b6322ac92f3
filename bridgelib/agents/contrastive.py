"""Contrastive goal-conditioned reinforcement learning (Eysenbach et al. 2022; Zheng et al. 2023).

The critic tells the goals a state and action lead to from those of other samples, so it needs no reward. The policy
maximises the critic and imitates the data.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import ClassVar, Literal

import jax
import jax.numpy as jnp
import optax

from bridgelib.agents.agent import Agent, Batch, Info, Loss, Params, learning_rate_schedule
from bridgelib.agents.build import goal_encoding, perceptron
from bridgelib.agents.gaussian import gaussian_policy, policy_measures, require_single_actions
from bridgelib.agents.losses import classification_loss, squared_error, temporal_difference_loss
from bridgelib.agents.settings import GoalSettings, NetworkSettings, OptimiserSettings, PolicySettings, SightSettings
from bridgelib.errors import ConfigError
from bridgelib.networks.heads import ContrastiveCritic
from bridgelib.shapes import require_shapes

LARGEST_WEIGHT = 20.0
EARLY = GoalSettings(early_goal_concat=True)


@dataclass(frozen=True)
class CriticSettings:
    """The contrastive critic (`critic_kwargs`).

    Attributes:
        init_final: Bound of the uniform first weights of the last layers; None for the usual ones.
        repr_dim: Number of dimensions of the representations.
        twin_q: Whether there are two critics, of which the policy believes the lower.
    """

    init_final: float | None = None
    repr_dim: int = 16
    twin_q: bool = True


@dataclass(frozen=True)
class ContrastiveSettings(SightSettings, OptimiserSettings, GoalSettings):
    """Hyperparameters of contrastive reinforcement learning.

    Attributes:
        shared_encoder: Whether the critic uses the policy's encoder; a policy with its own takes the goal early.
        actor_decay_steps: Length of the policy's cosine decay; None keeps its rate, as the critic always does.
        use_td: Whether the critic learns by temporal differences; otherwise from the goals in the batch.
        gcbc_coef: Weight of imitation in the policy's loss, between 0 and 1.
        discount: Discount factor of the temporal differences.
        temperature: Read by nothing.
        target_update_rate: Share of the new parameters in the targets after each step.
        dropout_target_networks: Whether networks that are not being trained by a loss have dropout in it.
    """

    critic_network_kwargs: NetworkSettings = field(default_factory=NetworkSettings)
    critic_kwargs: CriticSettings = field(default_factory=lambda: CriticSettings(init_final=1e-12))
    policy_network_kwargs: NetworkSettings = field(default_factory=NetworkSettings)
    policy_kwargs: PolicySettings = field(default_factory=lambda: PolicySettings(state_dependent_std=False))
    shared_encoder: bool = True
    actor_decay_steps: int | None = None
    use_td: bool = False
    gcbc_coef: float = 0.1
    discount: float = 0.95
    temperature: Literal[1] = 1
    target_update_rate: float = 0.002
    dropout_target_networks: bool = True


class ContrastiveRL(Agent):
    """Contrastive reinforcement learning with twin critics, temporal differences and imitation."""

    NEEDS: ClassVar[frozenset[str]] = frozenset({"goals", "next_observations"})
    Settings: ClassVar[type] = ContrastiveSettings

    def losses(self, batch: Batch) -> dict[str, Loss]:
        """The losses of the critic and the policy."""
        settings, online = self.settings, self.state.params
        now, goals, actions = batch["observations"], batch["goals"], batch["actions"]

        def critic_loss(params: Params, key: jax.Array) -> tuple[jax.Array, Info]:
            """Classification of goals: by temporal differences, or of the goals in the batch."""
            weight_key, key = jax.random.split(key)
            reached = batch["next_observations"] if settings.use_td else goals
            logits = self.apply("critic", params, now, reached, actions, dropout=key)
            if settings.use_td:
                next_state = jnp.diagonal(logits).T  # [B, 2]
                other_goal = jnp.diagonal(jnp.roll(logits, -1, axis=1)).T  # the next sample's: [B, 2]
                weight = self._chance_of_others(batch, weight_key)
                losses = temporal_difference_loss(next_state, other_goal, weight, settings.discount)
            else:
                losses = classification_loss(logits)
            loss = jnp.mean(losses)
            return loss, {"critic_loss": loss, **_accuracy(logits)}

        def actor_loss(params: Params, key: jax.Array) -> tuple[jax.Array, Info]:
            """Minus the critic's logit of a drawn action, and the negative log-likelihood of the demonstrated one."""
            dropout_key, sample_key, critic_key = jax.random.split(key, 3)
            policy = self.apply("actor", params, now, goals, dropout=dropout_key)
            drawn = policy.sample(sample_key)
            logits = self.apply("critic", online, now, goals, drawn, dropout=self._if_frozen(critic_key))
            critic_term = -jnp.mean(jnp.diagonal(_lower_twin(logits)))
            imitation_term = -jnp.mean(policy.log_prob(actions))
            loss = (1 - settings.gcbc_coef) * critic_term + settings.gcbc_coef * imitation_term
            return loss, {
                "actor_loss": loss,
                "q_action_loss": critic_term,
                "gcbc_loss": imitation_term,
                "sampled_log_probs": jnp.mean(policy.log_prob(drawn)),
                "log_probs": -imitation_term,
                "mse": jnp.mean(squared_error(policy.mode(), actions)),
                "pi_std": jnp.mean(policy.stddev()),
            }

        return {"critic": critic_loss, "actor": actor_loss}

    def _chance_of_others(self, batch: Batch, key: jax.Array) -> jax.Array:
        """The odds p / (1 - p) [B] that each next state leads to the next sample's, by the target critic."""
        policy_key, sample_key, critic_key = jax.random.split(key, 3)
        later = batch["next_observations"]
        others = jax.tree_util.tree_map(lambda x: jnp.roll(x, -1, axis=0), later)
        policy = self.apply("actor", self.state.params, later, others, dropout=self._if_frozen(policy_key))
        logits = self.apply(
            "critic",
            self.state.target_params,
            later,
            others,
            policy.sample(sample_key),
            dropout=self._if_frozen(critic_key),
        )
        # p is a sigmoid of the logit, so its odds are the logit's exponential
        return jnp.minimum(jnp.exp(jnp.diagonal(_lower_twin(logits))), LARGEST_WEIGHT)

    def measures(self, batch: Batch, key: jax.Array) -> dict[str, jax.Array]:
        """See `policy_measures`; and each sample's logits of its own goal and of the others' valid goals, all [B]."""
        inputs = (batch["observations"], batch["goals"])
        policy = self.apply("actor", self.state.params, *inputs)
        measures = policy_measures(policy, batch["actions"])
        valid = batch.get("valid", jnp.ones(batch["actions"].shape[0], bool))
        own = jnp.eye(valid.shape[0], dtype=bool)
        others = valid[None, :] & ~own
        for prefix, params in (("", self.state.params), ("target_", self.state.target_params)):
            logits = _mean_of_twins(self.apply("critic", params, *inputs, batch["actions"]))
            measures[f"{prefix}logits_pos"] = jnp.diagonal(logits)
            of_others = jnp.sum(jnp.where(others, logits, 0), axis=1)
            measures[f"{prefix}logits_neg"] = of_others / jnp.maximum(jnp.sum(others, axis=1), 1)
            if not prefix:
                best = jnp.argmax(jnp.where(others | own, logits, -jnp.inf), axis=1)
                measures["categorical_accuracy"] = (best == jnp.arange(valid.shape[0])).astype(jnp.float32)
        return measures

    def schedules(self) -> dict[str, optax.Schedule]:
        """Warm-up for both; decay for the policy alone."""
        settings = self.settings
        constant = learning_rate_schedule(settings.learning_rate, settings.warmup_steps, None)
        decaying = learning_rate_schedule(settings.learning_rate, settings.warmup_steps, settings.actor_decay_steps)
        return {"critic": constant, "actor": decaying}

    def _if_frozen(self, key: jax.Array) -> jax.Array | None:
        return key if self.settings.dropout_target_networks else None

    @classmethod
    def shares_encoder(cls, settings: ContrastiveSettings) -> bool:
        """Whether the critic uses the policy's encoder."""
        return settings.shared_encoder

    @classmethod
    def build(cls, settings: ContrastiveSettings, new_encoder: Callable, batch: Batch) -> dict:
        """Policy and critic."""
        _require_consistent(settings, batch)
        require_single_actions(batch["actions"])
        actor_goals = settings if settings.shared_encoder else EARLY
        actor = gaussian_policy(
            goal_encoding(new_encoder, settings, actor_goals),
            settings.policy_network_kwargs,
            settings.policy_kwargs,
            batch["actions"],
        )
        nets = [perceptron(settings.critic_network_kwargs) for _ in range(4 if settings.critic_kwargs.twin_q else 2)]
        critic = ContrastiveCritic(
            goal_encoding(new_encoder, settings, settings),
            *nets,
            repr_dim=settings.critic_kwargs.repr_dim,
            init_final=settings.critic_kwargs.init_final,
        )
        inputs = (batch["observations"], batch["goals"])
        return {"actor": (actor, inputs), "critic": (critic, (*inputs, batch["actions"]))}


def _require_consistent(settings: ContrastiveSettings, batch: Batch) -> None:
    """Refuse settings under which the critic has no meaning."""

    def refuse(key: str, given: object, allowed: str, do: str) -> None:
        raise ConfigError(f"config.{key}", given=given, allowed=allowed, do=do)

    if settings.early_goal_concat:
        allowed = "false: the critic compares an encoding of the state with one of the goal"
        refuse("agent_kwargs.early_goal_concat", True, allowed, "set early_goal_concat to false")
    if settings.use_td and not settings.critic_kwargs.twin_q:
        allowed = "true where use_td is true"
        refuse("agent_kwargs.critic_kwargs.twin_q", False, allowed, "set twin_q to true, or use_td to false")
    if not 0 <= settings.gcbc_coef <= 1:
        allowed = "a number between 0 and 1"
        refuse("agent_kwargs.gcbc_coef", settings.gcbc_coef, allowed, "give the share of imitation in the loss")
    if batch["observations"]["image"].ndim != 4:
        allowed = "null for contrastive_rl_td, whose next observation serves as a goal"
        refuse("dataset_kwargs.obs_horizon", "a history of observations", allowed, "remove obs_horizon")


def _lower_twin(logits: jax.Array) -> jax.Array:
    """The more doubtful of the twins: [B, B, 2] or [B, B] to [B, B]."""
    return jnp.min(logits, axis=-1) if logits.ndim == 3 else logits


def _mean_of_twins(logits: jax.Array) -> jax.Array:
    """[B, B, 2] or [B, B] to [B, B]."""
    return jnp.mean(logits, axis=-1) if logits.ndim == 3 else logits


def _accuracy(logits: jax.Array) -> Info:
    """How well logits [B, B] or [B, B, 2] tell each row's own goal, on the diagonal, from the others."""
    logits = _mean_of_twins(logits)
    require_shapes(logits=(logits, "B B"))
    own = jnp.eye(logits.shape[0])
    return {
        "binary_accuracy": jnp.mean((logits > 0) == own),
        "categorical_accuracy": jnp.mean(jnp.argmax(logits, axis=1) == jnp.arange(logits.shape[0])),
        "logits_pos": jnp.sum(logits * own) / jnp.sum(own),
        "logits_neg": jnp.sum(logits * (1 - own)) / jnp.maximum(jnp.sum(1 - own), 1),
        "logits": jnp.mean(logits),
    }
