import flax
import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from bridgelib.networks.distributions import TanhNormal
from bridgelib.networks.heads import ContrastiveCritic, Policy, Value
from bridgelib.networks.mlp import MLP, MLPResNet

KEY = jax.random.PRNGKey(0)
OBSERVATIONS = {"vector": np.random.default_rng(0).standard_normal((4, 6)).astype(np.float32)}


class Vector(nn.Module):
    """A stand-in for an encoding."""

    def __call__(self, observations, goals=None):
        return jnp.asarray(observations["vector"])


def policy_of(temperature=1.0, **options):
    module = Policy(Vector(), MLP((8,), activate_final=True), action_shape=(3,), **options)
    variables = jax.jit(module.init)(KEY, OBSERVATIONS)
    return jax.jit(module.apply)(variables, OBSERVATIONS, temperature=temperature), variables["params"]


def test_a_fixed_deviation_has_no_parameters():
    policy, params = policy_of(fixed_std=(1.0, 0.5, 2.0))
    assert set(params) == {"network", "Dense_0"}
    np.testing.assert_allclose(policy.spread(), np.tile([1.0, 0.5, 2.0], (4, 1)), rtol=1e-6)


def test_a_learned_deviation_depends_on_the_observation_or_not():
    dependent, params = policy_of()
    assert params["Dense_1"]["kernel"].shape == (8, 3)
    assert float(jnp.std(dependent.spread(), axis=0).min()) > 0
    constant, params = policy_of(state_dependent_std=False)
    assert params["log_stds"].shape == (3,)
    np.testing.assert_allclose(constant.spread(), np.ones((4, 3)))


def test_the_deviation_is_bounded_and_the_temperature_divides_its_logarithm():
    bounded, _ = policy_of(fixed_std=(1e-30, 1.0, 1e30))
    np.testing.assert_allclose(bounded.spread()[0], [np.exp(-20), 1.0, np.exp(2)], rtol=1e-5)
    cooler, _ = policy_of(fixed_std=(np.exp(-1.0), 1.0, 1.0), temperature=0.5)
    np.testing.assert_allclose(cooler.spread()[0], [np.exp(-2.0), 1.0, 1.0], rtol=1e-5)


def test_a_squashed_policy_stays_inside():
    policy, _ = policy_of(tanh_squash_distribution=True)
    assert isinstance(policy, TanhNormal)
    assert float(jnp.max(jnp.abs(policy.mode()))) < 1


def test_a_value_of_actions_sees_them_behind_the_encoding():
    module, actions = Value(Vector(), MLP((8,), activate_final=True)), jnp.ones((4, 3))
    output, variables = jax.eval_shape(module.init_with_output, KEY, OBSERVATIONS, None, actions)
    assert output.shape == (4,)
    assert variables["params"]["network"]["Dense_0"]["kernel"].shape == (9, 8)
    of_states = jax.eval_shape(module.init, KEY, OBSERVATIONS)
    assert of_states["params"]["network"]["Dense_0"]["kernel"].shape == (6, 8)


def critic(twins, **options):
    nets = [MLP((8,), activate_final=True) for _ in range(4 if twins else 2)]
    module = ContrastiveCritic(Vector(), *nets, repr_dim=2, **options)
    actions = jnp.ones((4, 3))
    variables = jax.jit(module.init)(KEY, OBSERVATIONS, None, actions)
    return jax.jit(module.apply)(variables, OBSERVATIONS, None, actions), variables["params"]


def test_logits_are_inner_products_of_all_pairs():
    logits, params = critic(twins=False)
    assert logits.shape == (4, 4)
    assert np.linalg.matrix_rank(np.asarray(logits), tol=1e-4) == 2  # the number of dimensions of the representations
    assert params["sa_net"]["Dense_0"]["kernel"].shape == (3 + 3, 8)  # half the encoding, and the action
    assert params["g_net"]["Dense_0"]["kernel"].shape == (3, 8)


def test_twins_differ_and_small_first_weights_make_small_logits():
    logits, params = critic(twins=True)
    assert logits.shape == (4, 4, 2)
    assert not np.allclose(logits[..., 0], logits[..., 1])
    assert {"Dense_0", "Dense_1", "Dense_2", "Dense_3"} < set(params)
    assert float(jnp.abs(critic(twins=True, init_final=1e-12)[0]).max()) < 1e-15


@pytest.mark.parametrize("module", [MLP((5, 5), activate_final=True, dropout_rate=0.5), MLPResNet(2, 5, 8, True, 0.5)])
def test_dropout_is_for_training_only(module):
    x = jnp.ones((2, 3))
    params = jax.jit(module.init)(KEY, x)
    np.testing.assert_array_equal(module.apply(params, x), module.apply(params, x))
    dropped = [module.apply(params, x, train=True, rngs={"dropout": jax.random.PRNGKey(seed)}) for seed in (0, 1)]
    assert not np.allclose(*dropped)


def test_an_mlp_activates_its_last_layer_only_when_asked():
    x = jnp.ones((1, 2))
    plain, active = MLP((3,)), MLP((3,), activate_final=True)
    params = plain.init(KEY, x)
    np.testing.assert_allclose(nn.swish(plain.apply(params, x)), active.apply(params, x), rtol=1e-6)


def test_layer_norm_stands_before_each_activation():
    params = jax.eval_shape(MLP((3, 4, 5), use_layer_norm=True).init, KEY, jnp.ones((1, 2)))["params"]
    names = {path.split("/")[0] for path in flax.traverse_util.flatten_dict(params, sep="/")}
    assert names == {"Dense_0", "Dense_1", "Dense_2", "LayerNorm_0", "LayerNorm_1"}
