"""What the predecessor's configurations say, and where the statistics come from."""

import json
from dataclasses import replace

import numpy as np
import pytest
import yaml

from bridgelib.data.normalization import Normalizer
from bridgelib.data.published import PUBLISHED
from bridgelib.policy import load
from bridgelib.policy.jaxrl_m.configuration import read_configuration
from tests.policy.jaxrl_m.predecessor import IDENTITY, SMALL, configuration, importing


def read_back(tmp_path, agent, **sections):
    return read_configuration(configuration(tmp_path / "config.json", agent, **sections))


def test_the_configuration_says_what_the_predecessor_built(tmp_path):
    score = {"time_dim": 32, "num_blocks": 3, "hidden_dim": 512, "dropout_rate": 0.1, "use_layer_norm": True}
    configured = read_back(
        tmp_path,
        "gc_ddpm_bc",
        agent_kwargs={"score_network_kwargs": score, "dropout_target_networks": True},
        encoder_kwargs={"pooling_method": "spatial_softmax", "softmax_temperature": 0.5},
        dataset_kwargs={"obs_horizon": 2, "act_pred_horizon": 4},
    )
    assert (configured.history, configured.chunk) == (2, 4)
    assert configured.config["agent_kwargs"] == {"score_network_kwargs": {**score, "hidden_dim": 256}}
    assert configured.config["encoder_kwargs"]["softmax_temperature"] == 1.0


def test_names_and_places_of_its_versions(tmp_path):
    assert read_back(tmp_path, "stable_contrastive_rl").algorithm == "contrastive_rl_td"
    first = read_back(tmp_path, "gc_ddpm_bc", obs_horizon=3, act_pred_horizon=5)
    assert (first.history, first.chunk) == (3, 5)
    bounds = read_back(tmp_path, "bc", dataset_kwargs={"normalization_type": "bounds"})
    assert bounds.normalisation == "bounds"


def test_the_yaml_of_wandb_is_read(tmp_path):
    content = {"agent": "bc", **SMALL, "bridgedata_config": {"action_proprio_metadata": IDENTITY}}
    path = tmp_path / "config.yaml"
    wrapped = {key: {"desc": None, "value": value} for key, value in content.items()}
    path.write_text(yaml.safe_dump({"wandb_version": 1, **wrapped}))
    configured = read_configuration(path)
    assert (configured.algorithm, configured.config["encoder"]) == ("bc", SMALL["encoder"])
    assert configured.statistics.action.std.tolist() == [1.0] * 7


BAD_CONFIGURATIONS = {
    "algorithm": ({"agent": "gc_bcc"}, "did you mean 'gc_bc'?"),
    "encoder": ({"encoder": "resnetv1-18-brigde"}, "did you mean 'resnetv1-18-bridge'?"),
    "no encoder": ({"encoder": None}, "key 'encoder'"),
    "setting": ({"agent_kwargs": {"use_propio": True}}, "did you mean 'use_proprio'?"),
    "horizon": ({"dataset_kwargs": {"obs_horizon": "two"}}, "a whole number or nothing"),
    "section": ({"encoder_kwargs": [1]}, "key 'encoder_kwargs'"),
}


@pytest.mark.parametrize("fault", BAD_CONFIGURATIONS)
def test_a_configuration_that_cannot_be_used_is_refused(small, refusal, tmp_path, fault):
    sections, told = BAD_CONFIGURATIONS[fault]
    config = configuration(tmp_path / "config.json", **{"agent": "bc", **sections})
    assert told in refusal(*importing(small[0], config, tmp_path / "policy"))


def test_without_statistics_the_choice_is_explained(small, refusal, tmp_path):
    config = configuration(tmp_path / "config.json", "bc", statistics=None)
    printed = refusal(*importing(small[0], config, tmp_path / "policy"))
    assert "--statistics FILE" in printed and "--predecessor-statistics" in printed
    assert "normalised proprio with the action's constants" in printed


def test_the_published_statistics_are_taken_when_asked_for(small, convert, tmp_path):
    config = configuration(tmp_path / "config.json", "bc", statistics=None)
    convert(*importing(small[0], config, tmp_path / "policy"), "--predecessor-statistics")
    statistics = load(tmp_path / "policy").spec.statistics
    assert statistics.action.mean[-1] == statistics.proprio.mean[-1] == 0.59716219
    assert statistics.proprio.std[-1] == 0.48710242 == statistics.proprio.max[-1]


def test_statistics_of_a_task_are_taken(small, refusal, convert, tmp_path):
    """As the conversion writes them; but not against what the configuration says."""
    config = configuration(tmp_path / "bare.json", "bc", statistics=None)
    file = tmp_path / "statistics.json"
    file.write_text(json.dumps(PUBLISHED.to_json()))
    convert(*importing(small[0], config, tmp_path / "policy"), "--statistics", file)
    assert load(tmp_path / "policy").spec.statistics.action.std[0] == 0.00912848
    printed = refusal(*importing(small[0], small[1], tmp_path / "policy"), "--statistics", file)
    assert "statistics, mean of action" in printed and "leave out the statistics" in printed


def test_the_first_version_normalised_actions_alone(tmp_path):
    old = {"action_metadata": {"mean": [0.5] * 7, "std": [2.0] * 7}}
    statistics = read_back(tmp_path, "bc", statistics=None, bridgedata_config=old).statistics
    assert statistics.action.mean.tolist() == [0.5] * 7
    assert (statistics.proprio.mean.tolist(), statistics.proprio.std.tolist()) == ([0.0] * 7, [1.0] * 7)


@pytest.mark.parametrize("column", [[1.0] * 6, [1.0] * 6 + ["a"], [1.0] * 6 + [float("nan")], 3])
def test_statistics_that_are_no_numbers_are_refused(small, refusal, tmp_path, column):
    wrong = {**IDENTITY, "action": {**IDENTITY["action"], "std": column}}
    config = configuration(tmp_path / "config.json", "bc", statistics=wrong)
    printed = refusal(*importing(small[0], config, tmp_path / "policy"))
    assert "action_proprio_metadata, action, std" in printed and "a list of 7 finite numbers" in printed


def test_imported_policies_are_of_plain_angles(small, refusal, convert, tmp_path):
    """As the predecessor trains; a task's own statistics will do where nothing crossed ±π."""
    assert PUBLISHED.relabel_angles == "plain"
    config = configuration(tmp_path / "bare.json", "bc", statistics=None)
    file, arguments = tmp_path / "statistics.json", importing(small[0], config, tmp_path / "policy")
    within = replace(PUBLISHED, relabel_angles="wrapped", crossings={"roll": 0, "pitch": 0, "yaw": 0})
    file.write_text(json.dumps(within.to_json()))
    convert(*arguments, "--statistics", file)
    assert load(tmp_path / "policy").spec.statistics.relabel_angles == "plain"
    across = replace(within, crossings={"roll": 0, "pitch": 0, "yaw": 3})
    file.write_text(json.dumps(across.to_json()))
    assert "differences of angles as plain numbers" in refusal(*arguments, "--statistics", file)


def test_imported_statistics_have_floors(tmp_path):
    tiny = {**IDENTITY, "action": {**IDENTITY["action"], "std": [9.5e-8] * 7}}
    configured = read_back(tmp_path, "bc", statistics=tiny)
    action = Normalizer(configured.statistics, "normal").action
    assert action.forward(np.full(7, 0.01)).max() == pytest.approx(100)
