from dataclasses import replace
from typing import ClassVar

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax.core import FrozenDict

from bridgelib.networks.diffusion import ScoreNetwork
from tests.agents.examples import agent_for, batch_for, outline_of

TRUTH = np.linspace(-1.5, 1.5, 21, dtype=np.float32).reshape(3, 7)


class Oracle(ScoreNetwork):
    """Knows that the only action is `TRUTH`, so it can tell the noise in anything."""

    alpha_hats: ClassVar[jax.Array]

    def encode(self, observations, goals):
        return jnp.zeros((observations["image"].shape[0], 1))

    def denoise(self, encoding, actions, time, *, train=False):
        signal = self.alpha_hats[time][..., None]
        return (actions - jnp.sqrt(signal) * TRUTH) / jnp.sqrt(1 - signal)


@pytest.fixture(scope="module")
def agent():
    return agent_for("gc_ddpm_bc")


@pytest.mark.parametrize(("seed", "repeats"), [(None, 0), (0, 0), (0, 2)])
def test_who_knows_the_noise_finds_the_action(agent, seed, repeats):
    key = None if seed is None else jax.random.PRNGKey(seed)
    parts = {name: getattr(agent.networks["actor"], name) for name in ScoreNetwork.__annotations__}
    Oracle.alpha_hats = jnp.asarray(agent.alpha_hats)
    settings = replace(agent.settings, repeat_last_step=repeats)
    knowing = agent.replace(networks=FrozenDict(actor=Oracle(**parts)), settings=settings)
    batch = batch_for("gc_ddpm_bc", size=2)
    actions = knowing.sample_actions(batch["observations"], batch["goals"], key=key)
    np.testing.assert_allclose(actions, np.stack([TRUTH, TRUTH]), atol=1e-3)


def test_samples_are_clipped(agent):
    batch = batch_for("gc_ddpm_bc", size=4)
    for key in (None, jax.random.PRNGKey(0)):
        actions = agent.sample_actions(batch["observations"], batch["goals"], key=key)
        assert actions.shape == (4, 3, 7) and float(jnp.max(jnp.abs(actions))) <= 2


def test_targets_act_and_parameters_do_not(agent):
    batch = batch_for("gc_ddpm_bc", size=4)
    before = agent.sample_actions(batch["observations"], batch["goals"])
    zeros = jax.tree_util.tree_map(jnp.zeros_like, agent.state.params)
    other = agent.replace(state=agent.state.replace(params=zeros))
    np.testing.assert_array_equal(other.sample_actions(batch["observations"], batch["goals"]), before)


@pytest.mark.parametrize("schedule", ["cosine", "linear", "vp"])
def test_schedules_reach_the_agent(schedule):
    agent = outline_of("gc_ddpm_bc", beta_schedule=schedule, diffusion_steps=7)
    assert agent.betas.shape == agent.alpha_hats.shape == (7,)
    np.testing.assert_allclose(agent.alpha_hats[-1], np.prod(1 - agent.betas.astype(np.float64)), rtol=1e-6)
