"""The whole evaluation, for every algorithm."""

import base64
import io
import json
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from bridgelib.config.algorithms import ALGORITHMS
from bridgelib.errors import DataError
from bridgelib.evaluation.offline.evaluate import evaluation
from bridgelib.policy import Policy
from tests.evaluation.offline.untrained import TASK, read_experiment, untrained_policy, write_experiments
from tests.policy.fakes import spec
from tests.training.records import LENGTH, SIDE, write_task

BASELINES = ("mean_action", "previous_action", "nearest_neighbour")


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    write_task(folder / TASK)
    return folder


@pytest.fixture
def experiment(tmp_path, repository):
    def made(algorithm="bc", **overrides):
        return read_experiment(write_experiments(tmp_path / "runs.yaml", algorithm, **overrides), repository)

    return made


@pytest.mark.parametrize("algorithm", sorted(ALGORITHMS))
def test_every_algorithm_is_evaluated(data, experiment, algorithm):
    chosen = experiment(algorithm)
    policy = untrained_policy(chosen, data)
    found = evaluation(chosen, policy, data, [[TASK]])
    assert (found["algorithm"], found["step"], found["note"]) == (algorithm, 3, None)
    assert found["validation"]["evaluated"] == {"trajectories": 4, "transitions": 4 * LENGTH}
    assert found["training"] == {"frames": 40 * LENGTH, "of": 40 * LENGTH}
    assert set(found["overall"]) == {"policy", *BASELINES}
    for score in found["overall"].values():
        assert all(np.isfinite(each["value"]) for each in score["error"].values())
    assert len(found["chunk"]) == (policy.spec.chunk or 1)
    pictures = [picture for example in found["examples"] for picture in example["pictures"]]
    assert all(np.max(picture["saliency"]) == 1 for picture in pictures)
    json.dumps(found, allow_nan=False)


def test_what_stands_in_it(data, experiment):
    chosen = experiment(**{"config.dataset_kwargs.act_pred_horizon": 4})
    found = evaluation(chosen, untrained_policy(chosen, data), data, [[TASK]], frames=100)
    assert found["training"]["frames"] == 100
    assert found["by_task"] == {TASK: {"trajectories": 4, "transitions": 24, **found["overall"]}}
    assert found["by_dated_folder"] == {  # these names tell no date
        "": {"trajectories": 4, "transitions": 24, "policy": found["overall"]["policy"]}
    }
    assert [part["transitions"] for part in found["course"]] == [4, 4, 0, 4, 0, 4, 4, 0, 4, 0]
    assert [step["transitions"] for step in found["chunk"]] == [24, 20, 16, 12]
    assert found["chunk"][0]["error"]["policy"] == found["overall"]["policy"]["error"]
    first, last = found["examples"]
    assert (first["task"], first["number"], first["name"]) == (TASK, 0, "trajectory0")
    assert (last["number"], last["instruction"]) == (2, "move where the colour says")
    assert np.shape(first["demonstrated"]) == np.shape(first["predicted"]) == (LENGTH, 7)
    assert [picture["step"] for picture in first["pictures"]] == [0, 1, 3, 5]
    kind, _, content = first["pictures"][0]["image"].partition(";base64,")
    picture = Image.open(io.BytesIO(base64.b64decode(content)))
    assert kind == "data:image/webp" and picture.size == (SIDE, SIDE)


class Mean:
    """Predicts the mean action, whatever it sees."""

    def sample_actions(self, observations, goals=None):
        return observations["image"].mean(axis=(1, 2, 3))[:, None] * np.zeros(7, np.float32)


def test_a_policy_is_as_good_as_the_baseline_that_it_equals(tmp_path, experiment, monkeypatch):
    write_task(tmp_path / TASK, validation=100)
    chosen = experiment()
    trained = untrained_policy(chosen, tmp_path)
    monkeypatch.setattr("bridgelib.evaluation.offline.evaluate.examples", lambda *_: [])
    found = evaluation(chosen, Policy(trained.spec, Mean()), tmp_path, [[TASK]])["overall"]
    assert found["policy"] == found["mean_action"]
    # Moves are uniform in [-1, 1] cm: the mean is off by half of that, the move before by two thirds, but at the start.
    for dimension in "xyz":
        assert found["mean_action"]["error"][dimension]["value"] == pytest.approx(0.005, rel=0.1)
        assert found["previous_action"]["error"][dimension]["value"] == pytest.approx(0.0064, rel=0.1)
        low, high = found["mean_action"]["error"][dimension]["interval"]
        assert low < found["mean_action"]["error"][dimension]["value"] < high
    # Three edges in a frame tell the move, and among 240 frames some are alike.
    assert found["nearest_neighbour"]["error"]["x"]["interval"][1] < found["mean_action"]["error"]["x"]["interval"][0]
    assert found["nearest_neighbour"]["gripper"]["accuracy"]["interval"][0] > 0.8


def test_fewer_transitions_are_whole_trajectories(data, experiment):
    chosen = experiment()
    found = evaluation(chosen, untrained_policy(chosen, data), data, [[TASK]], transitions=2 * LENGTH + 1)
    assert found["validation"]["evaluated"] == {"trajectories": 2, "transitions": 2 * LENGTH}
    assert [example["number"] for example in found["examples"]] == [0, 2]


def test_an_empty_validation_side_is_said_and_no_error(tmp_path, experiment, capsys):
    write_task(tmp_path / TASK, training=2, validation=0)
    found = evaluation(experiment(), Policy(spec(), None), tmp_path, [[TASK]])
    assert "validation side of colours is empty" in found["note"] and found["overall"] is None
    assert found["note"] in capsys.readouterr().err
    assert found["validation"]["evaluated"] == {"trajectories": 0, "transitions": 0}


def test_what_trains_in_another_task_is_not_evaluated(tmp_path, experiment, capsys):
    """Contents are numbered from 0 on in each split: of the second task one is in the training split of the first."""
    write_task(tmp_path / TASK, training=1, validation=0)
    write_task(tmp_path / "other", training=2, validation=3, seed=1)
    chosen = experiment()
    policy = untrained_policy(chosen, tmp_path)
    found = evaluation(chosen, policy, tmp_path, [[TASK, "other"]])
    assert found["validation"]["left_out"] == {"trajectories": 1, "transitions": LENGTH}
    assert found["validation"]["evaluated"] == {"trajectories": 2, "transitions": 2 * LENGTH}
    assert "1 of 3 validation trajectories are left out" in capsys.readouterr().err


def test_a_side_that_all_trains_is_refused(tmp_path, experiment):
    write_task(tmp_path / TASK, training=3, validation=0)
    write_task(tmp_path / "other", training=1, validation=3, seed=1)
    chosen = experiment()
    with pytest.raises(DataError, match="the same demonstrations all train"):
        evaluation(chosen, untrained_policy(chosen, tmp_path), tmp_path, [[TASK, "other"]])


def test_a_policy_of_other_angles_is_refused(data, experiment):
    """What was learned from turns of 2π is not held against rotations across ±π, nor the other way round."""
    chosen = experiment()
    policy = untrained_policy(chosen, data)
    for angles, crossings in (("plain", {"yaw": 2}), (None, {"yaw": 0})):
        statistics = replace(policy.spec.statistics, relabel_angles=angles, crossings=crossings)
        other = Policy(replace(policy.spec, statistics=statistics), policy.agent)
        with pytest.raises(DataError, match=r"relabel_angles[^\0]*allowed: wrapped"):
            evaluation(chosen, other, data, [[TASK]])
    plain = experiment(**{"config.dataset_kwargs.relabel_angles": "plain"})
    assert evaluation(plain, policy, data, [[TASK]])["overall"]  # no angle crosses here: both are the same


def test_an_empty_training_side_is_refused(tmp_path, experiment):
    write_task(tmp_path / TASK, training=0, validation=1)
    with pytest.raises(DataError, match="no trajectory at all"):
        evaluation(experiment(), Policy(spec(image_shape=(SIDE, SIDE, 3)), None), tmp_path, [[TASK]])
