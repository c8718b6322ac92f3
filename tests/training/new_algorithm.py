"""An algorithm that the project does not have, with what its author forgot: a setting without limits, own encoders."""

from collections.abc import Callable
from dataclasses import dataclass

import jax.numpy as jnp
import pytest

from bridgelib.agents import AGENTS
from bridgelib.agents.bc import BC, BCSettings
from bridgelib.agents.build import perceptron
from bridgelib.config.algorithms import ALGORITHMS, algorithm_defaults
from bridgelib.networks.heads import Value

NAME = "critical_bc"


@dataclass(frozen=True)
class CriticalSettings(BCSettings):
    """Those of behavioural cloning, and how much the judge's error weighs."""

    zeal: float = 1.0
    shared_encoder: bool = False


class CriticalBC(BC):
    """Behavioural cloning beside a judge, which foretells how large the demonstrated action is."""

    Settings = CriticalSettings

    @classmethod
    def build(cls, settings: CriticalSettings, new_encoder: Callable, batch: dict) -> dict:
        judge = Value(cls.encoding(settings, new_encoder), perceptron(settings.network_kwargs))
        networks = super().build(settings, new_encoder, batch)
        return {**networks, "judge": (judge, networks["actor"][1])}

    @classmethod
    def shares_encoder(cls, settings: CriticalSettings) -> bool:
        return settings.shared_encoder

    def losses(self, batch: dict) -> dict:
        cloning = super().losses(batch)["actor"]
        size = jnp.sum(jnp.abs(batch["actions"]), axis=-1)  # [B]

        def actor_loss(params, key):
            loss, measured = cloning(params, key)
            judged = self.apply("judge", params, batch["observations"], batch.get("goals"))
            error = jnp.mean((judged - size) ** 2)
            return loss + self.settings.zeal * error, {**measured, "judge_error": error}

        return {"actor": actor_loss}


def enter(patch: pytest.MonkeyPatch) -> None:
    """What it takes: an agent, and a configuration."""
    defaults = algorithm_defaults("bc")
    defaults["agent_kwargs"] |= {"zeal": 1.0, "shared_encoder": False}
    patch.setitem(AGENTS, NAME, CriticalBC)
    patch.setitem(ALGORITHMS, NAME, defaults)
