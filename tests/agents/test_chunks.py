"""Chunks whose end lies beyond the trajectory's: the loss leaves out what the mask says."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from bridgelib.agents import make_agent
from bridgelib.agents.diffusion import DiffusionBC
from tests.agents.examples import agent_for, batch_for, config_for, outline_of

ERRORS = jnp.array([[1.0, 3.0, 50.0], [2.0, 70.0, 90.0]])  # of the noise, at each step of two chunks of three
MASK = np.array([[True, True, False], [True, False, False]])


class Known(DiffusionBC):
    """Diffusion whose errors are known, and which denoises everything to zero."""

    def _noise_error(self, params, batch, key, dropout=None):
        return ERRORS

    def _denoised(self, observations, goals, key, temperature):
        return jnp.zeros((2, 3, 7))


def known() -> Known:
    outline = outline_of("gc_ddpm_bc")
    return Known(state=outline.state, networks=outline.networks, settings=outline.settings)


@pytest.mark.parametrize(("mask", "loss"), [(None, 36.0), (MASK, 2.0), (np.ones((2, 3), bool), 36.0)])
def test_the_loss_of_diffusion_by_hand(mask, loss):
    """(1 + 3 + 50 + 2 + 70 + 90) / 6, and (1 + 3 + 2) / 3."""
    batch = batch_for("gc_ddpm_bc", size=2) | ({} if mask is None else {"action_mask": mask})
    value, info = known().losses(batch)["actor"]({}, jax.random.PRNGKey(0))
    assert float(value) == float(info["ddpm_loss"]) == loss


def test_what_diffusion_measures_by_hand():
    actions = np.zeros((2, 3, 7), np.float32)
    actions[0, :, 0], actions[1, :, 6] = (1, 2, 9), (3, 9, 9)
    batch = {**batch_for("gc_ddpm_bc", size=2), "actions": actions}
    measured = known().eval_metrics({**batch, "action_mask": MASK}, jax.random.PRNGKey(0))
    assert measured["ddpm_loss"].tolist() == [2, 2] and measured["mse"].tolist() == [1 + 4, 9]
    measured = known().eval_metrics(batch, jax.random.PRNGKey(0))
    assert measured["ddpm_loss"].tolist() == [18, 54] and measured["mse"].tolist() == [1 + 4 + 81, 9 + 81 + 81]


def chunked(algorithm: str, distribution: str):
    """A small agent over chunks of three actions, with dropout off, and a batch for it."""
    batch = batch_for(algorithm, size=2)
    batch["actions"] = np.random.default_rng(1).standard_normal((2, 3, 7)).astype(np.float32)
    config = config_for(algorithm)
    config["encoder_kwargs"]["pooling_method"] = "none" if algorithm == "bc_saliency" else "avg"
    config["agent_kwargs"]["policy_kwargs"]["distribution"] = distribution
    config["agent_kwargs"]["network_kwargs"]["dropout_rate"] = None
    return make_agent(algorithm, jax.random.PRNGKey(0), batch, config), batch


@pytest.mark.parametrize(
    ("algorithm", "distribution"),
    [("bc", "normal"), ("bc", "laplace"), ("gc_bc", "normal"), ("lc_bc", "laplace"), ("bc_saliency", "normal")],
)
def test_behavioural_cloning_learns_nothing_from_what_lies_beyond_the_end(algorithm, distribution):
    agent, batch = chunked(algorithm, distribution)
    other = {**batch, "actions": np.where(MASK[..., None], batch["actions"], 5.0).astype(np.float32)}
    key = jax.random.PRNGKey(1)

    @jax.jit
    def learnt(batch):
        return jax.value_and_grad(agent.losses(batch)["actor"], has_aux=True)(agent.state.params, key)

    masked, masked_other = (learnt({**each, "action_mask": MASK}) for each in (batch, other))
    for one, two in zip(*map(jax.tree_util.tree_leaves, (masked, masked_other)), strict=True):
        np.testing.assert_array_equal(one, two)
    assert float(learnt(batch)[0][0]) != float(learnt(other)[0][0])  # without a mask it does
    measured = (agent.eval_metrics({**each, "action_mask": MASK}, key) for each in (batch, other))
    first, second = measured
    for name in ("mse", "log_probs"):
        np.testing.assert_array_equal(first[name], second[name])


def test_a_mask_of_everything_is_none():
    agent, batch = chunked("bc", "normal")
    key = jax.random.PRNGKey(1)
    losses = [
        agent.losses({**batch, **more})["actor"](agent.state.params, key)[0]
        for more in ({}, {"action_mask": np.ones((2, 3), bool)})
    ]
    assert float(losses[0]) == pytest.approx(float(losses[1]), rel=1e-6)


def test_diffusion_trains_under_a_mask():
    agent = agent_for("gc_ddpm_bc")
    batch = {**batch_for("gc_ddpm_bc", size=2), "action_mask": MASK}
    after, info = agent.update(batch)
    assert np.isfinite(float(info["ddpm_loss"])) and int(after.state.step) == 1
