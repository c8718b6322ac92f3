"""Which tasks an experiment trains on, among the TFRecords that there are."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from bridgelib.config.datasets import Dataset, load_datasets
from bridgelib.config.experiments import load_experiments
from bridgelib.errors import ConfigError, DataError
from bridgelib.training.assignment import Assignment, collected_tasks, tasks_below
from tests.raw_trees import DATE

NFC, NFD = "open_t\u00fcr", "open_tu\u0308r"


class Asking:
    """As much of an experiment as matters here."""

    dataset = Dataset("all", (("**",),))


def test_tasks_whose_raw_data_is_gone_are_left_out_whatever_their_unicode_form(tmp_path):
    """A tree that was copied by another system may have another form of the same names."""
    for task in (NFD, "removed"):
        (tmp_path / "tfrecord" / task / "train").mkdir(parents=True)
        (tmp_path / "tfrecord" / task / "train" / "out.tfrecord").touch()
    (tmp_path / "raw" / NFC / DATE).mkdir(parents=True)
    assert tasks_below(tmp_path / "tfrecord", Asking, collected_tasks(tmp_path / "raw")) == ((NFD,),)
    assert tasks_below(tmp_path / "tfrecord", Asking) == ((NFD, "removed"),)


def shipped(repository):
    """Every experiment that comes with the repository."""
    datasets = load_datasets(repository / "config" / "datasets.yaml")
    files = sorted((repository / "config" / "experiments").glob("*.yaml"))
    return [experiment for path in files for experiment in load_experiments(path, datasets).values()]


def test_an_assignment_says_the_same_when_it_is_read(repository, tmp_path):
    path = tmp_path / "new" / "folder" / "assignment.json"
    experiments = shipped(repository)
    for experiment in experiments:
        Assignment(experiment, Path("data/root"), ("a_task", "drawer/open")).save(path)
        read = Assignment.load(path)
        assert read.experiment.as_json() == experiment.as_json()
        own = replace(read.experiment, dataset=experiment.dataset, config=experiment.config)
        assert (own, read.data_root, read.tasks) == (experiment, Path("data/root"), ("a_task", "drawer/open"))
    assert experiments


@pytest.mark.parametrize("content", ["{}", "[]", '{"experiment": {"algorithm": "bc"}, "data_root": "x", "tasks": []}'])
def test_another_file_is_no_assignment(tmp_path, content):
    (tmp_path / "other.json").write_text(content)
    with pytest.raises(DataError, match="not the assignment of an experiment"):
        Assignment.load(tmp_path / "other.json")


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("algorithm", "bc_of_tomorrow", "other.json\n.*the algorithm 'bc_of_tomorrow'"),
        ("config", {"batch_sise": 8}, "other.json, config\n.*batch_sise"),
        ("config", {"batch_size": "many"}, "other.json, config.batch_size\n"),
        ("config", None, "other.json, config\n"),
    ],
)
def test_the_assignment_of_another_version_is_refused(repository, tmp_path, key, value, said):
    Assignment(shipped(repository)[0], tmp_path, ("a_task",)).save(tmp_path / "other.json")
    content = json.loads((tmp_path / "other.json").read_text())
    content["experiment"][key] = value
    (tmp_path / "other.json").write_text(json.dumps(content))
    with pytest.raises(ConfigError, match=said):
        Assignment.load(tmp_path / "other.json")


def test_only_the_tasks_of_an_assignment_count(repository, tmp_path):
    for task in ("kept", "left_over"):
        (tmp_path / task / "train").mkdir(parents=True)
        (tmp_path / task / "train" / "out.tfrecord").touch()
    experiment = replace(shipped(repository)[0], dataset=Dataset("all", (("*",),)))
    assert Assignment(experiment, tmp_path, ("kept",)).groups() == (("kept",),)
    assert Assignment(experiment, tmp_path).groups() == (("kept", "left_over"),)
