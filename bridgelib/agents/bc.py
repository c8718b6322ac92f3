"""Behavioural cloning. Its three forms differ in what conditions the encoder: nothing, a goal image, an instruction."""

from typing import Generic, TypeVar

import jax
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
from bridgelib.agents.build import goal_encoding, language_encoding, plain_encoding
from bridgelib.agents.gaussian import gaussian_policy, likelihood_loss, policy_metrics
from bridgelib.config.algorithms.bc import BCSettings, GoalBCSettings
from bridgelib.networks.encoding import Encoding

S = TypeVar("S", bound=BCSettings)
G = TypeVar("G", bound=GoalBCSettings)


class BC(Agent[S], Generic[S]):
    """Behavioural cloning: maximise the likelihood of the demonstrated actions."""

    def losses(self, batch: Batch) -> dict[str, Loss]:
        """The policy's loss alone."""

        def actor_loss(params: Params, key: jax.Array) -> tuple[jax.Array, Info]:
            """Mean negative log-likelihood of the demonstrated actions."""
            policy = self.apply("actor", params, batch["observations"], batch.get("goals"), dropout=key)
            # maximum likelihood; with the published fixed deviation it is the squared error, up to a constant
            return likelihood_loss(policy, batch["actions"], batch.get("action_mask"))

        return {"actor": actor_loss}

    def eval_metrics(self, batch: Batch, key: jax.Array) -> dict[str, jax.Array]:
        """See `policy_metrics`."""
        policy = self.apply("actor", self.state.params, batch["observations"], batch.get("goals"))
        return policy_metrics(policy, batch["actions"], batch.get("action_mask"))

    def schedules(self) -> dict[str, optax.Schedule]:
        """Warm-up and cosine decay."""
        settings = self.settings
        rate = learning_rate_schedule(settings.learning_rate, settings.warmup_steps, settings.decay_steps)
        return {"actor": rate}

    @classmethod
    def encoding(cls, settings: S, new_encoder: NewEncoder) -> Encoding:
        """What the policy sees."""
        return plain_encoding(new_encoder, settings)

    @classmethod
    def make_networks(cls, settings: S, new_encoder: NewEncoder, batch: Batch) -> Networks:
        """One network: the policy."""
        encoding = cls.encoding(settings, new_encoder)
        actor = gaussian_policy(encoding, settings.network_kwargs, settings.policy_kwargs, batch["actions"])
        return {"actor": (actor, (batch["observations"], batch.get("goals")))}


class GoalBC(BC[G], Generic[G]):
    """Behavioural cloning towards a goal image (GCBC)."""

    # A demonstration is optimal for every frame it reached (Ghosh et al. 2021, "GCSL"): imitating it needs no reward.
    @classmethod
    def encoding(cls, settings: G, new_encoder: NewEncoder) -> Encoding:
        """What the policy sees: the observation and the goal image."""
        return goal_encoding(new_encoder, settings, settings)


class LanguageBC(BC[G], Generic[G]):
    """Behavioural cloning under an instruction (LCBC)."""

    @classmethod
    def encoding(cls, settings: G, new_encoder: NewEncoder) -> Encoding:
        """What the policy sees: the observation, through an encoder that the instruction modulates."""
        return language_encoding(new_encoder, settings)
