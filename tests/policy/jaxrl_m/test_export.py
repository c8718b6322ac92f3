"""Policy folders as checkpoints that the predecessor restores."""

import json
from dataclasses import replace
from pathlib import Path

import jax
import numpy as np
import pytest

from bridgelib.data.normalization import Normalizer
from bridgelib.data.statistics import Moments
from bridgelib.errors import ConfigError
from bridgelib.language.table import LanguageTable
from bridgelib.policy.jaxrl_m.configuration import read_configuration, their_configuration
from tests.policy.fakes import STATISTICS, spec
from tests.policy.jaxrl_m.predecessor import (
    LANGUAGE_SIZE,
    configuration,
    importing,
    same,
    saved,
    small_weights,
    their_agent,
)


@pytest.mark.parametrize(("algorithm", "losses"), [("bc", ()), ("gc_iql", ("actor", "value", "critic"))])
def test_back_and_forth_keeps_every_bit(convert, tmp_path, algorithm, losses):
    """And the predecessor restores what is exported, into an agent of other weights."""
    from flax.training import checkpoints

    params, targets = small_weights(algorithm), small_weights(algorithm, seed=1)
    config = configuration(tmp_path / "config.json", algorithm)
    first, second, exported = (tmp_path / name for name in ("first", "second", "checkpoint_7"))
    convert(*importing(saved(their_agent(params, targets, losses, step=7), tmp_path / "saved"), config, first))
    convert("--bundle", first, "--output", exported)

    fresh = small_weights(algorithm, seed=2)
    restored = checkpoints.restore_checkpoint(exported, target=their_agent(fresh, fresh, losses)).state
    assert int(restored.step) == 7
    assert same(restored.params, params)
    assert same(restored.target_params, targets if losses else params)
    adam, schedule = restored.opt_states["critic"] if losses else restored.opt_states
    assert (int(adam.count), int(schedule.count)) == (0, 7)
    assert not any(leaf.any() for leaf in jax.tree_util.tree_leaves((adam.mu, adam.nu)))

    convert(*importing(exported, tmp_path / "checkpoint_7.json", second))
    assert (first / "params.msgpack").read_bytes() == (second / "params.msgpack").read_bytes()
    one, other = (json.loads((folder / "policy.json").read_text()) for folder in (first, second))
    assert {**one, "made_with": 0} == {**other, "made_with": 0}


def test_the_arguments_are_one_direction(convert, tmp_path, capsys):
    for arguments in (
        ("--output", "x"),
        ("--output", "x", "--bundle", "y", "--im_size", "3"),
        ("--output", "x", "--checkpoint", "y", "--config", "z"),
    ):
        with pytest.raises(SystemExit) as ended:
            convert(*arguments)
        assert ended.value.code == 2
    assert "give --bundle with --output alone" in capsys.readouterr().err


def test_a_broken_bundle_is_not_exported(refusal, tmp_path):
    assert "policy.json" in refusal("--bundle", tmp_path, "--output", tmp_path / "checkpoint_1")
    assert not Path(tmp_path / "checkpoint_1").exists()


def spec_of(algorithm, history=None, encoder_kwargs=None, **agent_kwargs):
    tree = {"agent_kwargs": agent_kwargs, "encoder": "tiny", "encoder_kwargs": encoder_kwargs or {}}
    return spec(algorithm=algorithm, config=tree, history=history, chunk=history)


def test_the_configuration_is_one_that_the_predecessor_builds(tmp_path):
    policy = spec_of("contrastive_rl_td", policy_kwargs={"dropout_rate": 0.1, "state_dependent_std": False})
    content = their_configuration(policy)
    assert content["agent"] == "stable_contrastive_rl"
    assert content["agent_kwargs"] == {"policy_kwargs": {"state_dependent_std": False}}
    assert policy.config["agent_kwargs"]["policy_kwargs"]["dropout_rate"] == 0.1  # and the spec is as it was
    assert their_configuration(spec_of("iql", dropout_target_networks=True))["agent_kwargs"] == {}
    (tmp_path / "config.json").write_text(json.dumps(content))
    configured = read_configuration(tmp_path / "config.json")
    assert (configured.algorithm, configured.normalisation) == (policy.algorithm, policy.normalisation)
    assert configured.statistics.proprio.to_json() == STATISTICS.proprio.to_json()


def test_the_predecessor_divides_by_what_we_divide_by(tmp_path):
    """It knows no floor, and would divide by a deviation of 0."""
    std = np.array([9.5e-8, 0.02, 0.0, 1e-5, 0.1, 0.2, 0.5])
    zeros = np.zeros(7)
    moments = Moments(mean=zeros, std=std, min=zeros, max=std)
    statistics = replace(STATISTICS, action=moments, proprio=moments, relabel_angles="wrapped", crossings={"yaw": 2})
    content = their_configuration(replace(spec_of("bc"), statistics=statistics))
    theirs = content["bridgedata_config"]["action_proprio_metadata"]
    assert theirs["action"]["std"] == theirs["proprio"]["max"] == [1e-4, 0.02, 1.0, 1e-3, 0.1, 0.2, 0.5]
    (tmp_path / "config.json").write_text(json.dumps(content))
    again = read_configuration(tmp_path / "config.json").statistics
    assert (again.relabel_angles, again.crossings) == ("wrapped", {"yaw": 2})
    values = np.full(7, 0.03)
    for kind in ("normal", "bounds"):
        before, after = (Normalizer(each, kind).action.forward(values) for each in (statistics, again))
        np.testing.assert_array_equal(before, after)


@pytest.mark.parametrize("text_encoder", ["muse", None])
def test_a_policy_that_follows_instructions_is_exported_with_what_embeds_them(text_encoder):
    content = their_configuration(spec(algorithm="lc_bc", goal="language", language_size=512), text_encoder)
    assert (content["text_processor"], content["text_processor_kwargs"]) == ("muse_embedding", {})
    assert "text_processor" not in their_configuration(spec_of("bc"))


def test_instructions_that_the_predecessor_cannot_embed_are_refused(convert, refusal, tmp_path):
    params = small_weights("lc_bc")
    config = configuration(tmp_path / "config.json", "lc_bc", encoder="tiny-film")
    arguments = importing(saved(their_agent(params, params), tmp_path / "saved"), config, tmp_path / "policy")
    identity = {"name": "hashing", "settings": {}, "version": 1, "model_digest": None}
    embeddings = np.zeros((1, LANGUAGE_SIZE), np.float32)
    LanguageTable(("",), embeddings, identity).save(tmp_path / "language.npz")
    convert(*arguments, "--language", tmp_path / "language.npz")
    told = refusal("--bundle", tmp_path / "policy", "--output", tmp_path / "checkpoint_1")
    assert "text_processor\n  given:   hashing\n  allowed: muse" in told
    assert not (tmp_path / "checkpoint_1").exists()


UNBUILDABLE = {
    "encoder": replace(spec_of("lc_bc"), config={**spec_of("lc_bc").config, "encoder": "resnetv1-18-bridge-film"}),
    "obs_horizon": spec_of("bc", history=2),
    "early_goal_concat": replace(spec_of("gc_bc", history=2, early_goal_concat=False), goal="image"),
    "hidden_dim": spec_of("gc_ddpm_bc", history=2, score_network_kwargs={"hidden_dim": 128}),
    "use_proprio": spec_of("gc_ddpm_bc", history=2, use_proprio=True),
    "softmax_temperature": spec_of(
        "bc", encoder_kwargs={"pooling_method": "spatial_softmax", "softmax_temperature": 0.5}
    ),
    "a ResNet": replace(spec_of("bc"), config={**spec_of("bc").config, "encoder": "convnet-3"}),
    "blind": spec_of("bc", blind=True),
    "distribution": spec_of("bc", policy_kwargs={"distribution": "laplace"}),
    "act_pred_horizon": replace(spec_of("bc"), chunk=4),
}


@pytest.mark.parametrize("key", UNBUILDABLE)
def test_what_the_predecessor_cannot_build_is_refused(key):
    with pytest.raises(ConfigError, match=f"{key}(.|\n)*in the predecessor's network"):
        their_configuration(UNBUILDABLE[key])


def test_what_it_can_build_of_these_is_not():
    pooled = {"pooling_method": "avg", "softmax_temperature": 0.5}
    score = {"score_network_kwargs": {"hidden_dim": 256}}
    for buildable in (
        replace(spec_of("gc_ddpm_bc", history=2, early_goal_concat=True, **score), goal="image"),
        spec_of("bc", use_proprio=True, encoder_kwargs=pooled),
        spec_of("bc", encoder_kwargs={"pooling_method": "spatial_softmax", "softmax_temperature": -1}),
    ):
        assert their_configuration(buildable)["dataset_kwargs"]["obs_horizon"] == buildable.history
