"""What the algorithms declare, and which values a setting takes."""

import functools
import typing
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Annotated

import pytest

from bridgelib.config.algorithms import ALGORITHMS, algorithm_defaults, checked, parts
from bridgelib.config.algorithms.algorithm import Algorithm
from bridgelib.config.algorithms.bc import BC, BCSettings
from bridgelib.config.algorithms.contrastive import CriticSettings
from bridgelib.config.algorithms.parts import PolicySettings
from bridgelib.config.declaration import Section, settings_of
from bridgelib.config.overrides import apply_override
from bridgelib.config.settings_page import as_markdown
from bridgelib.data import augment
from bridgelib.errors import ConfigError
from bridgelib.networks.layers import ACTIVATIONS


def made(algorithm, **overrides):
    """The tree under overrides, whose keys have `__` for each dot."""
    config = algorithm_defaults(algorithm)
    for key, value in overrides.items():
        apply_override(config, key.replace("__", "."), value, "here")
    return checked(config, algorithm, "here")


@pytest.mark.parametrize("algorithm", sorted(ALGORITHMS))
def test_every_default_fits_and_stays_as_it_is(algorithm):
    assert repr(made(algorithm)) == repr(algorithm_defaults(algorithm))


def leaves(section):
    """The declarations of all settings in a section, by name, and its sections."""
    for name, setting in settings_of(type(section)).items():
        value = getattr(section, name)
        yield section, name, setting
        if isinstance(value, Section):
            yield from leaves(value)


@pytest.mark.parametrize("algorithm", sorted(ALGORITHMS))
def test_every_setting_says_what_it_is(algorithm):
    for section, name, setting in leaves(ALGORITHMS[algorithm]):
        is_section = isinstance(getattr(section, name), Section)
        assert is_section != (setting.about.endswith(".") and "\n" not in setting.about), name


@pytest.mark.parametrize("algorithm", sorted(ALGORITHMS))
def test_what_only_one_value_is_known_of_has_it_by_default(algorithm):
    declared = ALGORITHMS[algorithm]
    for path, (value, why) in declared.only.items():
        assert value == functools.reduce(getattr, path.split("."), declared) and why


@dataclass(frozen=True)
class OwnSettings(Section):
    on: Annotated[bool, "…"] = True
    of: Annotated[list | None, "…"] = None


@dataclass(frozen=True)
class ToySettings(BCSettings):
    zeal: Annotated[float, "…"] = 0.5
    layers: Annotated[list, "…"] = field(default_factory=lambda: [1, 2])
    toy_kwargs: OwnSettings = field(default_factory=OwnSettings)


@dataclass(frozen=True)
class Toy(BC):
    name = "toy"

    agent_kwargs: ToySettings = field(default_factory=ToySettings)


def test_a_setting_without_a_limit_takes_any_value_of_its_type(monkeypatch):
    """A new algorithm's own hyperparameters, before anybody has said what they may be."""
    monkeypatch.setitem(ALGORITHMS, "toy", Toy())
    config = made("toy", agent_kwargs__zeal="1e-3", agent_kwargs__toy_kwargs__of=[3], agent_kwargs__layers=["x"])
    assert config["agent_kwargs"]["zeal"] == 1e-3 and config["agent_kwargs"]["toy_kwargs"] == {"on": True, "of": [3]}
    assert config["agent_kwargs"]["layers"] == ["x"]
    with pytest.raises(ConfigError, match=r"zeal[\s\S]*a number"):
        made("toy", agent_kwargs__zeal="much")


@dataclass(frozen=True)
class BareSettings(Section):
    decay_steps: Annotated[int, "…"] = 5
    policy_kwargs: Annotated[PolicySettings | None, "…"] = None
    critic_kwargs: Annotated[CriticSettings | None, "…"] = None
    use_td: Annotated[bool, "…"] = True


@dataclass(frozen=True)
class Bare(Algorithm):
    name = "bare"

    agent_kwargs: BareSettings = field(default_factory=BareSettings)
    encoder_kwargs: Section = field(default_factory=Section)


def test_an_algorithm_need_not_have_what_all_of_ours_have(monkeypatch):
    """No warm-up, no perceptron, an encoder of which nothing can be set."""
    monkeypatch.setitem(ALGORITHMS, "bare", Bare())
    config = made("bare", agent_kwargs__decay_steps=7)
    assert config["agent_kwargs"] == {"decay_steps": 7, "policy_kwargs": None, "critic_kwargs": None, "use_td": True}
    assert config["encoder_kwargs"] == {}


def test_the_words_are_those_that_are_understood():
    assert set(typing.get_args(parts.Op)) == set(augment._OPS)
    assert set(typing.get_args(typing.get_type_hints(parts.EncoderSettings)["act"])) == set(ACTIVATIONS)


def test_the_page_is_made_from_the_declarations(repository):
    page = (repository / "docs" / "settings.md").read_text(encoding="utf-8")
    assert page == as_markdown(), "run: python -m bridgelib.config.settings_page > docs/settings.md"


@pytest.mark.parametrize(
    ("algorithm", "key", "value", "said"),
    [
        ("gc_bc", "encoder", "resnet-50-bridge", "did you mean 'resnetv1-50-bridge'?"),
        ("gc_bc", "encoder", None, "one of resnetv1-18, resnetv1-34"),
        ("gc_bc", "encoder", "", "given:   ''"),
        ("gc_bc", "dataset_kwargs__goal_relabeling_strategy", None, "one of uniform, last_state_upweighted"),
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
        (
            "bc",
            "dataset_kwargs__augment_kwargs__augment_order",
            ["random_brightnes"],
            "'random_brightness'?",
        ),
        ("bc", "dataset_kwargs__augment_kwargs__random_contrast", [0.8], "[low, high], 0 <= low <= high"),
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
        made(algorithm, **{key: value})
    assert str(refused.value).startswith("ConfigError: here, ") and said in str(refused.value)


def test_numbers_stay_as_they_were_written_unless_they_were_text():
    config = made("iql", agent_kwargs__actor_decay_steps="1e5", agent_kwargs__network_kwargs__dropout_rate=0)
    assert repr(config["agent_kwargs"]["actor_decay_steps"]) == "100000"
    assert repr(config["agent_kwargs"]["network_kwargs"]["dropout_rate"]) == "0"


def test_checking_again_changes_nothing():
    config = made("bc", agent_kwargs__network_kwargs__hidden_dims=["128", 64.0])
    before = deepcopy(config)
    assert repr(checked(config, "bc", "here")) == repr(before) == repr(config)
    assert config["agent_kwargs"]["network_kwargs"]["hidden_dims"] == [128, 64]
