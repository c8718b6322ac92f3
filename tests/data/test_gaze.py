"""Gaze maps: hand-worked Gaussians, their neighbours in time, and boxes that are none."""

import math

import numpy as np
import pytest

from bridgelib.data.gaze import gaze_maps
from bridgelib.errors import DataError

CENTRE = [0.4, 0.4, 0.6, 0.6]
SIZE = 11  # pixel 5 is the centre


def density(distance_squared, sigma):
    return math.exp(-distance_squared / (2 * sigma**2)) / (2 * math.pi * sigma**2)


def test_one_box_by_hand():
    """Sigma is 0.2 · 11 = 2.2 pixels; the farthest pixel, a corner, is at 5² + 5² = 50."""
    (frame,) = gaze_maps([[CENTRE]], SIZE, gamma=0.2)
    assert frame.shape == (SIZE, SIZE, 1)
    assert frame.dtype == np.float32
    low, high = density(50, 2.2), density(0, 2.2)
    assert frame[5, 5, 0] == 1
    assert frame[0, 0, 0] == 0
    assert frame[5, 7, 0] == pytest.approx((density(4, 2.2) - low) / (high - low), rel=1e-5)
    assert frame[2, 6, 0] == pytest.approx((density(10, 2.2) - low) / (high - low), rel=1e-5)


def test_x_runs_to_the_right_and_y_downwards():
    (frame,) = gaze_maps([[[0.9, 0.0, 1.0, 0.2]]], 21)
    assert np.unravel_index(frame.argmax(), frame.shape) == (2, 19, 0)


def test_neighbours_in_time_by_hand():
    """A box on the left in frame 0, one on the right in frame 2; frame 1 has none and sees both, blurred."""
    left, right = [0.0, 0.4, 0.2, 0.6], [0.8, 0.4, 1.0, 0.6]
    maps = gaze_maps([[left], [], [right]], SIZE, window=2, alpha=0.5, beta=0.8, gamma=0.2)
    sigma = {distance: 2.2 * 0.8**-distance for distance in (0, 1, 2)}

    def expected(frame, row, column):
        """Left is pixel (5, 1), right is pixel (5, 9)."""
        to_left, to_right = (row - 5) ** 2 + (column - 1) ** 2, (row - 5) ** 2 + (column - 9) ** 2
        near, far = frame, 2 - frame
        return 0.5**near * density(to_left, sigma[near]) + 0.5**far * density(to_right, sigma[far])

    for frame in range(3):
        raw = np.array([[expected(frame, row, column) for column in range(SIZE)] for row in range(SIZE)])
        scaled = (raw - raw.min()) / (raw.max() - raw.min())
        np.testing.assert_allclose(maps[frame, ..., 0], scaled, atol=1e-6)
    np.testing.assert_allclose(maps[1], maps[1, :, ::-1], atol=1e-6)


def test_the_window_ends_where_it_says():
    maps = gaze_maps([[CENTRE], [], [], []], SIZE, window=2)
    assert [frame.max() for frame in maps] == [1, 1, 1, 0]
    assert [frame.max() for frame in gaze_maps([[], [], [CENTRE]], SIZE, window=0)] == [0, 0, 1]


def test_what_counts_by_default():
    """Two frames each way, at 0.7 of the weight per frame and a sigma of 0.06 of the side, over 0.7 per frame."""
    size, row = 101, 50
    boxes = [[[0.0, 0.4, 0.2, 0.6]], [], [], [[0.8, 0.4, 1.0, 0.6]]]
    sigma = {distance: 0.06 * size / 0.7**distance for distance in (1, 2)}
    near, far = (0.7**distance * density(0, sigma[distance]) for distance in (1, 2))
    middle = gaze_maps(boxes, size)[1, row, :, 0]
    assert middle[10] == middle.max() == 1
    assert middle[90] == pytest.approx(far / near, rel=1e-3)  # each is next to nothing where the other is


def test_two_boxes_add_up():
    (both,) = gaze_maps([[[0.0, 0.4, 0.2, 0.6], [0.8, 0.4, 1.0, 0.6]]], SIZE, gamma=0.1)
    assert both[5, 1, 0] == both[5, 9, 0] == 1
    assert both[5, 5, 0] < 0.1


def test_sigma_is_at_least_a_pixel():
    (frame,) = gaze_maps([[CENTRE]], SIZE, gamma=0.0)
    assert frame[5, 6, 0] == pytest.approx(math.exp(-0.5), abs=1e-4)


def test_boxes_are_cut_at_the_image_and_empty_ones_left_aside():
    cut = gaze_maps([[[-1.0, 0.4, 0.4, 0.6]]], SIZE)
    np.testing.assert_array_equal(cut, gaze_maps([[[0.0, 0.4, 0.4, 0.6]]], SIZE))
    without_area = [[0.6, 0.4, 0.4, 0.6], [0.5, 0.5, 0.5, 0.9], [1.2, 0.1, 1.5, 0.2]]
    assert not gaze_maps([without_area, None, []], SIZE).any()
    np.testing.assert_array_equal(gaze_maps([[CENTRE, *without_area]], SIZE), gaze_maps([[CENTRE]], SIZE))


def test_arrays_and_tuples_will_do():
    expected = gaze_maps([[CENTRE], [CENTRE]], SIZE)
    np.testing.assert_array_equal(gaze_maps([np.array([CENTRE]), (tuple(CENTRE),)], SIZE), expected)


@pytest.mark.parametrize("box", [[0.1, 0.2, 0.3], "abcd", [0.1, 0.2, 0.3, float("nan")], 7, [0, 0, 1, "one"]])
def test_what_is_no_box_is_refused(box):
    with pytest.raises(DataError, match="gaze boxes of frame 1"):
        gaze_maps([[CENTRE], [box]], SIZE)
