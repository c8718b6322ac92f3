"""Predictions carried out one after the other, or all of one moment as their ensemble."""

from math import exp, log

import numpy as np
import pytest

from bridgelib.errors import DataError
from bridgelib.policy import Policy
from bridgelib.policy.memory import Ensemble, Memory, Queue
from tests.policy.fakes import MEAN, STD, FakeAgent, image, spec


def chunk(*firsts: float) -> np.ndarray:
    """A chunk whose actions have these first entries, float32 [Ta, 7]."""
    return np.array([[first, *[0.0] * 6] for first in firsts], np.float32)


def carried_out(plan, *chunks) -> list[float]:
    actions = []
    for each in chunks:
        plan.extend(each)
        actions.append(float(plan.pop()[0]))
    return actions


def test_weights_fall_with_newness_as_in_the_paper():
    """m = ln 2, so the weights are 1, 1/2, 1/4 from the oldest on; a chunk of three reaches two steps ahead."""
    predictions = [chunk(0, 1, 2), chunk(10, 11, 12), chunk(20, 21, 22), chunk(30, 31, 32)]
    expected = [
        0,
        (1 + 10 / 2) / 1.5,
        (2 + 11 / 2 + 20 / 4) / 1.75,
        (12 + 21 / 2 + 30 / 4) / 1.75,
    ]
    assert carried_out(Ensemble(3, log(2)), *predictions) == pytest.approx(expected)


@pytest.mark.parametrize(("m", "last"), [(0.0, (2 + 11 + 20) / 3), (50.0, 2.0)])
def test_without_decay_all_count_alike_and_with_much_only_the_oldest(m, last):
    predictions = [chunk(0, 1, 2), chunk(10, 11, 12), chunk(20, 21, 22)]
    assert carried_out(Ensemble(3, m), *predictions)[-1] == pytest.approx(last)


def test_predictions_that_agree_are_carried_out_as_they_are():
    course = np.linspace(0, 1, 8)
    predictions = [chunk(*course[start : start + 4]) for start in range(5)]
    assert carried_out(Ensemble(4, 0.01), *predictions) == pytest.approx(course[:5].tolist())


def test_a_queue_carries_out_the_first_actions_and_then_asks_again():
    queue = Queue(2)
    assert queue.is_short
    queue.extend(chunk(0, 1, 2))
    assert [float(queue.pop()[0]), queue.is_short, float(queue.pop()[0]), queue.is_short] == [0, False, 1, True]


def of_gripper(*values: float) -> np.ndarray:
    return np.array([[*[0.0] * 6, value] for value in values], np.float32)


@pytest.mark.parametrize(("gripper", "expected"), [("binary", 1.0), ("continuous", 0.6)])
def test_an_ensemble_weighs_how_sure_its_predictions_of_the_gripper_are(gripper, expected):
    """One sure prediction of open against two unsure ones of closed: their mean opens, where a vote would close."""
    memory = Memory(spec(chunk=3, gripper=gripper), ensemble=0.0)
    for prediction in (of_gripper(0.9, 0.9, 0.9), of_gripper(0.45, 0.45, 0.45), of_gripper(0.45, 0.45, 0.45)):
        memory.predicted(prediction)
        action = memory.next_action()
    assert action[6] == pytest.approx(expected)


@pytest.mark.parametrize("options", [{"execute": 2}, {"ensemble": 0.01}])
def test_what_was_predicted_is_not_changed_by_carrying_it_out(options):
    memory, prediction = Memory(spec(chunk=2, gripper="binary"), **options), of_gripper(0.4, 0.7)
    memory.predicted(prediction)
    memory.next_action()
    assert prediction[:, 6].tolist() == pytest.approx([0.4, 0.7])


def units(values) -> np.ndarray:
    """First entries in the robot's units of what the fake network says."""
    return MEAN[0] + STD[0] * np.asarray(values)


def test_a_policy_acts_by_the_ensemble_of_its_chunks_and_looks_at_each_step():
    agent = FakeAgent(chunk=3)  # says the image's level, then one more each step
    policy = Policy(spec(chunk=3, execute=3), agent, ensemble=log(2))
    acted = [policy.act(image(level))[0] for level in (0, 10, 20)]
    np.testing.assert_allclose(acted, units([0, (1 + 10 / 2) / 1.5, (2 + 11 / 2 + 20 / 4) / 1.75]), rtol=1e-5)
    assert len(agent.asked) == 3 and (policy.execute, policy.ensemble) == (1, log(2))


def test_a_new_episode_begins_with_its_own_first_prediction():
    policy = Policy(spec(chunk=3), FakeAgent(chunk=3), ensemble=0.01)
    for level in (200, 200):
        policy.act(image(level))
    policy.reset()
    assert policy.act(image(7))[0] == pytest.approx(units(7))
    weights = np.array([1, exp(-0.01)])
    assert policy.act(image(9))[0] == pytest.approx(units(weights @ [8, 9] / weights.sum()))


@pytest.mark.parametrize("m", [0, np.float32(0.01), np.int64(1)])
def test_numbers_of_any_kind_weigh_an_ensemble(m):
    policy = Policy(spec(chunk=3), FakeAgent(chunk=3), ensemble=m)
    policy.act(image(0))
    weights = np.array([1, exp(-m)])
    assert policy.act(image(10))[0] == pytest.approx(units(weights @ [1, 10] / weights.sum()))


@pytest.mark.parametrize(
    ("changes", "options", "told"),
    [
        ({}, {"ensemble": 0.01}, "one action at a time"),
        ({"chunk": 1}, {"ensemble": 0.01}, "one action at a time"),
        ({"chunk": 3}, {"ensemble": 0.01, "execute": 2}, "execute=2"),
        ({"chunk": 3}, {"ensemble": -0.1}, "0 or more"),
        ({"chunk": 3}, {"ensemble": float("nan")}, "0 or more"),
        ({"chunk": 3}, {"ensemble": float("inf")}, "0 or more"),
        ({"chunk": 3}, {"ensemble": True}, "0 or more"),
        ({"chunk": 3}, {"ensemble": "0.01"}, "0 or more"),
    ],
)
def test_what_makes_no_ensemble_is_refused(changes, options, told):
    with pytest.raises(DataError, match=f"policy, ensemble\n(.*\n)*.*{told}"):
        Policy(spec(**changes), FakeAgent(changes.get("chunk")), **options)
