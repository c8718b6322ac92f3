"""Windows over a trajectory: worked out by hand."""

import numpy as np

from bridgelib.data.chunks import action_chunk, demonstrated, held_still, history_frames


def test_history_repeats_the_first_frame_before_the_start():
    assert history_frames(np.array([0, 1, 4]), 3).tolist() == [[0, 0, 0], [0, 0, 1], [2, 3, 4]]


def test_history_of_one_is_the_frame_itself():
    assert history_frames(np.array([0, 4]), 1).tolist() == [[0], [4]]


def test_chunk_repeats_the_last_action_beyond_the_end():
    step, length = np.array([0, 3, 4, 0]), np.array([5, 5, 5, 1])
    assert action_chunk(step, length, 3).tolist() == [[0, 1, 2], [3, 4, 4], [4, 4, 4], [0, 0, 0]]


def test_chunk_of_one_is_the_action_itself():
    assert action_chunk(np.array([2]), np.array([5]), 1).tolist() == [[2]]


def test_what_lies_beyond_the_end_was_not_demonstrated():
    shown = demonstrated(np.array([0, 3, 4, 0]), np.array([5, 5, 5, 1]), 3)
    assert shown.tolist() == [[True] * 3, [True, True, False], [True, False, False], [True, False, False]]


def test_beyond_the_end_nothing_moves_and_the_gripper_is_held():
    """Two numbers and a gripper; standing still is (0.5, -2) in normalised units, and whatever the gripper was told."""
    actions = np.float32([[[1, 2, 3], [4, 5, 6], [4, 5, 6]]])
    still = held_still(actions, np.array([[True, True, False]]), np.float32([0.5, -2, 9]))
    assert still.dtype == np.float32
    assert still.tolist() == [[[1, 2, 3], [4, 5, 6], [0.5, -2, 6]]]
