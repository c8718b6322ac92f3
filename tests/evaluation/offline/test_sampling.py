"""Which trajectories are evaluated and shown."""

import numpy as np
import pytest

from bridgelib.evaluation.offline.sampling import MOST_SHOWN, MOST_STEPS_SHOWN, evenly_spread, shown


@pytest.mark.parametrize(
    ("lengths", "limit", "chosen"),
    [
        ([5, 5, 5, 5], 100, [0, 1, 2, 3]),
        ([5, 5, 5, 5], 20, [0, 1, 2, 3]),
        ([5, 5, 5, 5], 19, [0, 1, 2]),
        ([5, 5, 5, 5], 10, [0, 2]),
        ([5, 5, 5, 5], 1, [0]),
        ([30, 1, 1, 1, 1, 1], 4, [0]),  # every even spread of more has the first
    ],
)
def test_whole_trajectories_are_spread_evenly_below_the_limit(lengths, limit, chosen):
    assert evenly_spread(np.array(lengths), limit).tolist() == chosen


def test_two_of_each_task_are_shown():
    assert shown(["b"] * 5 + ["a"] * 3 + ["b"], np.full(9, 10)).tolist() == [0, 3, 5, 6]
    assert shown(["a"], np.array([10])).tolist() == [0]


def test_of_many_tasks_or_steps_fewer_are_shown():
    many = shown([f"task{number:03}" for number in range(100)], np.full(100, 10))
    assert len(many) == MOST_SHOWN and many[-1] > 90
    lengths = np.full(10, MOST_STEPS_SHOWN // 4)
    assert len(shown([str(number) for number in range(10)], lengths)) == 4
