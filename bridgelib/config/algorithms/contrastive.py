"""Contrastive goal-conditioned reinforcement learning (Eysenbach et al. 2022; Zheng et al. 2023)."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Annotated, ClassVar

from bridgelib.config.algorithms.algorithm import MB, Algorithm
from bridgelib.config.algorithms.parts import (
    ActorDecaySettings,
    EncoderSettings,
    GoalSettings,
    NetworkSettings,
    PolicySettings,
    TargetSettings,
)
from bridgelib.config.declaration import Contradiction, Section
from bridgelib.config.limits import POSITIVE, SHARE, at_least


@dataclass(frozen=True)
class CriticSettings(Section):
    """The contrastive critic."""

    init_final: Annotated[float | None, POSITIVE, "Bound of the last layers' first weights; null: the usual."] = 1e-12
    repr_dim: Annotated[int, at_least(1), "Number of dimensions of the representations."] = 16
    twin_q: Annotated[bool, "Whether there are two critics, of which the policy believes the lower."] = True


@dataclass(frozen=True)
class ContrastiveSettings(ActorDecaySettings, GoalSettings, TargetSettings):
    """What can be set about contrastive reinforcement learning."""

    # layer normalisation and near-zero last layers (`init_final`): what Zheng et al. 2023 found to stabilise it
    critic_network_kwargs: NetworkSettings = field(default_factory=lambda: NetworkSettings(use_layer_norm=True))
    critic_kwargs: CriticSettings = field(default_factory=CriticSettings)
    policy_network_kwargs: NetworkSettings = field(default_factory=lambda: NetworkSettings(dropout_rate=0.1))
    policy_kwargs: PolicySettings = field(default_factory=PolicySettings)
    shared_encoder: Annotated[
        bool, "Whether the critic uses the policy's encoder; a policy with its own takes the goal early."
    ] = False
    early_goal_concat: Annotated[bool, "Whether a goal image is more channels of each frame: never."] = False
    actor_decay_steps: Annotated[
        int | None, at_least(1), "Length of the policy's cosine decay; null: none, as for the critic."
    ] = 2_000_000
    use_td: Annotated[bool, "Whether the critic learns by temporal differences, or from the goals in the batch."] = True
    gcbc_coef: Annotated[float, SHARE, "Weight of imitation in the policy's loss."] = 0.2
    discount: Annotated[float, SHARE, "Discount factor of the temporal differences."] = 0.98
    temperature: Annotated[float, "Carried from published configurations; no loss has one."] = 1.0
    dropout_target_networks: Annotated[bool, "Whether networks that a loss does not train have dropout in it."] = True

    def contradictions(self) -> Iterator[Contradiction]:
        """Temporal differences are of twin critics."""
        yield from super().contradictions()
        if self.use_td and not self.critic_kwargs.twin_q:
            allowed, do = "true where use_td is true", "set twin_q to true, or use_td to false"
            yield Contradiction("critic_kwargs.twin_q", "false", allowed, do)


@dataclass(frozen=True)
class ContrastiveRL(Algorithm):
    """Contrastive reinforcement learning with twin critics, temporal differences and imitation."""

    name = "contrastive_rl_td"
    agent = "bridgelib.agents.contrastive:ContrastiveRL"
    needs = frozenset({"goals", "next_observations"})
    only: ClassVar = {
        "agent_kwargs.early_goal_concat": (False, "the critic compares an encoding of the state with one of the goal"),
        "agent_kwargs.temperature": (1, "no loss has one"),
        "dataset_kwargs.obs_horizon": (None, "its next observation serves as a goal"),
    }
    single_actions = True
    losses = 2
    heads = 5  # the policy's, and two of each critic
    head = "policy_network_kwargs"
    encoders = 2
    encoded = 4.4
    compiling = 16 * MB

    agent_kwargs: ContrastiveSettings = field(default_factory=ContrastiveSettings)
    # published without the coordinates that the other algorithms add
    encoder_kwargs: EncoderSettings = field(default_factory=lambda: EncoderSettings(add_spatial_coordinates=False))
