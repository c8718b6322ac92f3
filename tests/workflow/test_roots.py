"""Where an experiment's data and run lie: where its machine says, or where its experiments file does."""

import pytest
import yaml

from bridgelib.config.settings import load_settings
from bridgelib.workflow.plan import WorkflowPlan


@pytest.fixture
def planned(tmp_path, repository, monkeypatch):
    """(global settings) -> the plan of one experiment, called from the lab's folder, which is also the home."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "raw" / "task" / "2021-08-02_10-00-00").mkdir(parents=True)
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump({root: root for root in ("raw", "numpy", "tfrecord", "runs")}))

    def plan(**settings):
        content = {"global": settings, "runs": [{"algo": "bc", "task": "task", "name": "run"}]}
        (tmp_path / "experiments.yaml").write_text(yaml.safe_dump(content))
        return WorkflowPlan(
            load_settings({"machine": "mine.yaml", "experiments": "experiments.yaml"}, repository, environ={}),
            repository,
        )

    return plan


@pytest.mark.parametrize("given", [None, "", "tfrecord", "tfrecord/", "~/tfrecord", "$HOME/raw/../tfrecord/"])
def test_the_machine_s_own_records_are_known_however_they_are_written(planned, given):
    """Else they would be looked for before they are made."""
    plan = planned(data_root=given)
    assert plan.records("run") == ["tfrecord/task/train/out.tfrecord", "tfrecord/task/val/out.tfrecord"]
    assert "--data=tfrecord --raw=raw --depth=auto" in plan.training_options("run")


@pytest.mark.parametrize(
    ("given", "done"), [(None, "runs"), ("others", "others"), ("others/", "others"), ("~/others", "others")]
)
def test_a_run_lies_where_its_file_says(planned, given, done):
    assert planned(save_dir=given).done_file("run") == f"{done}/run/done.json"
