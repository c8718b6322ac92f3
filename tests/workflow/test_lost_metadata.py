"""Snakemake's metadata may be lost, or never have been there: what differs is made again, once, and nothing else."""

import json
import shutil

import pytest

from bridgelib.files import read_json
from bridgelib.sim.demonstrations import write_dated_folder
from bridgelib.sim.plan import PlanEntry
from tests.workflow.conftest import Workspace

PUT, PUSH = "put_red_cube_on_plate", "push_blue_cylinder_onto_green_cloth"
DATES = ("2021-08-02_10-00-00", "2021-08-03_11-30-00")
SMALL = {
    "train_batch_size": 4,
    "val_batch_size": 4,
    "num_steps": 2,
    "log_interval": 1,
    "eval_interval": 2,
    "save_interval": 2,
    "warmup_steps": 1,
    "config_overrides": {"config.encoder": "convnet-3-film", "config.encoder_kwargs.num_filters": 8},
}
EVERYTHING = ("all", "evaluate_all")


@pytest.fixture(scope="module")
def made(tmp_path_factory, repository):
    """Two tasks with three sessions, a policy that follows instructions, and what it is worth."""
    workspace = Workspace(tmp_path_factory.mktemp("made") / "lab", repository)
    for task, date in ((PUT, DATES[0]), (PUT, DATES[1]), (PUSH, DATES[0])):
        write_dated_folder(workspace.raw, PlanEntry(task, date, 2, image_size=(48, 64)))
    workspace.write_profile()
    write_experiments(workspace)
    workspace.snakemake("experiments=experiments.yaml", *EVERYTHING)
    return workspace


@pytest.fixture
def lab(made, tmp_path):
    """A copy of it, of whose making Snakemake knows nothing."""
    folder = tmp_path / "lab"
    shutil.copytree(made.folder, folder, symlinks=True)
    shutil.rmtree(folder / ".snakemake")
    return Workspace(folder, made.repository)


def write_experiments(workspace, **keys):
    runs = [{"algo": "lc_bc", "task": PUT, "name": "lc"}]
    workspace.write_experiments({"global": {**SMALL, **keys}, "runs": runs})


def jobs(lab, *words):
    """Of a dry run, without the targets; `evaluate_all` prints a table whenever it is asked for."""
    planned = lab.jobs("experiments=experiments.yaml", *words)
    return {rule: count for rule, count in planned.items() if rule not in (*EVERYTHING, "tfrecords")}


def test_nothing_differs_nothing_is_made_again_from_here_or_elsewhere(lab):
    assert jobs(lab, *EVERYTHING) == {}
    other = Workspace(lab.folder / "elsewhere", lab.repository)
    other.folder.mkdir()
    other.write_profile(**{root: str(lab.folder / root) for root in ("raw", "numpy", "tfrecord", "runs")})
    write_experiments(other)
    assert jobs(other, *EVERYTHING) == {}
    write_experiments(other, train_batch_size=2)
    assert jobs(other, *EVERYTHING) == {"train_policy": 1, "evaluate_policy": 1, "report": 1}


def test_another_split_is_said_and_made_once(lab):
    _, output = lab.snakemake("-n", "--rerun-triggers=mtime", "experiments=experiments.yaml", "split_seed=1", "all")
    said = [line for line in output.splitlines() if line.startswith("[stale]")]
    assert len(said) == 1 and "numpy_to_tfrecord" in said[0] and "seed: 0 -> 1" in said[0]
    assert jobs(lab, "split_seed=1", "numpy") == {}
    changed = jobs(lab, "split_seed=1", "all")
    policy = {"embed_language": 1, "train_policy": 1, "evaluate_policy": 1}
    assert changed == {"numpy_to_tfrecord": 2, "data_report": 1, **policy, "report": 1}

    lab.snakemake("--touch", "experiments=experiments.yaml", "split_seed=1", "tfrecords")  # which makes nothing
    assert jobs(lab, "split_seed=1", "tfrecords") == {"numpy_to_tfrecord": 2}
    lab.snakemake("experiments=experiments.yaml", "split_seed=1", "tfrecords")
    assert read_json(lab.folder / "tfrecord" / PUT / "split.json")["seed"] == 1
    assert jobs(lab, "split_seed=1", "tfrecords") == {}
    shutil.rmtree(lab.folder / ".snakemake")
    assert jobs(lab, "split_seed=1", "tfrecords") == {}


def test_another_batch_is_trained_once(lab):
    write_experiments(lab, train_batch_size=2)
    lab.snakemake("experiments=experiments.yaml", "train_all")
    assert read_json(lab.folder / "runs" / "lc" / "latest" / "config.json")["config"]["batch_size"] == 2
    shutil.rmtree(lab.folder / ".snakemake")
    assert jobs(lab, "train_all") == {}
    assert jobs(lab, *EVERYTHING) == {"evaluate_policy": 1, "report": 1}


def test_what_reads_every_task_notices_one_that_went(lab):
    shutil.rmtree(lab.raw / PUSH)
    assert jobs(lab, *EVERYTHING) == {"data_report": 1, "report": 1}


def test_results_about_another_policy_or_from_nobody_knows_what_are_made_again(lab):
    policy = lab.folder / "runs" / "lc" / "latest" / "policy" / "policy.json"
    policy.write_text(json.dumps({**read_json(policy), "step": 1}))
    assert jobs(lab, *EVERYTHING) == {"evaluate_policy": 1, "report": 1}
    (lab.folder / "numpy" / PUSH / f"{DATES[0]}.report.json").write_text("{")
    assert jobs(lab, "tfrecords") == {"raw_to_numpy": 1, "numpy_to_tfrecord": 1}
