"""Tasks that hold nothing, cannot be converted, are excluded, or have odd names: the others are made all the same."""

import json

import pytest

from bridgelib.files import read_json
from tests import raw_trees
from tests.workflow.conftest import SMALL_TRAINING

DATE = "2022-03-15_13-35-33"


def experiments(workspace, *tasks, **settings) -> str:
    content = {"global": {**SMALL_TRAINING, **settings}, "matrix": {"algos": ["bc"], "tasks": list(tasks)}}
    return f"experiments={workspace.write_experiments(content)}"


def reported(workspace) -> dict:
    return read_json(workspace.folder / "tfrecord" / "data_report.json")


def breaks(trajectory):
    (trajectory / "images0" / "im_1.jpg").write_bytes(b"")


@pytest.fixture
def lab(workspace):
    """A good task, one with an empty dated folder, one of which everything is rejected."""
    raw_trees.write_dated_folder(workspace.raw, "good", DATE, trajectories=3)
    (workspace.raw / "aborted" / DATE).mkdir(parents=True)
    for trajectory in raw_trees.write_dated_folder(workspace.raw, "broken", DATE, trajectories=2, seed=10):
        breaks(trajectory)
    return workspace


def test_tasks_without_a_trajectory_are_reported_and_passed_over(lab):
    words = [experiments(lab, "all"), "data_report", "train_all"]
    _, output = lab.snakemake(*words)
    report = reported(lab)
    assert {task: account["kept"] for task, account in report["tasks"].items()} == {
        "aborted": 0,
        "broken": 0,
        "good": 3,
    }
    assert report["total"]["rejected"] == {"broken_image": 2}
    text = (lab.folder / "tfrecord" / "data_report.txt").read_text()
    assert "aborted                 there is no trajectory in it" in text and "of 2 found: 2 broken_image" in text
    log = (lab.folder / "logs" / "train_policy" / "bc_all.log").read_text()
    assert "tfrecord/aborted: no trajectory in it, so it is passed over" in log
    run = lab.folder / "runs" / "bc_all"
    assert read_json(run / "done.json")["step"] == 2
    assert list(read_json(run / "latest" / "config.json")["identity"]["data"]["train"]) == ["good"]
    _, output = lab.snakemake("-n", *words)
    assert "Nothing to be done" in output
    assert "task aborted holds no trajectory, and is passed over" in output


def test_an_experiment_without_another_task_is_refused_once_that_is_known(lab):
    words = [experiments(lab, "broken"), "train_all"]
    code, output = lab.snakemake(*words, check=False)
    assert code == 1 and "nothing was kept of broken" in output and "Traceback" not in output
    assert "Trying to restart" not in output
    code, output = lab.snakemake("-n", *words, check=False)
    assert code == 2 and "nothing was kept of broken" in output  # by its report
    raw_trees.write_dated_folder(lab.raw, "broken", "2022-03-16_10-00-00", trajectories=1, seed=20)
    assert lab.jobs(*words)["train_policy"] == 1  # it may be otherwise now


def test_and_it_keeps_no_other_experiment_from_being_trained(lab):
    words = [experiments(lab, "broken", "good"), "train_all"]
    lab.snakemake("tfrecords")
    _, output = lab.snakemake("-n", *words)
    assert "experiment 'bc_broken' cannot be trained" in output and "nothing was kept of broken" in output
    code, output = lab.snakemake(*words, check=False)
    assert code == 1 and "Traceback" not in output
    assert read_json(lab.folder / "runs" / "bc_good" / "done.json")["step"] == 2
    assert not (lab.folder / "runs" / "bc_broken" / "done.json").exists()


def test_a_task_that_cannot_be_converted_does_not_keep_the_report_of_the_others_away(lab):
    lab.snakemake("numpy")
    shard = lab.folder / "numpy" / "broken" / f"{DATE}.npz"
    shard.write_bytes(shard.read_bytes()[:100])
    code, output = lab.snakemake("data_report", check=False)
    assert code == 1 and "task that is not converted" in output and "Traceback" not in output
    report = reported(lab)
    assert list(report["unconverted"]) == ["broken"] and set(report["tasks"]) == {"aborted", "good"}
    shard.unlink()
    lab.snakemake("data_report")
    assert reported(lab)["unconverted"] == {} and set(reported(lab)["tasks"]) == {"aborted", "broken", "good"}


def test_excluded_tasks_are_left_out_and_counted(lab):
    lab.write_profile(exclude=["abort*", "broken", "misspelt"])
    _, output = lab.snakemake("data_report")
    assert "'misspelt' is no task" in output
    report = reported(lab)
    assert [(entry["path"], entry["count"]) for entry in report["excluded"]] == [("aborted", 1), ("broken", 1)]
    assert list(report["tasks"]) == ["good"] and not (lab.folder / "tfrecord" / "broken").exists()
    code, output = lab.snakemake("-n", experiments(lab, "broken"), "train_all", check=False)
    assert code == 2 and "task 'broken', which is left out: excluded by 'broken'" in output


def test_what_was_trained_on_before_it_was_excluded_is_so_no_more(lab):
    raw_trees.write_dated_folder(lab.raw, "other", DATE, trajectories=2, seed=30)
    lab.snakemake("tfrecords")
    lab.write_profile(exclude=["other"])
    lab.snakemake(experiments(lab, "all"), "train_all")
    config = read_json(lab.folder / "runs" / "bc_all" / "latest" / "config.json")
    assert list(config["identity"]["data"]["train"]) == ["good"]


NAMES = (
    "put_{carrot}_on_plate",
    "new\nline",
    "wait" + 20 * "_",
    "data_report.json",
    "lone{brace",
    "two {words here",
    "star*[1]?",
    ' it\'s "$HOME" `id` ',
    "-lead%s",
    "küche\\日本",
)


def test_names_that_are_patterns_elsewhere(workspace):
    for number, name in enumerate(NAMES):
        raw_trees.write_dated_folder(workspace.raw, name, DATE, trajectories=2, seed=10 * number)
    _, output = workspace.snakemake(experiments(workspace, "star*[1]?", "all"), "data_report", "train_all")
    assert "task 'put_{carrot}_on_plate' is passed over: its name has {braces}" in output
    report = reported(workspace)
    assert set(report["tasks"]) == set(NAMES[4:]) and report["total"]["kept"] == 2 * len(NAMES[4:])
    why = {entry["path"]: entry["why"] for entry in report["passed_over"]}
    assert "{braces}" in why[NAMES[0]] and "a line break" in why[NAMES[1]]
    assert "ends in '_' twenty times" in why[NAMES[2]] and "of the workflow" in why[NAMES[3]]
    data = json.loads((workspace.folder / "runs" / "bc_starall_1_" / "latest" / "config.json").read_text())["identity"]
    assert list(data["data"]["train"]) == ["star*[1]?"]
    code, output = workspace.snakemake("-n", experiments(workspace, NAMES[0]), "train_all", check=False)
    assert code == 2 and "which is left out: its name has {braces}" in output and "WildcardError" not in output
