"""Contrastive goal-conditioned reinforcement learning (Eysenbach et al. 2022; Zheng et al. 2023).

The critic tells the goals a state and action lead to from those of other samples, so it needs no reward. The policy
maximises the critic and imitates the data.
"""

from functools import partial

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
from bridgelib.agents.build import goal_encoding, make_mlp
from bridgelib.agents.gaussian import gaussian_policy, policy_metrics, require_single_actions, require_single_frames
from bridgelib.agents.losses import classification_loss, squared_error, temporal_difference_loss
from bridgelib.config.algorithms.contrastive import ContrastiveSettings
from bridgelib.config.algorithms.parts import GoalSettings
from bridgelib.networks.heads import ContrastiveCritic
from bridgelib.shapes import require_shapes

# p / (1 - p) grows without bound as p nears 1; the code published with C-learning (Eysenbach et al. 2021) stops at 20.
LARGEST_WEIGHT = 20.0
# A policy with its own encoder may compare goal and frame early; the critic, an inner product of the two, may not.
EARLY = GoalSettings(early_goal_concat=True)


class ContrastiveRL(Agent[ContrastiveSettings]):
    """Contrastive reinforcement learning with twin critics, temporal differences and imitation."""

    def losses(self, batch: Batch) -> dict[str, Loss]:
        """The losses of the critic and the policy."""
        settings, online = self.settings, self.state.params
        now, goals, actions = batch["observations"], batch["goals"], batch["actions"]

        def critic_loss(params: Params, key: jax.Array) -> tuple[jax.Array, Info]:
            """Classification of goals: by temporal differences, or of the goals in the batch."""
            weight_key, key = jax.random.split(key)
            # temporal differences need the next state alone: what lies beyond it comes by bootstrapping
            reached = batch["next_observations"] if settings.use_td else goals
            logits = self.apply("critic", params, now, reached, actions, dropout=key)  # [B, B(, 2)]: each pair
            if settings.use_td:
                next_state = jnp.diagonal(logits).T  # [B, 2]
                # rolled, not drawn: batches are random already, and each state is a negative example exactly once
                other_goal = jnp.diagonal(jnp.roll(logits, -1, axis=1)).T  # the next sample's: [B, 2]
                weight = self._importance_weights(batch, weight_key)
                losses = temporal_difference_loss(next_state, other_goal, weight, settings.discount)
            else:
                losses = classification_loss(logits)
            loss = jnp.mean(losses)
            return loss, {"critic_loss": loss, **_accuracy(logits)}

        def actor_loss(params: Params, key: jax.Array) -> tuple[jax.Array, Info]:
            """Minus the critic's logit of a drawn action, and the negative log-likelihood of the demonstrated one."""
            dropout_key, sample_key, critic_key = jax.random.split(key, 3)
            policy = self.apply("actor", params, now, goals, dropout=dropout_key)
            drawn = policy.sample(sample_key)  # reparameterised: the critic's gradient reaches the policy through it
            logits = self.apply("critic", online, now, goals, drawn, dropout=self._if_frozen(critic_key))
            critic_term = -jnp.mean(jnp.diagonal(_lower_twin(logits)))
            imitation_term = -jnp.mean(policy.log_prob(actions))
            # offline form of Eysenbach et al. 2022: imitation keeps the policy to actions that the critic has seen
            loss = (1 - settings.gcbc_coef) * critic_term + settings.gcbc_coef * imitation_term
            return loss, {
                "actor_loss": loss,
                "q_action_loss": critic_term,
                "gcbc_loss": imitation_term,
                "sampled_log_probs": jnp.mean(policy.log_prob(drawn)),
                "log_probs": -imitation_term,
                "mse": jnp.mean(squared_error(policy.mode(), actions)),
                "pi_std": jnp.mean(policy.spread()),
            }

        return {"critic": critic_loss, "actor": actor_loss}

    def _importance_weights(self, batch: Batch, key: jax.Array) -> jax.Array:
        """The odds p / (1 - p) [B] that each next state leads to the next sample's, by the target critic."""
        policy_key, sample_key, critic_key = jax.random.split(key, 3)
        # C-learning (Eysenbach et al. 2021): by the odds a random state counts as one that follows. The action is drawn
        # from the policy towards that state: the critic learns where the policy leads, not where the data led
        later = batch["next_observations"]
        others = jax.tree_util.tree_map(lambda x: jnp.roll(x, -1, axis=0), later)
        policy = self.apply("actor", self.state.params, later, others, dropout=self._if_frozen(policy_key))
        logits = self.apply(
            "critic",
            self.target_params,  # bootstrapping from slow weights, as in DDPG
            later,
            others,
            policy.sample(sample_key),
            dropout=self._if_frozen(critic_key),
        )
        # p is a sigmoid of the logit, so its odds are the logit's exponential
        return jnp.minimum(jnp.exp(jnp.diagonal(_lower_twin(logits))), LARGEST_WEIGHT)

    def eval_metrics(self, batch: Batch, key: jax.Array) -> dict[str, jax.Array]:
        """See `policy_metrics`; and each sample's logits of its own goal and of the others' valid goals, all [B]."""
        inputs = (batch["observations"], batch["goals"])
        policy = self.apply("actor", self.state.params, *inputs)
        eval_metrics = policy_metrics(policy, batch["actions"])
        valid = batch.get("valid", jnp.ones(batch["actions"].shape[0], bool))
        own = jnp.eye(valid.shape[0], dtype=bool)
        others = valid[None, :] & ~own  # samples that only fill up the last batch are nobody's goal
        for prefix, params in (("", self.state.params), ("target_", self.target_params)):
            logits = _mean_of_twins(self.apply("critic", params, *inputs, batch["actions"]))
            eval_metrics[f"{prefix}logits_pos"] = jnp.diagonal(logits)
            of_others = jnp.sum(jnp.where(others, logits, 0), axis=1)
            eval_metrics[f"{prefix}logits_neg"] = of_others / jnp.maximum(jnp.sum(others, axis=1), 1)
            if not prefix:
                best = jnp.argmax(jnp.where(others | own, logits, -jnp.inf), axis=1)
                eval_metrics["categorical_accuracy"] = (best == jnp.arange(valid.shape[0])).astype(jnp.float32)
        return eval_metrics

    def schedules(self) -> dict[str, optax.Schedule]:
        """Warm-up for both; decay for the policy alone."""
        settings = self.settings
        constant = learning_rate_schedule(settings.learning_rate, settings.warmup_steps, None)  # targets keep moving
        decaying = learning_rate_schedule(settings.learning_rate, settings.warmup_steps, settings.actor_decay_steps)
        return {"critic": constant, "actor": decaying}

    def _if_frozen(self, key: jax.Array) -> jax.Array | None:
        return key if self.settings.dropout_target_networks else None  # published: dropout in targets too

    @classmethod
    def shares_encoder(cls, settings: ContrastiveSettings) -> bool:
        """Whether the critic uses the policy's encoder."""
        return settings.shared_encoder

    @classmethod
    def make_networks(cls, settings: ContrastiveSettings, new_encoder: NewEncoder, batch: Batch) -> Networks:
        """Policy and critic."""
        require_single_actions(batch["actions"])
        require_single_frames(batch["observations"]["image"], "contrastive_rl_td: a next observation is a goal there")
        # a shared encoder must see what the critic's sees: frame and goal apart
        actor_goals = settings if settings.shared_encoder else EARLY
        actor = gaussian_policy(
            goal_encoding(new_encoder, settings, actor_goals),
            settings.policy_network_kwargs,
            settings.policy_kwargs,
            batch["actions"],
        )
        net, chosen = partial(make_mlp, settings.critic_network_kwargs), settings.critic_kwargs
        critic = ContrastiveCritic(
            goal_encoding(new_encoder, settings, settings),
            net(),
            net(),
            net() if chosen.twin_q else None,
            net() if chosen.twin_q else None,
            repr_dim=chosen.repr_dim,
            init_final=chosen.init_final,
        )
        inputs = (batch["observations"], batch["goals"])
        return {"actor": (actor, inputs), "critic": (critic, (*inputs, batch["actions"]))}


def _lower_twin(logits: jax.Array) -> jax.Array:
    """The more doubtful of the twins: [B, B, 2] or [B, B] to [B, B]."""
    # clipped double Q (Fujimoto et al. 2018, "TD3"): a policy seeks out where a single critic overestimates
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
        "binary_accuracy": jnp.mean((logits > 0) == own),  # a logit of 0 is p = 1/2
        "categorical_accuracy": jnp.mean(jnp.argmax(logits, axis=1) == jnp.arange(logits.shape[0])),
        "logits_pos": jnp.sum(logits * own) / jnp.sum(own),
        "logits_neg": jnp.sum(logits * (1 - own)) / jnp.maximum(jnp.sum(1 - own), 1),
        "logits": jnp.mean(logits),
    }
