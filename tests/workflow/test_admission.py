"""Settings that make no sense together, or with what is there, are refused at the dry run, with both numbers."""

import json
import shutil

import pytest
import yaml

from bridgelib.config.algorithms import ALGORITHMS
from bridgelib.config.algorithms.algorithm import Algorithm
from bridgelib.config.declaration import Section
from bridgelib.config.settings import load_settings
from bridgelib.conversion.data_origins import records_origin, shard_origin
from bridgelib.errors import BridgeError
from bridgelib.files import write_json
from bridgelib.training.folder import run_identity
from bridgelib.workflow.admission import Admission
from bridgelib.workflow.plan import WorkflowPlan
from tests import raw_trees
from tests.workflow.conftest import admit

KEYS = {"raw": "raw", "numpy": "numpy", "tfrecord": "tfrecord", "runs": "runs", "jax_platform": "cpu"}


@pytest.fixture
def planned(tmp_path, repository, monkeypatch):
    """(global settings, profile keys) -> the plan of one experiment on one task of two trajectories."""
    monkeypatch.chdir(tmp_path)
    raw_trees.write_dated_folder(tmp_path / "raw", "task", trajectories=2)

    def plan(settings, **keys):
        (tmp_path / "mine.yaml").write_text(yaml.safe_dump({**KEYS, **keys}))
        content = {"global": settings, "runs": [{"algo": "bc", "task": "task", "name": "run"}]}
        (tmp_path / "experiments.yaml").write_text(yaml.safe_dump(content))
        chosen = {"machine": "mine.yaml", "experiments": "experiments.yaml", "env": "current", "forecast": "warn"}
        return WorkflowPlan(load_settings(chosen, repository, environ={}), repository)

    return plan


GPUS = {"gpus": "0,1,2", "jax_platform": "cuda", "environment": "cuda12"}


@pytest.mark.parametrize(
    ("settings", "keys", "said"),
    [
        ({"num_steps": 40}, {}, ["warmup_steps", "2000, of num_steps 40", "less than 40"]),
        ({"num_steps": 40, "warmup_steps": 40}, {}, ["40, of num_steps 40"]),
        (
            {"train_batch_size": 6, "val_batch_size": 8, "cuda_visible_devices": "0,1,2"},
            GPUS,
            ["val_batch_size 8 on 3 devices", "take 6 or 9"],
        ),
        ({"train_batch_size": 8, "cuda_visible_devices": "0,1,2"}, GPUS, ["train_batch_size 8 on 3 devices"]),
        (
            {"train_batch_size": 6, "cuda_visible_devices": "0,1,2", "config_overrides": {"config.val_batch_size": 1}},
            GPUS,
            ["val_batch_size 1 on 3 devices", "take 3"],
        ),
    ],
)
def test_what_makes_no_sense_is_refused(planned, settings, keys, said):
    with pytest.raises(BridgeError) as refusal:
        admit(planned(settings, **keys), ["train_all"])
    assert all(text in str(refusal.value) for text in said), refusal.value


def test_a_new_algorithm_without_a_warmup_is_none_that_never_warms_up(planned, monkeypatch):
    monkeypatch.setitem(ALGORITHMS, "bc", Algorithm(agent_kwargs=Section()))
    plan = planned({"num_steps": 40, "warmup_steps": 2000})
    admit(plan, ["train_all"])
    assert "warmup_steps" not in plan.experiment("run").config["agent_kwargs"]


def test_every_refusal_is_given_and_each_once(planned, tmp_path):
    """The Snakefile raises the first; the doctor may show all."""
    faults = {"num_steps": 40, "train_batch_size": 8, "cuda_visible_devices": "0,1,2"}
    given = [str(refusal) for refusal in Admission(planned(faults, **GPUS)).refusals()]
    assert len(given) == 2 and "8 on 3 devices" in given[0] and "of num_steps 40" in given[1]
    assert not list(Admission(planned(faults, **GPUS), ["tfrecords"]).refusals())

    plan = planned(faults, **GPUS)
    shutil.rmtree(tmp_path / "raw" / "task")
    raw_trees.write_dated_folder(tmp_path / "raw", "other", trajectories=2)
    given = [str(refusal) for refusal in Admission(plan).refusals()]
    assert len(given) == 3 and "pattern 'task'" in given[0]  # which several checks find

    plan = planned(faults, **GPUS)
    shutil.rmtree(tmp_path / "raw")
    (refusal,) = Admission(plan).refusals()  # without tasks nothing else can be told
    assert "raw" in str(refusal)


def test_a_conversion_does_not_mind(planned):
    admit(planned({"num_steps": 40}), ["tfrecords"])


def test_what_makes_sense_is_not_refused(planned):
    assert admit(planned({"num_steps": 40, "warmup_steps": 39}), ["train_all"])
    admit(planned({"num_steps": 40, "warmup_steps": 0}), ["train_all"])


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"log_interval": 100}, "log_interval 100 is more than num_steps 40"),
        (
            {"save_interval": 25, "config_overrides": {"config.keep_every": 50}},
            "keep_every 50 is more than num_steps 40",
        ),
        ({"config_overrides": {"config.keep_every": 15}}, "keep_every 15 is no multiple of save_interval 10"),
        ({"decay_steps_bc": 30}, "the last 10 steps learn nothing"),
        ({"train_batch_size": 7}, "train_batch_size 7 is more than the 6 transitions"),
    ],
)
def test_what_is_odd_is_said(planned, settings, said):
    plain = {"num_steps": 40, "warmup_steps": 1, "train_batch_size": 6, "log_interval": 10, "eval_interval": 100}
    plain["save_interval"] = 10
    assert Admission(planned(plain), ["train_all"]).asides() == []
    (line,) = Admission(planned({**plain, **settings}), ["train_all"]).asides()
    assert said in line
    assert Admission(planned({**plain, **settings}), ["tfrecords"]).asides() == []


@pytest.fixture
def trained(planned, tmp_path):
    """(global settings) -> what a training of 20 steps under other settings leaves, as far as a dry run looks at it."""
    shard, report = tmp_path / "numpy" / "task" / f"{raw_trees.DATE}.npz", tmp_path / "tfrecord/task/report.json"
    shard.parent.mkdir(parents=True)
    shard.touch()
    origin = shard_origin(256, (0,), "none", "auto", planned({}).trajectories("task", raw_trees.DATE))
    write_json(shard.with_suffix(".report.json"), {"origin": origin, "content": "of two trajectories"})
    converted = {"im_size": 256, "train_proportion": 0.9, "image_encoding": "raw", "seed": 0}
    origin = records_origin(converted, "none", {raw_trees.DATE: "of two trajectories"})
    write_json(report, {"found": 2, "kept": 2, "rejected": [], "origin": origin})
    files = {}
    for side in ("train", "val"):
        (report.parent / side).mkdir()
        (report.parent / side / "out.tfrecord").write_bytes(b"x")
        files[f"tfrecord/task/{side}/out.tfrecord"] = 1

    def leave(settings):
        experiment = planned(settings).experiment("run")
        identity = run_identity(json.loads(experiment.as_json()), {"train": {"task": {"transitions": 6}}})
        run = tmp_path / "runs" / "run" / "latest"
        write_json(run / "config.json", {"identity": identity, "files": files})
        for step in (10, 20):
            write_json(run / "checkpoints" / f"step-{step:09}.json", {})

    return leave


def settings(steps, **more):
    return {"num_steps": steps, "warmup_steps": 1, **more}


def test_fewer_steps_than_were_made_are_refused_at_the_dry_run(planned, trained):
    trained(settings(20))
    with pytest.raises(BridgeError, match="num_steps 15, where its run has made 20 steps"):
        admit(planned(settings(15)), ["train_all"])
    for steps in (20, 30):
        admit(planned(settings(steps)), ["train_all"])


def test_another_run_than_would_be_gone_on_with_refuses_nothing(planned, trained, tmp_path):
    trained(settings(20))
    admit(planned(settings(15, seed=7)), ["train_all"])  # trains in a folder of its own
    admit(planned(settings(15), im_size=64), ["train_all"])  # on other data
    raw_trees.write_dated_folder(tmp_path / "raw", "task", "2021-09-01_09-00-00", trajectories=1, seed=9)
    admit(planned(settings(15)), ["train_all"])
