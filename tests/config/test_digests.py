"""The digests that name runs: a release must not begin anew what labs have in training."""

from pathlib import Path

import pytest
import yaml

from bridgelib.config.algorithms import ALGORITHMS, algorithm_defaults
from bridgelib.config.algorithms.added import ADDED, without_added
from bridgelib.config.datasets import load_datasets
from bridgelib.config.experiments import load_experiments

# Of each algorithm with its defaults, as the release that brought it gave them; a new one gets its line here.
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


def test_defaults_keep_the_digests_of_their_first_release(tmp_path):
    content = {"matrix": {"algos": list(ALGORITHMS), "tasks": ["open_drawer"]}}
    found = {each.algorithm: each.digest for each in experiments(tmp_path, content).values()}
    assert found == FIRST


# What lies in config/experiments. A run of an experiment that was changed there is another one, and so is its digest.
SHIPPED = {
    "demo": {
        "bc_demo": "eaa7446b5ec0",
        "lc_bc_demo": "0c77d59943bc",
        "blind_demo": "28828acaf686",
        "blind_lc_demo": "cdb4a8d97a91",
    },
    "demo-long": {
        "bc_demo": "ecf86f1b48d2",
        "lc_bc_demo_told": "bd214f639d26",
        "gc_bc_demo_told": "2e592b966375",
        "gc_ddpm_bc_demo_told": "8d60b5ee6de2",
        "blind_demo": "3f0f9cb236fe",
        "blind_lc_demo_told": "42c421927f32",
        "blind_gc_demo_told": "a23f89122094",
    },
    "multi_train": {"bc_all": "43645fd68f68", "gc_bc_all": "19703ab93469"},
}

# What lies in digests.yaml beside this file: every algorithm of the first release, with overrides of many kinds.
DIVERSE = {
    "bc_open_drawer_s0": "1e36712dd6f5",
    "bc_open_drawer_s2147483648": "100682f79750",
    "squashed": "83c2618cc7bf",
    "geometric": "9ffabab15d2f",
    "chunks_towards_later_frames": "371b4337ef20",
    "told": "bcffc1bb35c1",
    "denoising": "dbce2c1a842d",
    "values": "a8cea91fa3c6",
    "values_towards_the_last_frame": "db91ccb16ed2",
    "monte_carlo": "0845160cb33a",
    "watched": "e25042567332",
}


def digests(repository, path):
    found = load_experiments(path, load_datasets(repository / "config" / "datasets.yaml"))
    return {name: each.digest for name, each in found.items()}


def test_shipped_experiments_keep_their_digests(repository):
    folder = repository / "config" / "experiments"
    assert {path.stem: digests(repository, path) for path in folder.glob("*.yaml")} == SHIPPED


def test_experiments_with_overrides_of_many_kinds_keep_their_digests(repository):
    path = Path(__file__).with_name("digests.yaml")
    assert digests(repository, path) == DIVERSE


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
        value = algorithm_defaults("bc")
        for key in path.split("."):
            value = value[key]
        assert value == neutral


def test_what_is_left_out_is_left_out_of_a_copy():
    config = {"act_exec_horizon": 4, "agent_kwargs": {"blind": False, "use_proprio": True}}
    assert without_added(config) == {"act_exec_horizon": 4, "agent_kwargs": {"use_proprio": True}}
    assert config["agent_kwargs"]["blind"] is False
