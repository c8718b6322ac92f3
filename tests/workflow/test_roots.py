"""Where an experiment's data and run lie: where its machine says, or where its experiments file does."""

import pytest
import yaml

from bridgelib.config.settings import load_settings
from bridgelib.errors import ConfigError
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
    assert (str(plan.assignment("run").data_root), plan.assignment("run").tasks) == ("tfrecord", ("task",))


@pytest.mark.parametrize(
    ("given", "done"), [(None, "runs"), ("others", "others"), ("others/", "others"), ("~/others", "others")]
)
def test_a_run_lies_where_its_file_says(planned, given, done):
    assert planned(save_dir=given).done_file("run") == f"{done}/run/done.json"


@pytest.mark.parametrize(("given", "said"), [("tfrecord/", "the folder of `tfrecord`"), ("a{b}", "no braces")])
def test_a_folder_that_cannot_hold_runs_is_refused_by_its_key(planned, given, said):
    with pytest.raises(ConfigError, match="key 'save_dir'") as refused:
        planned(save_dir=given)
    assert said in str(refused.value)


def test_the_workflow_makes_a_run_there_and_all_that_belongs_to_it(workspace):
    """Of empty trajectories, which a dry run does not open."""
    task = "put_red_cube_on_plate"
    (workspace.raw / task / "2021-08-02_10-00-00" / "raw" / "traj_group0" / "traj0").mkdir(parents=True)
    content = {"global": {"save_dir": "others"}, "matrix": {"algos": ["lc_bc"], "tasks": [task]}}
    (workspace.raw / task / "2021-08-02_10-00-00" / "raw" / "traj_group0" / "traj0" / "lang.txt").write_text("put it")
    path = workspace.write_experiments(content)
    _, output = workspace.snakemake("-n", f"experiments={path}", "all", "evaluate_all")
    name = f"lc_bc_{task}"
    for file in ("done.json", "evaluation.json", "language.npz"):
        assert f"output: others/{name}/{file}" in output
    assert "runs/" not in output
