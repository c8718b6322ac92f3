from copy import deepcopy

import jax
import numpy as np
import pytest

from bridgelib.agents import agent_class, make_agent
from bridgelib.config.algorithms import ALGORITHMS, algorithm_defaults
from bridgelib.config.algorithms.parts import TargetSettings
from bridgelib.errors import BridgeError, ConfigError, DataError
from tests.agents.examples import batch_for, config_for

KEY = jax.random.PRNGKey(0)


def shapes(algorithm, batch, config):
    """Make an agent without computing anything."""
    return jax.eval_shape(lambda key: make_agent(algorithm, key, batch, config), KEY)


def changed(config, path, value):
    config = deepcopy(config)
    *parents, leaf = path.split(".")
    node = config
    for parent in parents:
        node = node[parent]
    node[leaf] = value
    return config


def test_every_algorithm_has_an_agent():
    assert len({agent_class(algorithm) for algorithm in ALGORITHMS.values()}) == len(ALGORITHMS)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_the_published_configuration_can_be_built(algorithm):
    agent = shapes(algorithm, batch_for(algorithm), algorithm_defaults(algorithm))
    assert "modules_actor" in agent.state.params
    has_targets = isinstance(ALGORITHMS[algorithm].agent_kwargs, TargetSettings)
    assert (agent.state.target_params is not None) == has_targets


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_batch_without_what_it_needs_is_refused(algorithm):
    for need in ALGORITHMS[algorithm].needs:
        batch = batch_for(algorithm)
        {
            "goals": lambda batch=batch: batch["goals"].pop("image"),
            "language": lambda batch=batch: batch["goals"].pop("language"),
            "next_observations": lambda batch=batch: batch.pop("next_observations"),
            "gaze": lambda batch=batch: batch["observations"].pop("gaze"),
        }[need]()
        with pytest.raises(DataError, match=f"no {need}"):
            shapes(algorithm, batch, config_for(algorithm))


def test_what_is_not_needed_may_be_absent():
    batch = batch_for("bc")
    for key in ("goals", "next_observations", "rewards", "masks", "terminals"):
        del batch[key]
    shapes("bc", batch, config_for("bc"))


@pytest.mark.parametrize(
    ("algorithm", "path", "value", "told"),
    [
        ("bc", "agent_kwargs.learning_rat", 1e-3, "did you mean 'learning_rate'"),
        ("bc", "agent_kwargs.early_goal_concat", True, "unknown key 'early_goal_concat'"),
        ("bc", "agent_kwargs.network_kwargs.hidden_dim", [8], "did you mean 'hidden_dims'"),
        ("bc", "encoder_kwargs.num_filter", 8, "did you mean 'num_filters'"),
        ("bc", "encoder_kwargs.num_filters", 6, "a multiple of 4"),
        ("bc", "encoder_kwargs.num_filters", 2, "a multiple of 4, 4 or more"),
        ("bc", "encoder_kwargs.pooling_method", "mean", "spatial_softmax"),
        ("bc", "encoder_kwargs.act", "sigmoid", "swish"),
        ("bc", "agent_kwargs.policy_kwargs.dropout", 0.1, "did you mean 'dropout_rate'"),
        ("bc", "agent_kwargs.policy_kwargs.fixed_std", [1, 1], "7 positive numbers"),
        ("bc", "agent_kwargs.policy_kwargs.fixed_std", [1, 1, 1, 1, 1, 1, 0], "7 positive numbers"),
        ("bc", "agent_kwargs.use_proprio", "perhaps", "true or false"),
        ("bc", "agent_kwargs.warmup_steps", 2_000_000, "more than warmup_steps"),
        ("bc", "encoder", "tini", "did you mean 'tiny'"),
        ("bc", "encoder", "tiny-film", "takes an instruction"),
        ("lc_bc", "encoder", "tiny", "takes no instruction"),
        ("gc_ddpm_bc", "agent_kwargs.beta_schedule", "quadratic", "cosine, linear, vp"),
        ("gc_ddpm_bc", "agent_kwargs.action_samples", 4, "1, for gc_ddpm_bc: one sample is drawn"),
        ("contrastive_rl_td", "agent_kwargs.early_goal_concat", True, "compares an encoding of the state"),
        ("contrastive_rl_td", "agent_kwargs.critic_kwargs.twin_q", False, "set twin_q to true"),
        ("contrastive_rl_td", "agent_kwargs.gcbc_coef", 1.5, "from 0 to 1"),
        ("bc_saliency", "agent_kwargs.prob_dist_type", "Wasserstein", "KL, JS, TV, MSE"),
        ("bc_saliency", "encoder_kwargs.pooling_method", "avg", "leaves no map"),
    ],
)
def test_settings_that_are_refused(algorithm, path, value, told):
    with pytest.raises(ConfigError, match=told):
        shapes(algorithm, batch_for(algorithm), changed(config_for(algorithm), path, value))


def test_an_unknown_algorithm_is_refused():
    with pytest.raises(ConfigError, match="did you mean 'gc_bc'"):
        make_agent("gcbc", KEY, batch_for("bc"), config_for("bc"))


@pytest.mark.parametrize("algorithm", ["iql", "gc_iql", "contrastive_rl_td"])
def test_value_functions_take_no_chunks(algorithm):
    batch = {**batch_for(algorithm), "actions": batch_for("gc_ddpm_bc")["actions"]}
    with pytest.raises(ConfigError, match="act_pred_horizon"):
        shapes(algorithm, batch, config_for(algorithm))


def test_diffusion_needs_chunks():
    with pytest.raises(ConfigError, match="chunks of actions"):
        shapes("gc_ddpm_bc", batch_for("gc_bc"), config_for("gc_ddpm_bc"))


@pytest.mark.parametrize("algorithm", ["bc", "gc_bc", "lc_bc", "bc_saliency"])
def test_behavioural_cloning_predicts_the_chunks_it_is_given(algorithm):
    batch = {**batch_for(algorithm), "actions": batch_for("gc_ddpm_bc")["actions"]}
    agent = make_agent(algorithm, jax.random.PRNGKey(0), batch, config_for(algorithm))
    _, info = agent.update(batch)
    assert np.isfinite(float(info["loss"]))
    measured = agent.evaluate(batch, jax.random.PRNGKey(1))
    assert measured["actions"].shape == batch["actions"].shape
    assert measured["mse"].shape == batch["actions"].shape[:1]


@pytest.mark.parametrize("algorithm", ["contrastive_rl_td", "bc_saliency"])
def test_where_a_history_has_no_meaning_it_is_refused(algorithm):
    batch = batch_for(algorithm)
    for part in ("observations", "next_observations"):
        batch[part]["image"] = batch[part]["image"][:, None]
    with pytest.raises(BridgeError, match="a history of observations"):
        shapes(algorithm, batch, config_for(algorithm))


@pytest.mark.parametrize("algorithm", ["bc", "gc_bc", "lc_bc", "iql", "gc_iql"])
def test_elsewhere_a_history_is_encoded_frame_by_frame(algorithm):
    batch, config = batch_for(algorithm), config_for(algorithm, use_proprio=True)
    one = shapes(algorithm, batch, config).state.params["modules_actor"]["network"]["Dense_0"]["kernel"].shape[0]
    for part in ("observations", "next_observations"):
        batch[part] = {key: value[:, None].repeat(3, axis=1) for key, value in batch[part].items()}
    three = shapes(algorithm, batch, config).state.params["modules_actor"]["network"]["Dense_0"]["kernel"].shape[0]
    assert three == 3 * one


@pytest.mark.parametrize(
    ("early", "shared", "encoders"),
    [(True, True, {"encoder"}), (False, True, {"encoder"}), (False, False, {"encoder", "goal_encoder"})],
)
def test_goal_encoders(early, shared, encoders):
    config = config_for("gc_bc", early_goal_concat=early, shared_goal_encoder=shared)
    actor = shapes("gc_bc", batch_for("gc_bc"), config).state.params["modules_actor"]
    assert set(actor["encoder"]) == encoders
    channels = actor["encoder"]["encoder"]["conv_init"]["kernel"].shape[2]
    assert channels == 3 + 2 + (3 if early else 0)


@pytest.mark.parametrize("algorithm", ["iql", "gc_iql", "contrastive_rl_td"])
def test_a_shared_encoder_stands_with_the_actor(algorithm):
    for shared in (True, False):
        params = shapes(algorithm, batch_for(algorithm), config_for(algorithm, shared_encoder=shared)).state.params
        assert "encoder" in params["modules_actor"]
        assert ("encoder" in params["modules_critic"]) != shared
