"""Which trajectories are unusual: numbers worked out by hand."""

import numpy as np
import pytest

from bridgelib.report.unusual import FEATURES, NOTABLE, features, scores


def straight(length: int, speed: float, gripper: tuple[float, ...] = ()) -> np.ndarray:
    """A way along x of so many steps; the gripper is open where nothing is said."""
    state = np.zeros((length + 1, 7), np.float32)
    state[:, 0] = speed * np.arange(length + 1)
    state[:, 6] = 1
    state[: len(gripper), 6] = gripper
    return state


def table(trajectories: list[np.ndarray]) -> np.ndarray:
    offsets = np.cumsum([0, *map(len, trajectories)])
    return features(np.concatenate(trajectories), offsets)


def test_features_are_what_they_are_called():
    first, second = table([straight(10, 0.01), straight(20, 0.01, (1, 0, 1, 0, 1))])
    assert first == pytest.approx([10, 0.01, 0, 0.025], abs=1e-3)  # half as far as 0.1 and 0.2, on average over the way
    assert second == pytest.approx([20, 0.01, 4, 0.025], abs=1e-3)


def test_from_one_trajectory_to_the_next_nothing_moves():
    near, far = straight(5, 0.0), straight(5, 0.0)
    far[:, 0] = 10
    far[:, 6] = 0
    assert table([near, far, near])[:, 1:3].tolist() == [[0, 0]] * 3


def test_scores_are_modified_z_scores_with_a_floor():
    rows = np.zeros((5, 4))
    rows[:, 0] = [10, 12, 14, 16, 100]  # median 14, deviations 4 2 0 2 86: their median is 2
    rows[:, 1] = [0.02, 0.02, 0.02, 0.02, 0.0205]  # differences that are none: the floor is 0.001
    assert scores(rows)[:, 0] == pytest.approx([0.6745 * (value - 14) / 2 for value in rows[:, 0]])
    assert scores(rows)[4, 1] == pytest.approx(0.6745 * 0.0005 / 0.001)


@pytest.mark.parametrize(
    ("odd", "why"),
    [
        (straight(60, 0.01 / 3), "length"),
        (straight(20, 0.05), "speed"),
        (straight(20, 0.01, tuple(number % 2 for number in range(20))), "gripper"),
        (straight(20, 0.01) + np.array([0, 0.3, 0, 0, 0, 0, 0], np.float32), "path"),
    ],
)
def test_what_is_odd_is_found_with_its_reason(odd, why):
    judged = scores(table([*(straight(19 + number % 3, 0.01) for number in range(12)), odd]))
    assert np.abs(judged[:-1]).max() < NOTABLE < np.abs(judged[-1]).max()
    if why != "speed":  # who is faster also goes elsewhere
        assert FEATURES[int(np.abs(judged[-1]).argmax())] == why
    assert np.abs(judged[-1, FEATURES.index(why)]) > NOTABLE


def test_what_many_do_is_not_unusual_and_what_nobody_else_does_is():
    """A second grasp in four of twelve; one that never closes its gripper; one that opens and closes it nine times."""
    once, twice = (1, 0, 0, 1), (1, 0, 1, 0, 1)
    common = [straight(20, 0.01, twice if number < 4 else once) for number in range(12)]
    never, always = straight(20, 0.01), straight(20, 0.01, tuple(number % 2 for number in range(19)))
    gripper = scores(table([*common * 2, never, always]))[:, FEATURES.index("gripper")]
    assert np.abs(gripper[:-2]).max() <= NOTABLE
    assert gripper[-2] < -NOTABLE and gripper[-1] > NOTABLE
