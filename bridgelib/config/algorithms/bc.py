"""Behavioural cloning: conditioned on nothing, a goal image or an instruction."""

from dataclasses import dataclass, field
from typing import Annotated, ClassVar

from bridgelib.config.algorithms.algorithm import Algorithm, EncoderName
from bridgelib.config.algorithms.parts import (
    AgentSettings,
    DatasetSettings,
    GoalSettings,
    NetworkSettings,
    PolicySettings,
)
from bridgelib.config.declaration import Section
from bridgelib.config.limits import at_least


@dataclass(frozen=True)
class BCSettings(AgentSettings):
    """What can be set about behavioural cloning."""

    decay = "decay_steps"

    network_kwargs: NetworkSettings = field(default_factory=lambda: NetworkSettings(dropout_rate=0.1))
    policy_kwargs: PolicySettings = field(default_factory=PolicySettings)
    decay_steps: Annotated[int, at_least(1), "Length of the cosine decay."] = 2_000_000  # as many as `num_steps`


@dataclass(frozen=True)
class GoalBCSettings(BCSettings, GoalSettings):
    """What can be set about behavioural cloning beside a goal image; beside an instruction it is only carried."""


@dataclass(frozen=True)
class BC(Algorithm):
    """Behavioural cloning."""

    name = "bc"
    agent = "bridgelib.agents.bc:BC"

    agent_kwargs: BCSettings = field(default_factory=BCSettings)


@dataclass(frozen=True)
class GoalBC(BC):
    """Behavioural cloning towards a goal image."""

    name = "gc_bc"
    agent = "bridgelib.agents.bc:GoalBC"
    needs = frozenset({"goals"})

    agent_kwargs: GoalBCSettings = field(default_factory=GoalBCSettings)


@dataclass(frozen=True)
class TextProcessorSettings(Section):
    """What embeds instructions; see `bridgelib.language.processor_settings`."""

    model: Annotated[str | None, "Its folder, or of muse its URL."] = None


@dataclass(frozen=True)
class LanguageBC(BC):
    """Behavioural cloning under an instruction."""

    name = "lc_bc"
    agent = "bridgelib.agents.bc:LanguageBC"
    needs = frozenset({"language"})
    only: ClassVar = {
        "agent_kwargs.early_goal_concat": (True, "there is no goal image"),
        "agent_kwargs.shared_goal_encoder": (True, "there is no goal image"),
        "dataset_kwargs.load_language": (True, "it learns from instructions"),
    }

    agent_kwargs: GoalBCSettings = field(default_factory=GoalBCSettings)
    dataset_kwargs: DatasetSettings = field(
        default_factory=lambda: DatasetSettings(load_language=True, skip_unlabeled=True)
    )
    encoder: EncoderName = "resnetv1-34-bridge-film"  # the instruction modulates it (Perez et al. 2018, "FiLM")
    text_processor: Annotated[
        str, "What embeds instructions: hashing, muse (the published one, a download), sentence-transformer or clip."
    ] = "hashing"
    text_processor_kwargs: TextProcessorSettings = field(default_factory=TextProcessorSettings)
