import json

import pytest

from bridgelib.evaluation.intervals import wilson
from bridgelib.evaluation.results import difference, task_result
from bridgelib.evaluation.rollouts import Episode


def episodes(*outcomes, first=100):
    """One for each letter: s for success, f for failure, o for the other thing."""
    return [
        Episode(first + number, outcome == "s", 10 * (number + 1), 0.01 * number, outcome == "o")
        for number, outcome in enumerate("".join(outcomes))
    ]


def test_a_result_by_hand():
    result = task_result(episodes("sfso"))
    assert (result["episodes"], result["successes"], result["rate"], result["did_other"]) == (4, 2, 0.5, 1)
    assert result["interval"] == list(wilson(2, 4))
    assert result["steps_to_success"] == [15, 20, 25]  # of 10 and 30
    assert result["distance"] == pytest.approx([0.0075, 0.015, 0.0225])
    assert result["scenes"][3] == {"seed": 103, "success": False, "steps": 40, "distance": 0.03, "did_other": True}


def test_no_success_has_no_steps_and_every_result_is_json():
    result = task_result(episodes("ff"))
    assert result["steps_to_success"] is None and result["interval"][0] == 0
    assert json.loads(json.dumps(result)) == result


def test_a_difference_is_of_the_scenes_that_both_have():
    first, second = task_result(episodes("ssff")), task_result(episodes("fsf", first=101))
    found = difference(first, second)
    assert found["scenes"] == 3
    assert found["difference"] == 0  # of seeds 101 to 103: one success each
    assert found["interval"][0] < 0 < found["interval"][1]
    assert difference(first, task_result(episodes("s", first=900))) is None
