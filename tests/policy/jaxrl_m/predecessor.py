"""Stand-ins for the predecessor: its agent as flax saves it, small weights, and its configuration."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import flax
import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import struct

from bridgelib.agents import make_agent
from bridgelib.policy.jaxrl_m.constructors import as_constructed

IDENTITY = {
    quantity: {"mean": [0.0] * 7, "std": [1.0] * 7, "min": [0.0] * 7, "max": [1.0] * 7}
    for quantity in ("action", "proprio")
}
SIZE, LANGUAGE_SIZE = 16, 5
SMALL = {
    "encoder": "tiny",
    "encoder_kwargs": {"num_filters": 4, "pooling_method": "avg", "add_spatial_coordinates": True, "act": "swish"},
    "agent_kwargs": {"network_kwargs": {"hidden_dims": [8]}},
}


class State(struct.PyTreeNode):
    """The fields of its train state; those that are no arrays are not saved."""

    step: Any
    apply_fn: Callable = struct.field(pytree_node=False)
    params: Any
    target_params: Any
    txs: Any = struct.field(pytree_node=False)
    opt_states: Any
    rng: Any


class Agent(struct.PyTreeNode):
    """The one array field that all its agents have."""

    state: State


def their_agent(params: Any, target_params: Any, losses: tuple[str, ...] = (), step: int = 0) -> Agent:
    """An agent of theirs; with one nameless optimiser, or one for each of the losses."""
    adam = optax.adam(optax.warmup_cosine_decay_schedule(0.0, 3e-4, 2000, 2001, 3e-4))
    opt_states = {name: adam.init(params) for name in losses} if losses else adam.init(params)
    key = jax.random.PRNGKey(0)
    return Agent(State(jnp.int32(step), print, params, target_params, None, opt_states, key))


def saved(agent: Agent, folder: Path, use_orbax: bool = False) -> Path:
    """The checkpoint that its trainer leaves."""
    from flax.training import checkpoints  # takes seconds to import

    before = flax.config.flax_use_orbax_checkpointing
    flax.config.update("flax_use_orbax_checkpointing", use_orbax)
    try:
        return Path(checkpoints.save_checkpoint(folder.resolve(), agent, step=int(agent.state.step), keep=1000))
    finally:
        flax.config.update("flax_use_orbax_checkpointing", before)


def small_weights(algorithm: str, seed: int = 0) -> Any:
    """Parameters of a small network, drawn without XLA."""
    images, proprio = np.zeros((1, SIZE, SIZE, 3), np.uint8), np.zeros((1, 7), np.float32)
    observations = {"image": images, "proprio": proprio}
    batch = {
        "observations": observations,
        "next_observations": observations,
        "goals": {**observations, "language": np.zeros((1, LANGUAGE_SIZE), np.float32)},
        "actions": np.zeros((1, 7), np.float32),
    }
    config = as_constructed(algorithm, {**SMALL, "encoder": "tiny-film" if algorithm == "lc_bc" else "tiny"})
    shapes = jax.eval_shape(lambda key: make_agent(algorithm, key, batch, config), jax.random.PRNGKey(0)).state.params
    draws = np.random.default_rng(seed)
    return jax.tree_util.tree_map(lambda leaf: 0.2 * draws.standard_normal(leaf.shape, np.float32), shapes)


def configuration(path: Path, agent: str, statistics: Any = IDENTITY, **sections: Any) -> Path:
    """Write the config.json that lies beside a checkpoint."""
    content = {"agent": agent, **SMALL, "dataset_kwargs": {"relabel_actions": True}, **sections}
    if statistics:
        content["bridgedata_config"] = {"include": [["?*"]], "action_proprio_metadata": statistics}
    path.write_text(json.dumps(content))
    return path


def importing(checkpoint: Path, config: Path, output: Path, size: int = SIZE) -> tuple:
    """The arguments that import a checkpoint."""
    return ("--checkpoint", checkpoint, "--config", config, "--im_size", size, "--output", output)


def same(one: Any, other: Any) -> bool:
    """Whether two trees agree in every bit."""
    sides = [jax.tree_util.tree_leaves_with_path(side) for side in (one, other)]
    return [path for path, _ in sides[0]] == [path for path, _ in sides[1]] and all(
        np.asarray(a).dtype == np.asarray(b).dtype and np.array_equal(a, b)
        for (_, a), (_, b) in zip(*sides, strict=True)
    )
