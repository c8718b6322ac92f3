"""Which environment embeds the instructions of an experiment."""

import re

import pytest

from bridgelib.config.settings import load_settings
from bridgelib.workflow.plan import WorkflowPlan
from tests.workflow.conftest import SMALL_TRAINING

TASK = "put_red_cube_on_plate"


@pytest.fixture
def words(workspace, tmp_path):
    """Two experiments that follow instructions, one of them by the published encoder, in environments of their own."""
    (tmp_path / "model").mkdir()
    workspace.write_profile(simulation={"tasks": [TASK], "demonstrations": 4, "image_size": [48, 64]})
    muse = {"config.text_processor": "muse_embedding", "config.text_processor_kwargs.model": str(tmp_path / "model")}
    film = {"config.encoder": "convnet-3-film", "config.encoder_kwargs.num_filters": 8}
    runs = [
        {"algo": "lc_bc", "task": TASK, "name": "hashed", "config_overrides": film},
        {"algo": "lc_bc", "task": TASK, "name": "published", "config_overrides": {**film, **muse}},
    ]
    experiments = workspace.write_experiments({"global": SMALL_TRAINING, "runs": runs})
    return ["--config", f"machine={workspace.profile}", f"experiments={experiments}"]


def test_muse_has_a_rule_and_an_environment_of_its_own(workspace, words):
    _, output = workspace.snakemake("-n", *words, "train_all", machine=False)
    started = re.findall(r"rule (embed_\w+):\n +input: \S*/(\w+)/\.ready,", output)
    assert sorted(started) == [("embed_language", "convert"), ("embed_language_with_muse", "muse")]
    _, output = workspace.snakemake("-n", "runs/hashed/language.npz", *words, machine=False)
    assert re.findall(r"rule (embed_\w+):", output) == ["embed_language"] and "/muse/" not in output


def test_the_environments_are_those_that_the_experiments_need(workspace, words):
    settings = dict(word.split("=", 1) for word in words[1:])
    plans = [
        WorkflowPlan(load_settings(each, workspace.repository, environ={}), workspace.repository)
        for each in (settings, {"machine": "demo"})
    ]
    assert [plan.environments for plan in plans] == [["convert", "train", "muse"], ["convert", "train"]]
