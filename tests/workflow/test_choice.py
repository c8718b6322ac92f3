"""The choice of a checkpoint as the workflow passes it on, and what it refuses."""

import pytest
import yaml

from bridgelib.config.settings import load_settings
from bridgelib.errors import ConfigError
from bridgelib.sim.tasks import TASKS
from bridgelib.workflow.plan import WorkflowPlan
from tests.workflow.conftest import admit

CUBE = next(iter(TASKS))


@pytest.fixture
def planned(tmp_path, repository, monkeypatch):
    """(task, policy_from, more of the profile) -> the plan of one experiment."""
    monkeypatch.chdir(tmp_path)

    def plan(task, policy_from, **profile):
        (tmp_path / "raw" / task / "2021-08-02_10-00-00").mkdir(parents=True, exist_ok=True)
        roots = {root: root for root in ("raw", "numpy", "tfrecord", "runs")}
        (tmp_path / "mine.yaml").write_text(yaml.safe_dump({**roots, **profile}))
        runs = [{"algo": "lc_bc", "task": task, "name": "run", "policy_from": policy_from}]
        (tmp_path / "experiments.yaml").write_text(yaml.safe_dump({"runs": runs}))
        keys = {"machine": "mine.yaml", "experiments": "experiments.yaml", "forecast": "warn"}
        return WorkflowPlan(load_settings(keys, repository, environ={}), repository)

    return plan


@pytest.mark.parametrize(
    ("profile", "camera"),
    [
        ({}, (240, 320)),
        ({"simulation": {"tasks": [CUBE], "demonstrations": 3}}, (240, 320)),
        ({"simulation": {"tasks": [CUBE], "demonstrations": 3, "image_size": [120, 160]}}, (120, 160)),
    ],
)
def test_success_is_tried_with_the_camera_of_the_demonstrations(planned, profile, camera):
    assert planned(CUBE, "success", **profile).camera() == camera


def test_success_on_real_tasks_is_refused_before_anything_runs(planned):
    for policy_from in ("last", "best"):
        admit(planned("put_carrot_on_plate", policy_from), ["train_all"])
    with pytest.raises(ConfigError, match="no simulator knows: put_carrot_on_plate"):
        admit(planned("put_carrot_on_plate", "success"), ["train_all"])
    admit(planned("put_carrot_on_plate", "success"), ["tfrecords"])  # which trains nothing
