"""Behavioural cloning whose features are drawn to where a human looked (Banayeeanzade et al. 2025, "GABRIL")."""

from dataclasses import dataclass, field
from typing import Annotated, ClassVar, Literal

from bridgelib.config.algorithms.bc import BC, BCSettings
from bridgelib.config.algorithms.parts import EncoderSettings
from bridgelib.config.limits import NOT_NEGATIVE, POSITIVE, SHARE

Divergence = Literal["KL", "JS", "TV", "MSE"]


@dataclass(frozen=True)
class SaliencySettings(BCSettings):
    """What can be set about behavioural cloning with gaze."""

    lambda_weight: Annotated[float, NOT_NEGATIVE, "Weight of the divergence of saliency from gaze."] = 1.0
    prob_dist_type: Annotated[Divergence, "The divergence."] = "KL"
    gaze_ratio: Annotated[float, SHARE, "Share of the samples whose gaze is used."] = 1.0
    beta: Annotated[float, POSITIVE, "Temperature of the softmax over positions."] = 1.0


@dataclass(frozen=True)
class SaliencyBC(BC):
    """Behavioural cloning with gaze."""

    name = "bc_saliency"
    agent = "bridgelib.agents.saliency:SaliencyBC"
    needs = frozenset({"gaze"})
    only: ClassVar = {
        "encoder_kwargs.pooling_method": ("none", "saliency is where the feature map is active; pooling leaves no map"),
        "dataset_kwargs.obs_horizon": (None, "a gaze heat map belongs to one frame"),
    }

    agent_kwargs: SaliencySettings = field(default_factory=SaliencySettings)
    encoder_kwargs: EncoderSettings = field(default_factory=lambda: EncoderSettings(pooling_method="none"))
