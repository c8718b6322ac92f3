"""Which environment embeds the instructions of an experiment."""

import re

import pytest

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
    counts = dict(re.findall(r"^(\w+) +(\d+)$", output[output.rindex("Job stats:") :], re.MULTILINE))
    assert counts["embed_language"] == counts["embed_language_with_muse"] == "1" and counts["environment"] == "3"
    _, output = workspace.snakemake("-n", "runs/hashed/language.npz", *words, machine=False)
    assert "embed_language_with_muse" not in output and "/muse/" not in output
    _, output = workspace.snakemake("-n", "environments", *words, machine=False)
    assert re.search(r"^environment +3$", output, re.MULTILINE)
