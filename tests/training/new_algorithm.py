"""An algorithm that the project does not have: its declaration, its agent, its loss, and its line in the registry."""

from dataclasses import dataclass, field
from typing import Annotated

import jax
import jax.numpy as jnp
import pytest

from bridgelib.agents import bc
from bridgelib.agents.agent import Batch, Info, Loss, Networks, NewEncoder, Params
from bridgelib.agents.build import make_mlp
from bridgelib.config.algorithms import ALGORITHMS
from bridgelib.config.algorithms.bc import BC, BCSettings
from bridgelib.networks.heads import Value

NAME = "critical_bc"


@dataclass(frozen=True)
class CriticalSettings(BCSettings):
    """Those of behavioural cloning, and two of its own; what `zeal` may be is not said, so it is any number."""

    zeal: Annotated[float, "Weight of the judge's error."] = 1.0
    shared_encoder: Annotated[bool, "Whether the judge uses the policy's encoder."] = False


@dataclass(frozen=True)
class CriticalBC(BC):
    """Behavioural cloning beside a judge."""

    name = NAME
    agent = f"{__name__}:CriticalAgent"
    heads = 2
    encoders = 2

    agent_kwargs: CriticalSettings = field(default_factory=CriticalSettings)


class CriticalAgent(bc.BC[CriticalSettings]):
    """Behavioural cloning beside a judge, which foretells how large the demonstrated action is."""

    @classmethod
    def make_networks(cls, settings: CriticalSettings, new_encoder: NewEncoder, batch: Batch) -> Networks:
        judge = Value(cls.encoding(settings, new_encoder), make_mlp(settings.network_kwargs))
        networks = super().make_networks(settings, new_encoder, batch)
        return {**networks, "judge": (judge, networks["actor"][1])}

    @classmethod
    def shares_encoder(cls, settings: CriticalSettings) -> bool:
        return settings.shared_encoder

    def losses(self, batch: Batch) -> dict[str, Loss]:
        cloning = super().losses(batch)["actor"]
        size = jnp.sum(jnp.abs(batch["actions"]), axis=-1)  # [B]

        def actor_loss(params: Params, key: jax.Array) -> tuple[jax.Array, Info]:
            loss, measured = cloning(params, key)
            judged = self.apply("judge", params, batch["observations"], batch.get("goals"))
            error = squared_error(judged, size)
            return loss + self.settings.zeal * error, {**measured, "judge_error": error}

        return {"actor": actor_loss}


def squared_error(judged: jax.Array, size: jax.Array) -> jax.Array:
    """The loss of the judge: mean squared error of [B] against [B]."""
    return jnp.mean((judged - size) ** 2)


def enter(patch: pytest.MonkeyPatch) -> None:
    """The line in the registry."""
    patch.setitem(ALGORITHMS, NAME, CriticalBC())
