"""`make_agent` builds an agent from a configuration; the algorithms are declared in `bridgelib.config.algorithms`."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import jax

from bridgelib.agents.agent import Agent, Batch, TrainState
from bridgelib.config.algorithms import Algorithm, algorithm_named
from bridgelib.config.declaration import read_settings
from bridgelib.errors import DataError
from bridgelib.networks.encoders import Encoder, make_encoder

__all__ = ["Agent", "TrainState", "agent_class", "make_agent"]


def agent_class(algorithm: Algorithm) -> type[Agent[Any]]:
    """The agents of an algorithm, as its declaration names them."""
    # by name: a declaration that imported its agent would bring JAX into every command that reads a configuration
    module, _, name = algorithm.agent.partition(":")
    return getattr(import_module(module), name)


def make_agent(algorithm: str, key: jax.Array, batch: Batch, config: Mapping[str, Any]) -> Agent[Any]:
    """A new agent.

    Args:
        algorithm: A key of `ALGORITHMS`.
        key: Random key: the first parameters and all later draws follow from it.
        batch: An example batch; only shapes and dtypes count.
        config: A configuration tree; its `agent_kwargs`, `encoder` and `encoder_kwargs` are read.

    Raises:
        ConfigError: An unknown algorithm, encoder or setting, or settings that contradict each other or the batch.
        DataError: The batch lacks what the algorithm needs.
    """
    published = algorithm_named(algorithm, "algorithm")
    _require_inputs(published, batch)
    given = {section: config[section] for section in ("agent_kwargs", "encoder", "encoder_kwargs")}
    settings = read_settings(published, given, "config")

    # a factory, because flax shares weights wherever one instance stands twice: each agent decides what is shared
    def new_encoder() -> Encoder:
        return make_encoder(settings.encoder, settings.encoder_kwargs)

    return agent_class(published).create(key, batch, settings.agent_kwargs, new_encoder)


def _require_inputs(algorithm: Algorithm, batch: Batch) -> None:
    """Refuse a batch without what the algorithm needs."""
    observations, goals = batch["observations"], batch.get("goals", {})
    present = {
        "goals": "image" in goals,
        "language": "language" in goals,
        "next_observations": "next_observations" in batch,
        "gaze": "gaze" in observations,
    }
    for need in sorted(algorithm.needs):  # in one order, so that the message is the same in every run
        if not present[need]:
            raise DataError(
                f"batch for {algorithm.name}",
                given=f"no {need}",
                allowed=f"batches with {', '.join(sorted(algorithm.needs))}",
                do=f"choose data that has {need}, or an algorithm that does without",
            )
