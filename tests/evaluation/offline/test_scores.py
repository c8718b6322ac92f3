"""Scores of predicted actions, by hand."""

import numpy as np
import pytest

from bridgelib.evaluation.offline.baselines import mean_action, previous_action
from bridgelib.evaluation.offline.demonstrated import Demonstrated
from bridgelib.evaluation.offline.scores import score, score_sums, scores
from tests.evaluation.offline.made import demonstrated

ONE = np.eye(7, dtype=np.float32)


def predicted_from(made: Demonstrated, errors) -> np.ndarray:
    return made.actions + np.asarray(errors, np.float32)


def test_errors_are_absolute_and_averaged_over_transitions():
    made = demonstrated([2, 1])
    predicted = predicted_from(made, [0.25 * ONE[0], -0.75 * ONE[0], 0.5 * ONE[5]])
    found = score(score_sums(made, predicted))
    assert found["error"]["x"] == {"value": pytest.approx(1 / 3, rel=1e-5), "interval": [0, 0.5]}
    assert found["error"]["yaw"]["value"] == pytest.approx(0.5 / 3, rel=1e-5)
    assert found["error"]["z"] == {"value": 0, "interval": [0, 0]}
    assert list(found["error"]) == ["x", "y", "z", "roll", "pitch", "yaw", "gripper"]


def test_trajectories_of_a_group_are_scored_alone():
    made = demonstrated([2, 1, 1])
    sums = {"policy": score_sums(made, predicted_from(made, [ONE[1], 3 * ONE[1], 5 * ONE[1], 0 * ONE[1]]))}
    assert scores(sums, np.array([0]))["policy"]["error"]["y"] == {"value": 2, "interval": None}
    assert scores(sums, np.array([1, 2]))["policy"]["error"]["y"] == {"value": 2.5, "interval": [0, 5]}


def test_gripper_of_several_trajectories():
    # 11100 and 111: the first change is found, beside one that is none; the second trajectory has one that is none.
    made = demonstrated([5, 3], gripper=[1, 1, 1, 0, 0, 1, 1, 1])
    predicted = made.actions.copy()
    predicted[:, 6] = [1, 1, 1, 0, 1, 1, 1, 0]
    found = score(score_sums(made, predicted))["gripper"]
    assert found["accuracy"]["value"] == 6 / 8
    assert (found["demonstrated_changes"], found["policy_changes"]) == (1, 3)
    assert found["change_recall"]["value"] == 1
    assert found["change_precision"]["value"] == pytest.approx(1 / 3, rel=1e-5)
    assert found["change_f1"]["value"] == 2 * (1 / 3) / (4 / 3)
    # A draw of the second trajectory alone has no demonstrated change, and none found.
    assert found["change_f1"]["interval"][0] == 0


@pytest.mark.parametrize(
    ("gripper", "predicted", "f1"),
    [([1, 1, 0], [1, 1, 1], 0), ([1, 1, 1], [1, 0, 1], 0), ([1, 1, 1], [1, 1, 1], None), ([1, 1, 0], [1, 1, 0], 1)],
)
def test_f1_where_nothing_is_found_or_nothing_to_find(gripper, predicted, f1):
    made = demonstrated([3], gripper=gripper)
    actions = made.actions.copy()
    actions[:, 6] = predicted
    assert score(score_sums(made, actions))["gripper"]["change_f1"]["value"] == f1


def test_previous_action_begins_with_the_mean_and_never_changes_the_gripper():
    made = demonstrated([3, 2], gripper=[1, 1, 0, 0, 1])
    mean = np.full(7, 0.25)
    previous = previous_action(made, mean)
    assert previous[[1, 2, 4]].tolist() == made.actions[[0, 1, 3]].tolist()
    assert previous[[0, 3]].tolist() == [mean.tolist()] * 2
    found = score(score_sums(made, previous))["gripper"]
    assert found["policy_changes"] == 0 and found["demonstrated_changes"] == 2
    assert found["change_f1"]["value"] == 0 and found["change_precision"]["value"] is None


def test_mean_action_is_the_same_everywhere():
    made = demonstrated([2, 1])
    assert mean_action(made, np.arange(7)).tolist() == [[0, 1, 2, 3, 4, 5, 6]] * 3
