"""A small policy folder."""

from pathlib import Path

import jax
import numpy as np

from bridgelib.agents import make_agent
from bridgelib.config.algorithms import algorithm_defaults
from bridgelib.policy import PolicySpec, save
from tests.policy.fakes import STATISTICS

SIZE = 8


def small_config() -> dict:
    config = algorithm_defaults("gc_bc")
    config["encoder"] = "resnetv1-18-bridge"
    config["encoder_kwargs"]["num_filters"] = 4
    config["agent_kwargs"]["network_kwargs"]["hidden_dims"] = [8]
    config["agent_kwargs"]["use_proprio"] = True
    return config


def batch() -> dict:
    generator = np.random.default_rng(0)
    images = generator.integers(0, 256, (2, 2, SIZE, SIZE, 3), np.uint8)
    proprio = generator.standard_normal((2, 2, 7)).astype(np.float32)
    return {
        "observations": {"image": images[0], "proprio": proprio[0]},
        "goals": {"image": images[1], "proprio": proprio[1]},
        "actions": np.zeros((2, 7), np.float32),
    }


def write_bundle(folder: Path) -> None:
    """The folder of an untrained gc_bc whose weights are drawn without XLA."""
    config = small_config()
    spec = PolicySpec.of("gc_bc", config, STATISTICS, (SIZE, SIZE, 3), None, step=5)
    key = jax.random.PRNGKey(0)
    state = jax.eval_shape(lambda key: make_agent("gc_bc", key, spec.example(), config), key).state
    generator = np.random.default_rng(1)
    params = jax.tree_util.tree_map(
        lambda leaf: 0.2 * generator.standard_normal(leaf.shape).astype(np.float32), state.params
    )
    save(folder, spec, state.replace(params=params), batch(), {"versions": {"jax": jax.__version__}})
