"""Goal-conditioned behavioural cloning with a diffusion model over action chunks (Ho et al. 2020; Chi et al. 2023)."""

from dataclasses import dataclass, field
from typing import Annotated, ClassVar, Literal

from bridgelib.config.algorithms.algorithm import MB, Algorithm
from bridgelib.config.algorithms.parts import (
    BELOW_ONE,
    ActorDecaySettings,
    DatasetSettings,
    GoalSettings,
    TargetSettings,
)
from bridgelib.config.declaration import Section
from bridgelib.config.limits import Limit, at_least

BetaSchedule = Literal["cosine", "linear", "vp"]

_EVEN = Limit("an even number, 2 or more", lambda number: number >= 2 and number % 2 == 0)


@dataclass(frozen=True)
class ScoreSettings(Section):
    """The network that predicts the noise."""

    time_dim: Annotated[int, _EVEN, "Number of features of the diffusion step."] = 32
    num_blocks: Annotated[int, at_least(0), "Number of residual blocks."] = 3
    dropout_rate: Annotated[float | None, BELOW_ONE, "Share of units dropped in training."] = 0.1
    hidden_dim: Annotated[int, at_least(1), "Width of the blocks."] = 256
    use_layer_norm: Annotated[bool, "Whether each block normalises its input."] = True


@dataclass(frozen=True)
class DiffusionSettings(ActorDecaySettings, GoalSettings, TargetSettings):
    """What can be set about diffusion; its targets draw the actions."""

    score_network_kwargs: ScoreSettings = field(default_factory=ScoreSettings)
    actor_decay_steps: Annotated[int | None, at_least(1), "Length of the cosine decay; null: none."] = 2_000_000
    # unlike the linear schedule, the cosine ends at pure noise after 20 steps, too
    beta_schedule: Annotated[BetaSchedule, "How noise is added over the diffusion steps."] = "cosine"
    diffusion_steps: Annotated[int, at_least(1), "Number of diffusion steps."] = 20
    action_samples: Annotated[int, "Carried from published configurations: one sample is drawn."] = 1
    repeat_last_step: Annotated[int, at_least(0), "How often the last denoising step is repeated."] = 0


@dataclass(frozen=True)
class DiffusionBC(Algorithm):
    """Diffusion over action chunks, given a history of observations and a goal image."""

    name = "gc_ddpm_bc"
    agent = "bridgelib.agents.diffusion:DiffusionBC"
    needs = frozenset({"goals"})
    only: ClassVar = {"agent_kwargs.action_samples": (1, "one sample is drawn")}
    chunks_with_history = True
    head = "score_network_kwargs"
    more_weights = (1.47e6, 274)
    encoded = 3
    compiling = 8.4 * MB

    agent_kwargs: DiffusionSettings = field(default_factory=DiffusionSettings)
    # two frames show motion, and a chunk commits to one of several ways to act (Chi et al. 2023); lengths as published
    dataset_kwargs: DatasetSettings = field(default_factory=lambda: DatasetSettings(obs_horizon=2, act_pred_horizon=4))
