"""Implicit Q-learning (Kostrikov et al. 2022), for a fixed task and towards goal images."""

from collections.abc import Mapping
from typing import Any, Generic, TypeVar

import jax
import jax.numpy as jnp
import optax

from bridgelib.agents.agent import (
    Agent,
    Batch,
    Info,
    Loss,
    Networks,
    NewEncoder,
    Params,
    learning_rate_schedule,
)
from bridgelib.agents.build import goal_encoding, make_mlp, plain_encoding
from bridgelib.agents.gaussian import gaussian_policy, policy_metrics, require_single_actions
from bridgelib.agents.losses import (
    advantage_weighted_loss,
    bellman_target,
    expectile_loss,
    squared_difference,
    squared_error,
)
from bridgelib.config.algorithms.iql import GoalIQLSettings, IQLSettings
from bridgelib.networks.encoding import Encoding
from bridgelib.networks.heads import Value

S = TypeVar("S", bound=IQLSettings)


class IQL(Agent[S], Generic[S]):
    """Implicit Q-learning: a value function, a critic, and a policy weighted by the advantage."""

    def losses(self, batch: Batch) -> dict[str, Loss]:
        """The losses of the critic, the value function and the policy."""
        settings, online, target = self.settings, self.state.params, self.target_params
        now, later, actions = batch["observations"], batch["next_observations"], batch["actions"]

        def critic_loss(params: Params, key: jax.Array) -> tuple[jax.Array, Info]:
            """Squared temporal difference (eq. 6)."""
            goal_key, target_key, key = jax.random.split(key, 3)
            goals, rewards = self.goals_and_rewards(batch, goal_key)
            # V(s') where Q-learning has max Q(s', a'): no action outside the data is judged. The target network
            # is V's, as in the predecessor; the paper's is Q's
            next_value = self.apply("value", target, later, goals, dropout=self._if_frozen(target_key))
            target_q = bellman_target(rewards, batch["masks"], next_value, settings.discount)
            q = self.apply("critic", params, now, goals, actions, dropout=key)
            loss = jnp.mean(squared_difference(q, target_q))
            return loss, {"td_loss": loss, "q": jnp.mean(q)}

        def value_loss(params: Params, key: jax.Array) -> tuple[jax.Array, Info]:
            """Expectile regression of V towards Q (eq. 5)."""
            goal_key, critic_key, key = jax.random.split(key, 3)
            goals, _ = self.goals_and_rewards(batch, goal_key)
            # one critic, as the predecessor has it; the paper takes the lower of two
            q = self.apply("critic", online, now, goals, actions, dropout=self._if_frozen(critic_key))
            v = self.apply("value", params, now, goals, dropout=key)
            # an expectile near 1 brings V near the best action that the data hold at this state, without a maximum
            loss = jnp.mean(expectile_loss(q - v, settings.expectile))
            return loss, {"value_loss": loss, "uncentered_loss": jnp.mean(squared_difference(q, v)), "v": jnp.mean(v)}

        def actor_loss(params: Params, key: jax.Array) -> tuple[jax.Array, Info]:
            """Advantage-weighted regression (eq. 7), the advantage by one step of the value function."""
            target_key, value_key, key = jax.random.split(key, 3)
            # never another sample's goals: this action was not demonstrated towards those
            goals = batch.get("goals")
            next_value = self.apply("value", target, later, goals, dropout=self._if_frozen(target_key))
            v = self.apply("value", online, now, goals, dropout=self._if_frozen(value_key))
            # r + discount · V(s') in place of the paper's Q(s, a), as in the predecessor; no gradient flows through it
            advantage = bellman_target(batch["rewards"], batch["masks"], next_value, settings.discount) - v
            policy = self.apply("actor", params, now, goals, dropout=key)
            log_probs = policy.log_prob(actions)
            # weighted imitation (Peng et al. 2019, "AWR"): the policy is never asked about actions that nobody took
            loss = jnp.mean(advantage_weighted_loss(advantage, log_probs, settings.temperature))
            return loss, {
                "actor_loss": loss,
                "behavior_logprob": jnp.mean(log_probs),
                "behavior_mse": jnp.mean(squared_error(policy.mode(), actions)),
                "adv_mean": jnp.mean(advantage),
                "adv_max": jnp.max(advantage),
                "adv_min": jnp.min(advantage),
            }

        return {"critic": critic_loss, "value": value_loss, "actor": actor_loss}

    def goals_and_rewards(self, batch: Batch, key: jax.Array) -> tuple[Mapping[str, Any] | None, jax.Array]:
        """What the value functions are trained towards, and the reward of the step."""
        return batch.get("goals"), batch["rewards"]

    def eval_metrics(self, batch: Batch, key: jax.Array) -> dict[str, jax.Array]:
        """See `policy_metrics`; and values, temporal differences and advantages, all [B]."""
        params, goals = self.state.params, batch.get("goals")
        now, actions = batch["observations"], batch["actions"]
        policy = self.apply("actor", params, now, goals)
        v = self.apply("value", params, now, goals)
        q = self.apply("critic", params, now, goals, actions)
        next_value = self.apply("value", self.target_params, batch["next_observations"], goals)
        target_q = bellman_target(batch["rewards"], batch["masks"], next_value, self.settings.discount)
        return {
            **policy_metrics(policy, actions),
            "online_v": v,
            "online_q": q,
            "target_q": target_q,
            "value_err": expectile_loss(target_q - v, self.settings.expectile),
            "td_err": squared_difference(q, target_q),
            "advantage": target_q - v,
            "qf_advantage": q - v,
        }

    def schedules(self) -> dict[str, optax.Schedule]:
        """Warm-up for all; decay for the policy alone."""
        settings = self.settings
        constant = learning_rate_schedule(settings.learning_rate, settings.warmup_steps, None)  # targets keep moving
        decaying = learning_rate_schedule(settings.learning_rate, settings.warmup_steps, settings.actor_decay_steps)
        return {"critic": constant, "value": constant, "actor": decaying}

    def _if_frozen(self, key: jax.Array) -> jax.Array | None:
        return key if self.settings.dropout_target_networks else None  # published: dropout in targets too

    @classmethod
    def encoding(cls, settings: S, new_encoder: NewEncoder) -> Encoding:
        """What each network sees."""
        return plain_encoding(new_encoder, settings)

    @classmethod
    def shares_encoder(cls, settings: S) -> bool:
        """Whether the value functions use the policy's encoder."""
        return settings.shared_encoder

    @classmethod
    def make_networks(cls, settings: S, new_encoder: NewEncoder, batch: Batch) -> Networks:
        """Policy, value function and critic."""
        network, actions = settings.network_kwargs, batch["actions"]
        require_single_actions(actions)
        actor = gaussian_policy(cls.encoding(settings, new_encoder), network, settings.policy_kwargs, actions)
        # with a shared encoder only the actor's keeps weights: `Agent.create`
        value, critic = (Value(cls.encoding(settings, new_encoder), make_mlp(network)) for _ in range(2))
        inputs = (batch["observations"], batch.get("goals"))
        return {"actor": (actor, inputs), "value": (value, inputs), "critic": (critic, (*inputs, actions))}


class GoalIQL(IQL[GoalIQLSettings]):
    """Implicit Q-learning towards goal images."""

    def goals_and_rewards(self, batch: Batch, key: jax.Array) -> tuple[Mapping[str, Any], jax.Array]:
        """The goals, a share of them exchanged for the next sample's, which this sample does not reach: reward -1."""
        rewards = batch["rewards"]
        # demonstrations reach their goals: only exchanged ones show V goals that are far away; `masks` remains that of
        # the sample's own goal, as in the predecessor
        is_negative = jax.random.uniform(key, rewards.shape) < self.settings.negative_proportion

        def exchanged(goals: jax.Array) -> jax.Array:
            mask = is_negative.reshape(-1, *[1] * (goals.ndim - 1))  # [B, 1, 1, 1]
            return jnp.where(mask, jnp.roll(goals, -1, axis=0), goals)

        return jax.tree_util.tree_map(exchanged, batch["goals"]), jnp.where(is_negative, -1, rewards)

    @classmethod
    def encoding(cls, settings: GoalIQLSettings, new_encoder: NewEncoder) -> Encoding:
        """What each network sees: the observation and the goal image."""
        return goal_encoding(new_encoder, settings, settings)
