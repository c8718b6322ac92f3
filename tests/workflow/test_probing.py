"""What a short trial of a training says of the whole, and of others like it."""

import shlex
import tempfile
from pathlib import Path
from types import SimpleNamespace

import pytest

from bridgelib.config.algorithms import algorithm_defaults
from bridgelib.config.datasets import Dataset
from bridgelib.config.experiments import Experiment
from bridgelib.errors import DataError
from bridgelib.training.assignment import Assignment
from bridgelib.workflow.probing import alike, probe_training, training_seconds


def planned(*chosen: Experiment) -> SimpleNamespace:
    by_name = {each.name: each for each in chosen}
    return SimpleNamespace(waiting=lambda: list(by_name), experiment=by_name.__getitem__)


def experiment(name: str, algorithm: str = "bc", **changes) -> Experiment:
    return Experiment(name, algorithm, Dataset("d", (("d",),)), {**algorithm_defaults(algorithm), **changes})


@pytest.mark.parametrize(("num_steps", "validations"), [(10, 4), (8, 3), (3, 2)])
def test_every_step_and_validation_counts(num_steps, validations):
    plan = planned(experiment("run", num_steps=num_steps, eval_interval=4))
    seconds = training_seconds(plan, "run", {"start": 30.0, "step": 0.5, "validation": 2.0})
    assert seconds == 30 + num_steps * 0.5 + validations * 2


def test_what_only_differs_in_length_is_tried_once():
    plan = planned(
        experiment("short", num_steps=10),
        experiment("long", num_steps=20, seed=1),
        experiment("wide", batch_size=512),
        experiment("towards_goals", "gc_bc"),
    )
    assert list(alike(plan).values()) == [["short", "long"], ["wide"], ["towards_goals"]]


def test_a_trial_that_failed_can_be_made_again_by_hand(repository, tmp_path, monkeypatch):
    """The command that the message names finds its files, where the trial has long ended."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    python = tmp_path / "environment" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text('#!/bin/sh\n[ -e "$3" ] && echo "DataError: $3\n  given: damaged" >&2\nexit 2\n')
    python.chmod(0o755)
    plan = SimpleNamespace(
        assignment=lambda name: Assignment(experiment(name), tmp_path, ("d",)),
        records=lambda name: [],
        language_table=lambda name: [],
        launch_options=lambda name: ["--platform=cpu"],
        gpus=lambda name: 0,
        machine=SimpleNamespace(gpus=()),
        repository=repository,
    )
    with pytest.raises(DataError, match=r"given: +DataError: .*assignment.json given: damaged") as failed:
        probe_training(plan, str(python.parent.parent), "run")
    words = shlex.split(failed.value.do)
    assert Assignment.load(Path(words[words.index("--assignment") + 1])).experiment.name == "run"
