"""Behavioural cloning. Its three forms differ in what conditions the encoder: nothing, a goal image, an instruction."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import ClassVar, Literal

import jax
import optax

from bridgelib.agents.agent import Agent, Batch, Info, Loss, Params, learning_rate_schedule
from bridgelib.agents.build import goal_encoding, language_encoding, plain_encoding
from bridgelib.agents.gaussian import gaussian_policy, likelihood_loss, policy_measures
from bridgelib.agents.settings import GoalSettings, NetworkSettings, OptimiserSettings, PolicySettings, SightSettings
from bridgelib.networks.encoding import Encoding


@dataclass(frozen=True)
class BCSettings(SightSettings, OptimiserSettings):
    """Hyperparameters of behavioural cloning."""

    network_kwargs: NetworkSettings = field(default_factory=NetworkSettings)
    policy_kwargs: PolicySettings = field(default_factory=lambda: PolicySettings(state_dependent_std=False))
    warmup_steps: int = 1000
    decay_steps: int = 1_000_000


@dataclass(frozen=True)
class GoalBCSettings(BCSettings, GoalSettings):
    """Hyperparameters of goal-conditioned behavioural cloning."""


@dataclass(frozen=True)
class LanguageBCSettings(BCSettings):
    """Hyperparameters of language-conditioned behavioural cloning; the goal keys say nothing here."""

    early_goal_concat: Literal[True] = True
    shared_goal_encoder: Literal[True] = True


class BC(Agent):
    """Behavioural cloning: maximise the likelihood of the demonstrated actions."""

    Settings: ClassVar[type] = BCSettings

    def losses(self, batch: Batch) -> dict[str, Loss]:
        """The policy's loss alone."""

        def actor_loss(params: Params, key: jax.Array) -> tuple[jax.Array, Info]:
            """Mean negative log-likelihood of the demonstrated actions."""
            policy = self.apply("actor", params, batch["observations"], batch.get("goals"), dropout=key)
            return likelihood_loss(policy, batch["actions"], batch.get("action_mask"))

        return {"actor": actor_loss}

    def measures(self, batch: Batch, key: jax.Array) -> dict[str, jax.Array]:
        """See `policy_measures`."""
        policy = self.apply("actor", self.state.params, batch["observations"], batch.get("goals"))
        return policy_measures(policy, batch["actions"], batch.get("action_mask"))

    def schedules(self) -> dict[str, optax.Schedule]:
        """Warm-up and cosine decay."""
        settings = self.settings
        rate = learning_rate_schedule(settings.learning_rate, settings.warmup_steps, settings.decay_steps)
        return {"actor": rate}

    @classmethod
    def encoding(cls, settings: BCSettings, new_encoder: Callable) -> Encoding:
        """What the policy sees."""
        return plain_encoding(new_encoder, settings)

    @classmethod
    def build(cls, settings: BCSettings, new_encoder: Callable, batch: Batch) -> dict:
        """One network: the policy."""
        encoding = cls.encoding(settings, new_encoder)
        actor = gaussian_policy(encoding, settings.network_kwargs, settings.policy_kwargs, batch["actions"])
        return {"actor": (actor, (batch["observations"], batch.get("goals")))}


class GoalBC(BC):
    """Behavioural cloning towards a goal image."""

    NEEDS: ClassVar[frozenset[str]] = frozenset({"goals"})
    Settings: ClassVar[type] = GoalBCSettings

    @classmethod
    def encoding(cls, settings: GoalBCSettings, new_encoder: Callable) -> Encoding:
        """What the policy sees: the observation and the goal image."""
        return goal_encoding(new_encoder, settings, settings)


class LanguageBC(BC):
    """Behavioural cloning under an instruction."""

    NEEDS: ClassVar[frozenset[str]] = frozenset({"language"})
    Settings: ClassVar[type] = LanguageBCSettings

    @classmethod
    def encoding(cls, settings: LanguageBCSettings, new_encoder: Callable) -> Encoding:
        """What the policy sees: the observation, through an encoder that the instruction modulates."""
        return language_encoding(new_encoder, settings)
