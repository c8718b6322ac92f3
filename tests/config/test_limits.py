"""Which values a setting takes, and that the rooms which read it would say the same."""

import typing
from copy import deepcopy

import pytest

from bridgelib.agents.losses import DIVERGENCES
from bridgelib.agents.settings import PolicySettings
from bridgelib.config.algorithms import ALGORITHMS, algorithm_defaults
from bridgelib.config.limits import LIMITS, check_limits
from bridgelib.config.overrides import apply_override
from bridgelib.data import augment, normalisation
from bridgelib.errors import ConfigError
from bridgelib.networks.diffusion import BETA_SCHEDULES
from bridgelib.networks.encoders import ENCODERS
from bridgelib.networks.layers import EncoderSettings


def checked(algorithm, **overrides):
    """The tree under overrides, whose keys have `__` for each dot."""
    config = algorithm_defaults(algorithm)
    for key, value in overrides.items():
        apply_override(config, key.replace("__", "."), value, "here")
    check_limits(config, algorithm, "here")
    return config


@pytest.mark.parametrize("algorithm", sorted(ALGORITHMS))
def test_every_default_fits_and_stays_as_it_is(algorithm):
    assert repr(checked(algorithm)) == repr(algorithm_defaults(algorithm))


@pytest.mark.parametrize("algorithm", sorted(ALGORITHMS))
def test_every_setting_of_ours_has_a_limit(algorithm):
    """A setting without one is taken as it comes, so a forgotten one would go unnoticed."""

    def without(section, path):
        for key, value in section.items():
            if f"{path}.{key}" in LIMITS or key in LIMITS:
                continue
            yield from without(value, key) if isinstance(value, dict) else [f"{path}.{key}"]

    assert list(without(algorithm_defaults(algorithm), "config")) == []


def test_a_setting_without_a_limit_takes_any_value_of_its_type(monkeypatch):
    """A new algorithm's own hyperparameters, before anybody has said what they may be."""
    toy = algorithm_defaults("bc")
    toy["agent_kwargs"] |= {
        "zeal": 0.5,
        "layers": [1, 2],
        "shared_encoder": False,
        "toy_kwargs": {"on": True, "of": None},
    }
    monkeypatch.setitem(ALGORITHMS, "toy", toy)
    config = checked("toy", agent_kwargs__zeal="1e-3", agent_kwargs__toy_kwargs__of=[3], agent_kwargs__layers=["x"])
    assert config["agent_kwargs"]["zeal"] == 1e-3 and config["agent_kwargs"]["toy_kwargs"] == {"on": True, "of": [3]}
    with pytest.raises(ConfigError, match=r"zeal[\s\S]*a number"):
        checked("toy", agent_kwargs__zeal="much")
    for bare in (
        {"decay_steps": 5},
        {"use_td": True, "critic_kwargs": None},
        {"policy_kwargs": {"tanh_squash_distribution": True}},
        {"policy_kwargs": None},
    ):
        monkeypatch.setitem(ALGORITHMS, "toy", {**toy, "agent_kwargs": bare})
        assert checked("toy")["agent_kwargs"] == bare
    own = {key: value for key, value in toy.items() if key != "act_exec_horizon"}  # a tree of its author's own
    monkeypatch.setitem(ALGORITHMS, "toy", {**own, "encoder_kwargs": {}})
    assert checked("toy")["encoder_kwargs"] == {}


def test_the_words_are_those_that_are_understood():
    encoder = typing.get_type_hints(EncoderSettings)
    understood = {
        "encoder": ENCODERS,
        "beta_schedule": BETA_SCHEDULES,
        "prob_dist_type": DIVERGENCES,
        "normalization_type": normalisation.KINDS,
        "augment_order": augment._OPS,
        "distribution": typing.get_args(typing.get_type_hints(PolicySettings)["distribution"]),
        **{name: typing.get_args(encoder[name]) for name in ("act", "norm", "pooling_method")},
    }
    assert {name: words_of(LIMITS[name].kind) for name in understood} == {
        name: set(words) for name, words in understood.items()
    }


def words_of(kind) -> set[str]:
    first = typing.get_args(kind)[0]
    return set(typing.get_args(kind if isinstance(first, str) else first))


@pytest.mark.parametrize(
    ("algorithm", "key", "value", "said"),
    [
        ("gc_bc", "encoder", "resnet-50-bridge", "did you mean 'resnetv1-50-bridge'?"),
        ("gc_bc", "encoder", "resnetv1-34-bridge-film", "without '-film'"),
        ("lc_bc", "encoder", "resnetv1-34-bridge", "with '-film'"),
        ("gc_bc", "encoder_kwargs__use_multiplicative_cond", True, "which takes an instruction"),
        ("gc_bc", "encoder_kwargs__num_filters", 6, "a multiple of 4"),
        ("bc_saliency", "encoder_kwargs__pooling_method", "avg", "none, for bc_saliency"),
        ("bc", "agent_kwargs__network_kwargs__hidden_dims", ["a", 2], "a list of whole numbers"),
        ("bc", "agent_kwargs__network_kwargs__dropout_rate", 1.5, "from 0 to below 1"),
        ("bc", "agent_kwargs__policy_kwargs__fixed_std", [1, 1, 1], "7 positive numbers"),
        ("bc", "agent_kwargs__policy_kwargs__dropout_rate", "much", "a number or nothing (null)"),
        ("iql", "agent_kwargs__policy_kwargs__log_std_min", 3, "at most log_std_max, which is 2"),
        ("bc", "agent_kwargs__policy_kwargs", {"log_std_max": -21}, "at most log_std_max, which is -21"),
        ("bc", "agent_kwargs__policy_kwargs", None, "a mapping"),
        ("bc", "agent_kwargs__learning_rate", -1, "above 0"),
        ("bc", "agent_kwargs__decay_steps", 100, "more than warmup_steps, which is 2000"),
        ("iql", "agent_kwargs__actor_decay_steps", 2000, "more than warmup_steps, which is 2000"),
        ("gc_iql", "agent_kwargs__expectile", 1.7, "between 0 and 1"),
        ("gc_ddpm_bc", "agent_kwargs__beta_schedule", "sqrt", "one of cosine, linear, vp"),
        ("gc_ddpm_bc", "agent_kwargs__diffusion_steps", 0, "1 or more"),
        ("gc_ddpm_bc", "dataset_kwargs__obs_horizon", None, "1 or more, for gc_ddpm_bc"),
        ("gc_ddpm_bc", "dataset_kwargs__obs_horizon", 0, "1 or more"),
        ("gc_bc", "dataset_kwargs__obs_horizon", "two", "a whole number or nothing (null)"),
        ("gc_iql", "dataset_kwargs__act_pred_horizon", 4, "judge one action at a time"),
        ("bc", "act_exec_horizon", 4, "at most act_pred_horizon, which is null"),
        ("gc_ddpm_bc", "dataset_kwargs__chunk_padding", "stil", "did you mean 'still'?"),
        ("bc", "dataset_kwargs__relabel_angles", "wraped", "did you mean 'wrapped'?"),
        ("gc_ddpm_bc", "act_exec_horizon", 5, "at most act_pred_horizon, which is 4"),
        (
            "bc",
            "agent_kwargs__policy_kwargs",
            {"distribution": "laplace", "tanh_squash_distribution": True},
            "normal where tanh_squash_distribution is true",
        ),
        ("contrastive_rl_td", "dataset_kwargs__obs_horizon", 2, "null, for contrastive_rl_td"),
        ("contrastive_rl_td", "agent_kwargs__temperature", 0.5, "1, for contrastive_rl_td"),
        ("contrastive_rl_td", "agent_kwargs__critic_kwargs__twin_q", False, "true where use_td is true"),
        ("bc", "dataset_kwargs__augment_kwargs__random_resized_crop__scale", [0.5], "[low, high]"),
        ("bc", "dataset_kwargs__augment_kwargs__random_brightness", ["a"], "a list of numbers"),
        ("bc", "dataset_kwargs__augment_kwargs__random_hue", None, "a list of numbers"),
        ("bc", "dataset_kwargs__augment_kwargs__augment_order", ["random_hue", "random_hue"], "each at most once"),
        ("bc", "keep_last", 0, "1 or more"),  # a slice of the last none of them is all of them
        ("bc", "eval_batches", 0, "1 or more"),
        ("bc", "num_steps", None, "a whole number"),
        ("bc", "policy_from", "sucess", "did you mean 'success'?"),
        ("bc", "policy_from", None, "one of last, best, success"),
        ("bc", "keep_every", {}, "a whole number or nothing (null)"),
        ("iql", "agent_kwargs__actor_decay_steps", {"scale": [1, 2]}, "a whole number or nothing (null)"),
        ("bc", "seed", None, "a whole number"),
        ("bc", "seed", 2**32, "from -2^31 to 2^32 - 1"),
    ],
)
def test_what_could_not_be_trained_is_refused(algorithm, key, value, said):
    with pytest.raises(ConfigError) as refused:
        checked(algorithm, **{key: value})
    assert str(refused.value).startswith("ConfigError: here, ") and said in str(refused.value)


def test_numbers_stay_as_they_were_written_unless_they_were_text():
    config = checked("iql", agent_kwargs__actor_decay_steps="1e5", agent_kwargs__network_kwargs__dropout_rate=0)
    assert repr(config["agent_kwargs"]["actor_decay_steps"]) == "100000"
    assert repr(config["agent_kwargs"]["network_kwargs"]["dropout_rate"]) == "0"


def test_checking_again_changes_nothing():
    config = checked("bc", agent_kwargs__network_kwargs__hidden_dims=["128", 64.0])
    before = deepcopy(config)
    check_limits(config, "bc", "here")
    assert config == before and config["agent_kwargs"]["network_kwargs"]["hidden_dims"] == [128, 64]
