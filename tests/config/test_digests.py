"""The digests that name runs: a release must not begin anew what labs have in training."""

import pytest
import yaml

from bridgelib.config.algorithms import ADDED, ALGORITHMS, without_added
from bridgelib.config.datasets import load_datasets
from bridgelib.config.experiments import load_experiments

# As the first release gave them, for each algorithm with its defaults.
FIRST = {
    "bc": "05065a38cfa3",
    "gc_bc": "d99b02a7dea0",
    "lc_bc": "c5faabd77fdb",
    "gc_ddpm_bc": "486e96d5f571",
    "iql": "4f0553c1ae50",
    "gc_iql": "e3630525dc30",
    "contrastive_rl_td": "197375daa059",
    "bc_saliency": "edf9d73fbef5",
}


def experiments(tmp_path, content):
    path = tmp_path / "experiments.yaml"
    path.write_text(yaml.safe_dump(content))
    return load_experiments(path, {})


def test_defaults_have_the_digests_of_the_first_release(tmp_path):
    content = {"matrix": {"algos": list(FIRST), "tasks": ["open_drawer"]}}
    found = {each.algorithm: each.digest for each in experiments(tmp_path, content).values()}
    assert found == FIRST
    assert set(FIRST) == set(ALGORITHMS)


def test_the_labs_experiments_have_the_digests_of_the_first_release(repository):
    datasets = load_datasets(repository / "config" / "datasets.yaml")
    found = load_experiments(repository / "config" / "experiments" / "multi_train.yaml", datasets)
    assert {name: each.digest for name, each in found.items()} == {
        "bc_all": "43645fd68f68",
        "gc_bc_all": "19703ab93469",
    }


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("policy_from", "best"),
        ("agent_kwargs.blind", True),
        ("agent_kwargs.weight_decay", 1e-4),
        ("agent_kwargs.policy_kwargs.distribution", "laplace"),
        ("dataset_kwargs.chunk_padding", "mask"),
        ("dataset_kwargs.relabel_angles", "plain"),
    ],
)
def test_an_added_setting_that_changes_something_changes_the_digest(tmp_path, key, value):
    run = {"algo": "bc", "task": "open_drawer", "config_overrides": {f"config.{key}": value}}
    (experiment,) = experiments(tmp_path, {"runs": [run]}).values()
    assert experiment.digest != FIRST["bc"]


def test_every_added_setting_is_one_and_stands_at_its_neutral_value():
    for path, neutral in ADDED.items():
        value = ALGORITHMS["bc"]
        for key in path.split("."):
            value = value[key]
        assert value == neutral


def test_what_is_left_out_is_left_out_of_a_copy():
    config = {"act_exec_horizon": 4, "agent_kwargs": {"blind": False, "use_proprio": True}}
    assert without_added(config) == {"act_exec_horizon": 4, "agent_kwargs": {"use_proprio": True}}
    assert config["agent_kwargs"]["blind"] is False
