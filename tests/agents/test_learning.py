"""Every algorithm can overfit one batch, is compiled once, and resumes after a restart as if nothing had been."""

import flax
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from bridgelib.agents.bc import BC
from bridgelib.config.algorithms import ALGORITHMS
from tests.agents.examples import agent_for, batch_for

STEPS = {"gc_ddpm_bc": 400}  # noise is harder to predict than actions
FALLING = {  # what must fall by half; the temporal differences of contrastive RL chase a target, so only its policy
    "contrastive_rl_td": ("actor/mse",),
    "gc_ddpm_bc": ("ddpm_loss",),
    "iql": ("actor/behavior_mse", "critic/td_loss"),
    "gc_iql": ("actor/behavior_mse", "critic/td_loss"),
}


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_learns_one_batch(algorithm):
    batch = batch_for(algorithm)
    agent, infos = agent_for(algorithm), []
    assert_no_memory_is_shared(agent.state)
    before = agent.evaluate(batch, jax.random.PRNGKey(1))
    resumed = None
    for step in range(STEPS.get(algorithm, 120)):
        if step == 2:
            resumed = restored(agent)
        agent, info = agent.update(batch)
        infos.append(jax.device_get(info))
        if resumed is not None and step < 4:
            resumed, _ = resumed.update(batch)
            assert_same(agent.state, resumed.state)
    for name in FALLING.get(algorithm, ("mse",)):
        first, last = infos[0][name], np.mean([info[name] for info in infos[-5:]])
        assert last < 0.5 * first, f"{name}: {first} -> {last}"
    after = agent.evaluate(batch, jax.random.PRNGKey(1))
    assert np.mean(after["mse"]) < 0.5 * np.mean(before["mse"])
    check_info(algorithm, infos)
    check_metrics(batch, after)


def test_a_contrastive_critic_without_temporal_differences_tells_the_goals_of_a_batch_apart():
    batch = batch_for("contrastive_rl_td")
    agent, losses = agent_for("contrastive_rl_td", use_td=False), []
    for _ in range(120):
        agent, info = agent.update(batch)
        losses.append(float(info["critic/critic_loss"]))
    assert losses[-1] < 0.1 * losses[0]
    assert float(info["critic/categorical_accuracy"]) == 1.0
    assert float(info["critic/logits_pos"]) > float(info["critic/logits_neg"])


def assert_no_memory_is_shared(state):
    """On an accelerator a step gives the old state's memory to the new one: what is given twice would be refused."""
    places = [leaf.unsafe_buffer_pointer() for leaf in jax.tree_util.tree_leaves(state)]
    assert len(set(places)) == len(places)


def restored(agent):
    """A new agent that was given the serialised state of another."""
    content = flax.serialization.to_bytes(agent.state)
    fresh = jax.tree_util.tree_map(jnp.zeros_like, agent.state)
    return agent.replace(state=flax.serialization.from_bytes(fresh, content))


def assert_same(state, other):
    assert jax.tree_util.tree_structure(state) == jax.tree_util.tree_structure(other)
    for ours, theirs in zip(*map(jax.tree_util.tree_leaves, (state, other)), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def check_info(algorithm, infos):
    assert all(value.shape == () and np.isfinite(value) for info in infos for value in info.values())
    assert infos[0]["lr"] == pytest.approx(3e-3) and infos[0]["grad_norm"] > 0
    names = {"loss", "lr", "grad_norm"}
    assert names < set(infos[0])
    if len({name.split("/")[0] for name in infos[0] if "/" in name}) > 1:
        assert "actor_lr" in infos[0] and "critic_lr" in infos[0]


def check_metrics(batch, eval_metrics):
    assert eval_metrics.pop("actions").shape == batch["actions"].shape
    assert all(value.shape == (8,) and np.isfinite(value).all() for value in eval_metrics.values())


@pytest.mark.parametrize("algorithm", ["lc_bc", "gc_ddpm_bc"])
def test_actions_are_the_mode_or_drawn_with_a_key(algorithm):
    batch, agent = batch_for(algorithm), agent_for(algorithm)
    task = (batch["observations"], batch["goals"])
    measured = agent.evaluate(batch, jax.random.PRNGKey(0))["actions"]
    np.testing.assert_allclose(agent.sample_actions(*task), measured, rtol=1e-4, atol=1e-5)
    drawn = [agent.sample_actions(*task, key=jax.random.PRNGKey(seed)) for seed in (0, 0, 1)]
    np.testing.assert_array_equal(drawn[0], drawn[1])
    assert drawn[0].shape == batch["actions"].shape and not np.allclose(drawn[0], drawn[2])


def test_an_update_is_traced_once():
    traces = []

    class Counting(BC):
        def losses(self, batch):
            traces.append(batch)
            return super().losses(batch)

    for seed in (0, 1):  # an agent made again from the same settings is the same program
        plain = agent_for("bc", seed=seed)
        agent = Counting(plain.state, plain.networks, plain.settings)
        for step in range(2):
            agent, _ = agent.update(batch_for("bc", seed=step))
    assert len(traces) == 1


def test_draws_follow_from_the_key_and_the_step_alone():
    batch = batch_for("gc_ddpm_bc")
    agent = agent_for("gc_ddpm_bc")
    same, _ = agent.update(batch)
    np.testing.assert_array_equal(same.state.key, agent.state.key)
    later = agent.replace(state=agent.state.replace(step=agent.state.step + 1))
    other = agent.replace(state=agent.state.replace(key=jax.random.PRNGKey(9)))
    losses = [float(made.update(batch)[1]["ddpm_loss"]) for made in (agent, agent, later, other)]
    assert losses[0] == losses[1] and len(set(losses)) == 3
