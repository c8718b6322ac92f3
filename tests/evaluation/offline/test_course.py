"""Errors over the course of a trajectory and over the steps of a chunk, by hand."""

import numpy as np

from bridgelib.evaluation.offline.course import over_the_chunk, over_the_course
from tests.evaluation.offline.made import demonstrated


def test_each_transition_is_in_the_part_of_its_relative_time():
    # Of 20 transitions two are in each part; of 5 one in every second part, from the first on.
    made = demonstrated([20, 5])
    off = np.zeros((25, 7), np.float32)
    off[:20, 0] = np.arange(20)
    off[20:, 0] = 100
    parts = over_the_course(made, {"policy": made.actions + off})
    assert [(part["from"], part["to"]) for part in parts][::9] == [(0, 0.1), (0.9, 1)]
    assert [part["transitions"] for part in parts] == [3, 2] * 5
    values = [part["error"]["policy"]["x"]["value"] for part in parts]
    np.testing.assert_allclose(
        values[::2], [(0 + 1 + 100) / 3, (4 + 5 + 100) / 3, 39, (12 + 13 + 100) / 3, 133 / 3], 1e-5
    )
    assert values[1::2] == [2.5, 6.5, 10.5, 14.5, 18.5]


def test_a_part_without_transitions_has_no_number():
    made = demonstrated([2])
    parts = over_the_course(made, {"policy": made.actions})
    assert [part["transitions"] for part in parts] == [1, 0, 0, 0, 0, 1, 0, 0, 0, 0]
    assert parts[1]["error"]["policy"]["y"] == {"value": None, "interval": None}


def test_steps_of_a_chunk_beyond_the_end_do_not_count():
    # Action i is i: a chunk that predicts i at every step is wrong by 0, 1 and 2.
    made = demonstrated([4, 2])
    chunks = np.repeat(made.actions[:, None], 3, axis=1)
    chunks[3, 1:] = chunks[5, 1:] = np.nan  # beyond the end of their trajectory
    chunks[2, 2] = chunks[4, 2] = np.nan
    steps = over_the_chunk(made, chunks, mean_action=np.zeros(7))
    assert [(step["step"], step["transitions"]) for step in steps] == [(1, 6), (2, 4), (3, 2)]
    assert [step["error"]["policy"]["z"]["value"] for step in steps] == [0, 1, 2]
    # Of the second step the wanted actions are 1, 2, 3 and 5; of the third 2 and 3.
    assert [step["error"]["mean_action"]["z"]["value"] for step in steps] == [2.5, 11 / 4, 2.5]


def test_a_chunk_longer_than_every_trajectory():
    made = demonstrated([1, 2])
    steps = over_the_chunk(made, np.zeros((3, 4, 7)), np.zeros(7))
    assert [step["transitions"] for step in steps] == [3, 1, 0, 0]
    assert steps[3]["error"]["policy"]["x"] == {"value": None, "interval": None}
