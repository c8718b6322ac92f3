"""The algorithms, by the names a configuration uses, and how an agent is made of a configuration."""

from collections.abc import Mapping
from typing import Any

import jax

from bridgelib.agents.agent import Agent, Batch, TrainState
from bridgelib.agents.bc import BC, GoalBC, LanguageBC
from bridgelib.agents.contrastive import ContrastiveRL
from bridgelib.agents.diffusion import DiffusionBC
from bridgelib.agents.iql import IQL, GoalIQL
from bridgelib.agents.saliency import SaliencyBC
from bridgelib.agents.settings import read_settings
from bridgelib.errors import ConfigError, DataError, did_you_mean
from bridgelib.networks.encoders import make_encoder

__all__ = ["AGENTS", "Agent", "TrainState", "agent_class", "make_agent"]

AGENTS: dict[str, type[Agent]] = {
    "bc": BC,
    "gc_bc": GoalBC,
    "lc_bc": LanguageBC,
    "gc_ddpm_bc": DiffusionBC,
    "iql": IQL,
    "gc_iql": GoalIQL,
    "contrastive_rl_td": ContrastiveRL,
    "bc_saliency": SaliencyBC,
}


def agent_class(algorithm: str) -> type[Agent]:
    """The agents of an algorithm.

    Raises:
        ConfigError: It is no key of `AGENTS`.
    """
    if algorithm not in AGENTS:
        hint = did_you_mean(algorithm, list(AGENTS)) or "choose one of the allowed, or enter yours in bridgelib.agents"
        raise ConfigError("algorithm", given=algorithm, allowed=AGENTS, do=hint)
    return AGENTS[algorithm]


def make_agent(algorithm: str, key: jax.Array, batch: Batch, config: Mapping[str, Any]) -> Agent:
    """A new agent.

    Args:
        algorithm: A key of `AGENTS`.
        key: Random key: the first parameters and all later draws follow from it.
        batch: An example batch; only shapes and dtypes count.
        config: A tree like `ALGORITHMS[algorithm]`; its `agent_kwargs`, `encoder` and `encoder_kwargs` are read.

    Raises:
        ConfigError: An unknown algorithm, encoder or setting, or settings that contradict each other or the batch.
        DataError: The batch lacks what the algorithm needs.
    """
    chosen = agent_class(algorithm)
    _require_inputs(algorithm, batch)
    settings = read_settings(chosen.Settings, config["agent_kwargs"], "config.agent_kwargs")

    def new_encoder():
        return make_encoder(config["encoder"], config["encoder_kwargs"])

    return chosen.create(key, batch, settings, new_encoder)


def _require_inputs(algorithm: str, batch: Batch) -> None:
    """Refuse a batch without what the algorithm's `NEEDS` names."""
    observations, goals = batch["observations"], batch.get("goals", {})
    present = {
        "goals": "image" in goals,
        "language": "language" in goals,
        "next_observations": "next_observations" in batch,
        "gaze": "gaze" in observations,
    }
    for need in sorted(AGENTS[algorithm].NEEDS):
        if not present[need]:
            raise DataError(
                f"batch for {algorithm}",
                given=f"no {need}",
                allowed=f"batches with {', '.join(sorted(AGENTS[algorithm].NEEDS))}",
                do=f"choose data that has {need}, or an algorithm that does without",
            )
