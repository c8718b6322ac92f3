"""Small agents and batches: next to no encoder, images of 16×16, so that compiling them takes little time."""

from typing import Any

import jax
import numpy as np
import pytest

from bridgelib.agents import Agent, make_agent
from bridgelib.config.algorithms import ALGORITHMS, algorithm_defaults
from bridgelib.config.algorithms.encoders import ENCODERS, Architecture

SIZE, ACTIONS, PROPRIO = 16, 7, 7


def batch_for(algorithm: str, size: int = 8, seed: int = 0) -> dict[str, Any]:
    """A random batch with everything any algorithm needs; chunks and histories where it takes them."""
    rng = np.random.default_rng(seed)
    time = (2,) if ALGORITHMS[algorithm].chunks_with_history else ()

    def image(*leading):
        return rng.integers(0, 256, (*leading, SIZE, SIZE, 3)).astype(np.uint8)

    def normal(*shape):
        return rng.standard_normal(shape).astype(np.float32)

    observations, next_observations = (
        {"image": image(size, *time), "proprio": normal(size, *time, PROPRIO)} for _ in range(2)
    )
    observations["gaze"] = rng.uniform(size=(size, SIZE, SIZE, 1)).astype(np.float32)
    return {
        "observations": observations,
        "next_observations": next_observations,
        "goals": {"image": image(size), "proprio": normal(size, PROPRIO), "language": normal(size, 5)},
        "actions": np.clip(normal(size, *[3 for _ in time], ACTIONS), -1.5, 1.5),
        "rewards": rng.integers(-1, 1, size).astype(np.int32),
        "masks": rng.uniform(size=size) < 0.8,
        "terminals": np.zeros(size, bool),
    }


def config_for(algorithm: str, **agent_kwargs: Any) -> dict[str, Any]:
    """The published configuration, made small and fast."""
    config = algorithm_defaults(algorithm)
    config["encoder"] = "tiny-film" if "language" in ALGORITHMS[algorithm].needs else "tiny"
    config["encoder_kwargs"]["num_filters"] = 4
    settings = config["agent_kwargs"]
    for key in ("network_kwargs", "critic_network_kwargs", "policy_network_kwargs"):
        if key in settings:
            settings[key]["hidden_dims"] = [32, 32]
    if "score_network_kwargs" in settings:
        settings["score_network_kwargs"].update(hidden_dim=128, dropout_rate=0.0)
        settings["target_update_rate"] = 0.05  # the diffusion policy acts by its targets
    if "critic_kwargs" in settings:
        settings["critic_kwargs"]["init_final"] = None  # from next to zero it takes a thousand steps to get going
    settings.update({"warmup_steps": 0, "learning_rate": 3e-3, **agent_kwargs})
    return config


def agent_for(algorithm: str, seed: int = 0, **agent_kwargs: Any) -> Agent:
    """A small agent."""
    return make_agent(algorithm, jax.random.PRNGKey(seed), batch_for(algorithm), config_for(algorithm, **agent_kwargs))


def outline_of(algorithm: str, **agent_kwargs: Any) -> Agent:
    """A small agent whose state is shapes only, which takes no time."""
    return jax.eval_shape(lambda: agent_for(algorithm, **agent_kwargs))


@pytest.fixture(scope="module", autouse=True)
def tiny_encoders():
    """Two encoders: of one convolution, and of one more block conditioned by language."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(ENCODERS, "tiny", Architecture(()))
        patch.setitem(ENCODERS, "tiny-film", Architecture((1,), use_film=True))
        yield
