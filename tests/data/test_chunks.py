"""Windows over a trajectory: worked out by hand."""

import numpy as np

from bridgelib.data.chunks import action_chunk, history_frames


def test_history_repeats_the_first_frame_before_the_start():
    assert history_frames(np.array([0, 1, 4]), 3).tolist() == [[0, 0, 0], [0, 0, 1], [2, 3, 4]]


def test_history_of_one_is_the_frame_itself():
    assert history_frames(np.array([0, 4]), 1).tolist() == [[0], [4]]


def test_chunk_repeats_the_last_action_beyond_the_end():
    step, length = np.array([0, 3, 4, 0]), np.array([5, 5, 5, 1])
    assert action_chunk(step, length, 3).tolist() == [[0, 1, 2], [3, 4, 4], [4, 4, 4], [0, 0, 0]]


def test_chunk_of_one_is_the_action_itself():
    assert action_chunk(np.array([2]), np.array([5]), 1).tolist() == [[2]]
