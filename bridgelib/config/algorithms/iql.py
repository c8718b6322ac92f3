"""Implicit Q-learning (Kostrikov et al. 2022), for a fixed task and towards goal images."""

from dataclasses import dataclass, field
from typing import Annotated

from bridgelib.config.algorithms.algorithm import MB, Algorithm
from bridgelib.config.algorithms.goals import Uniform
from bridgelib.config.algorithms.parts import (
    ActorDecaySettings,
    DatasetSettings,
    GoalSettings,
    NetworkSettings,
    PolicySettings,
    TargetSettings,
)
from bridgelib.config.limits import POSITIVE, SHARE, Limit

_BETWEEN = Limit("a number between 0 and 1", lambda expectile: 0 < expectile < 1)


@dataclass(frozen=True)
class IQLSettings(ActorDecaySettings, TargetSettings):
    """What can be set about implicit Q-learning."""

    network_kwargs: NetworkSettings = field(default_factory=NetworkSettings)
    policy_kwargs: PolicySettings = field(default_factory=lambda: PolicySettings(dropout_rate=0.1))
    shared_encoder: Annotated[bool, "Whether the value functions use the policy's encoder."] = True
    discount: Annotated[float, SHARE, "Discount factor."] = 0.98  # 1 / (1 - 0.98) = 50 steps ahead: 10 s at 5 Hz
    expectile: Annotated[float, _BETWEEN, "Which expectile of Q the value function estimates."] = 0.7
    temperature: Annotated[float, POSITIVE, "Divides the advantage in the policy's weights."] = 1.0
    dropout_target_networks: Annotated[bool, "Whether networks that a loss does not train have dropout in it."] = True


@dataclass(frozen=True)
class GoalIQLSettings(IQLSettings, GoalSettings):
    """What can be set about implicit Q-learning towards goal images."""

    negative_proportion: Annotated[float, SHARE, "Share of the samples with another's goal, and reward -1."] = 0.1


@dataclass(frozen=True)
class IQL(Algorithm):
    """Implicit Q-learning."""

    name = "iql"
    agent = "bridgelib.agents.iql:IQL"
    needs = frozenset({"next_observations"})
    single_actions = True
    losses = 3
    heads = 3
    encoders = 3  # of policy, value function and critic
    encoded = 2.2
    compiling = 11 * MB

    agent_kwargs: IQLSettings = field(default_factory=IQLSettings)
    # published: a tenth of the transitions reach their goal, so that reward 0 is not too rare to learn from
    dataset_kwargs: DatasetSettings = field(
        default_factory=lambda: DatasetSettings(goal_relabeling_kwargs=Uniform(reached_proportion=0.1))
    )


@dataclass(frozen=True)
class GoalIQL(IQL):
    """Implicit Q-learning towards goal images, some of which are another sample's."""

    name = "gc_iql"
    agent = "bridgelib.agents.iql:GoalIQL"
    needs = frozenset({"goals", "next_observations"})

    agent_kwargs: GoalIQLSettings = field(default_factory=GoalIQLSettings)
