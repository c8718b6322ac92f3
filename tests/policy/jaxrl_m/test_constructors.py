"""What the predecessor's constructors fill the gaps of its configurations with, which is not what it published."""

import pytest

from bridgelib.config.algorithms import ALGORITHMS, algorithm_defaults
from bridgelib.config.declaration import read_settings, tree_of
from bridgelib.errors import ConfigError
from bridgelib.policy.jaxrl_m.constructors import as_constructed
from tests.policy.fakes import spec


def constructed(algorithm, encoder="resnetv1-18", encoder_kwargs=None, **agent_kwargs):
    """The complete tree of an agent of theirs."""
    tree = {"agent_kwargs": agent_kwargs, "encoder": encoder, "encoder_kwargs": encoder_kwargs or {}}
    return tree_of(read_settings(ALGORITHMS[algorithm], as_constructed(algorithm, tree), "config"))


def test_where_nothing_is_said_the_constructors_decide():
    agent = constructed("bc")["agent_kwargs"]
    assert agent["network_kwargs"] == {"hidden_dims": [256, 256], "dropout_rate": None, "use_layer_norm": False}
    assert (agent["policy_kwargs"]["state_dependent_std"], agent["policy_kwargs"]["fixed_std"]) == (False, None)
    assert (agent["warmup_steps"], agent["decay_steps"]) == (1000, 1_000_000)
    encoder = constructed("bc")["encoder_kwargs"]
    assert (encoder["act"], encoder["add_spatial_coordinates"], encoder["num_filters"]) == ("relu", False, 64)


def test_a_section_that_is_there_lacks_other_values_than_one_that_is_not():
    policy = constructed("bc", policy_kwargs={"log_std_max": 1.0})["agent_kwargs"]["policy_kwargs"]
    assert policy["state_dependent_std"] is True and policy["log_std_max"] == 1.0
    assert constructed("contrastive_rl_td")["agent_kwargs"]["critic_kwargs"]["init_final"] == 1e-12
    assert constructed("contrastive_rl_td", critic_kwargs={})["agent_kwargs"]["critic_kwargs"]["init_final"] is None


@pytest.mark.parametrize(
    ("algorithm", "values"),
    [
        ("gc_bc", {"early_goal_concat": False}),
        ("lc_bc", {"early_goal_concat": True}),
        ("gc_ddpm_bc", {"diffusion_steps": 25, "actor_decay_steps": None, "early_goal_concat": False}),
        ("iql", {"discount": 0.95, "expectile": 0.9}),
        ("gc_iql", {"discount": 0.95, "negative_proportion": 0.0, "early_goal_concat": False}),
        ("contrastive_rl_td", {"use_td": False, "gcbc_coef": 0.1, "shared_encoder": True, "discount": 0.95}),
    ],
)
def test_what_the_constructors_of_each_algorithm_have(algorithm, values):
    encoder = "resnetv1-18-bridge-film" if algorithm == "lc_bc" else "resnetv1-18"
    agent = constructed(algorithm, encoder)["agent_kwargs"]
    assert {name: agent[name] for name in values} == values


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_complete_tree_stays_as_it_is(algorithm):
    sections = ("agent_kwargs", "encoder", "encoder_kwargs")
    published = {section: algorithm_defaults(algorithm)[section] for section in sections}
    assert as_constructed(algorithm, published) == published


def test_a_run_from_before_a_setting_came_has_it_at_its_neutral_value():
    tree = algorithm_defaults("bc")
    del tree["agent_kwargs"]["blind"], tree["agent_kwargs"]["policy_kwargs"]["distribution"]
    agent = as_constructed("bc", tree)["agent_kwargs"]
    assert agent["blind"] is False and agent["policy_kwargs"]["distribution"] == "normal"


def test_what_its_configurations_carry_beside_ours_is_understood():
    network = {"hidden_dims": [8], "activate_final": True}
    assert constructed("bc", network_kwargs=network)["agent_kwargs"]["network_kwargs"]["hidden_dims"] == [8]
    with pytest.raises(ConfigError, match="always stand on an activated layer"):
        constructed("bc", network_kwargs={**network, "activate_final": False})
    filmed = constructed("lc_bc", "resnetv1-34-bridge", {"use_film": True})
    assert filmed["encoder"] == "resnetv1-34-bridge-film"


def test_a_section_of_another_algorithm_is_refused_in_words():
    tree = {"agent_kwargs": {"critic_kwargs": {}}, "encoder": "convnet-3", "encoder_kwargs": {}}
    with pytest.raises(ConfigError, match="unknown key 'critic_kwargs'"):
        spec(algorithm="bc", config=tree).agent()


def test_of_an_algorithm_that_is_not_the_predecessors_everything_is_said(monkeypatch):
    monkeypatch.setitem(ALGORITHMS, "new", ALGORITHMS["bc"])
    tree = {"agent_kwargs": {"policy_kwargs": None}, "encoder": "convnet-3", "encoder_kwargs": {}}
    assert as_constructed("new", tree) == tree


def test_a_policy_that_came_from_a_checkpoint_is_built_by_them():
    """Its description holds what the configuration said, and no more."""
    tree = {"agent_kwargs": {"network_kwargs": {"hidden_dims": [8]}}, "encoder": "convnet-3", "encoder_kwargs": {}}
    actor = spec(algorithm="bc", config=tree).agent().state.params["modules_actor"]
    assert "log_stds" in actor  # learned, where the published policy has it fixed
    assert actor["encoder"]["encoder"]["patches"]["kernel"].shape[0] == 4 * 4 * 3  # no coordinates
