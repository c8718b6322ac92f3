import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from tests.agents.examples import agent_for, batch_for, outline_of


def test_each_loss_trains_its_own_network_alone():
    agent, batch = agent_for("gc_iql", shared_encoder=False), batch_for("gc_iql")

    @jax.jit
    def gradient_norms(params, key):
        gradients = {name: jax.grad(loss, has_aux=True)(params, key)[0] for name, loss in agent.losses(batch).items()}
        return {name: {part: optax.global_norm(tree) for part, tree in of.items()} for name, of in gradients.items()}

    for name, norms in gradient_norms(agent.state.params, jax.random.PRNGKey(0)).items():
        assert {part for part, norm in norms.items() if norm > 0} == {f"modules_{name}"}


@pytest.mark.parametrize(("proportion", "negatives"), [(0.0, 0), (1.0, 8)])
def test_negative_goals_are_those_of_the_next_sample(proportion, negatives):
    agent, batch = outline_of("gc_iql", negative_proportion=proportion), batch_for("gc_iql")
    goals, rewards = agent.goals_and_rewards(batch, jax.random.PRNGKey(0))
    rolled = np.roll(batch["goals"]["image"], -1, axis=0)
    expected = rolled if negatives else batch["goals"]["image"]
    np.testing.assert_array_equal(goals["image"], expected)
    np.testing.assert_array_equal(rewards, [-1] * 8 if negatives else batch["rewards"])


def test_the_share_of_negative_goals():
    agent, batch = outline_of("gc_iql", negative_proportion=0.3), {"goals": {"id": jnp.arange(10_000)}}
    batch["rewards"] = jnp.zeros(10_000, jnp.int32)
    goals, rewards = agent.goals_and_rewards(batch, jax.random.PRNGKey(0))
    assert float(jnp.mean(rewards == -1)) == pytest.approx(0.3, abs=0.02)
    np.testing.assert_array_equal(goals["id"] != jnp.arange(10_000), rewards == -1)


def test_targets_follow_slowly():
    agent = agent_for("gc_iql")
    later, _ = agent.update(batch_for("gc_iql"))
    rate = agent.settings.target_update_rate

    def check(before, after, target):
        np.testing.assert_allclose(target, rate * after + (1 - rate) * before, rtol=1e-5, atol=1e-7)

    jax.tree_util.tree_map(check, agent.state.params, later.state.params, later.state.target_params)
