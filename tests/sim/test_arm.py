import numpy as np
import pytest

from bridgelib.sim.arm import (
    LARGEST_STEP,
    OPENING,
    WORKSPACE_HIGH,
    WORKSPACE_LOW,
    finger_solids,
    natural_orientation,
    reached_opening,
    reached_pose,
)

POSE = np.array([0.3, 0.0, 0.1, 0.0, 0.0, 0.0])


@pytest.mark.parametrize(
    ("opening", "target", "narrowest", "expected"),
    [
        (1.0, 0.0, 0.0, 0.6),  # closing takes steps of at most 0.4
        (0.6, 0.0, 0.5, 0.5),  # and ends at what is between the fingers
        (0.5, 1.0, 0.5, 0.9),
        (0.9, 1.0, 0.0, 1.0),
        (0.9, 7.0, 0.0, 1.0),  # a target beyond open is open
        (0.2, -3.0, 0.0, 0.0),
    ],
)
def test_gripper_follows_its_target_with_a_lag(opening, target, narrowest, expected):
    assert reached_opening(opening, target, narrowest) == pytest.approx(expected)


def test_the_arm_comes_near_the_commanded_pose_but_not_exactly():
    command = np.array([0.01, -0.01, 0.01, 0.02, -0.02, 0.02])
    rng = np.random.default_rng(0)
    moves = np.array([reached_pose(POSE, command, np.zeros(6), rng) - POSE for _ in range(2000)])
    np.testing.assert_allclose(moves.mean(axis=0), 0.88 * command, rtol=0.02)
    np.testing.assert_allclose(moves.std(axis=0), 0.0002 + 0.04 * np.abs(command), rtol=0.1)


def test_part_of_the_last_motion_carries_over():
    drift = np.array([0.01, 0, 0, 0, 0, 0])
    still = [reached_pose(POSE, np.zeros(6), before, np.random.default_rng(1)) for before in (0 * drift, drift)]
    np.testing.assert_allclose(still[1] - still[0], 0.08 * drift, atol=1e-12)


def test_the_arm_stops_at_its_limits():
    rng = np.random.default_rng(0)
    far = reached_pose(POSE, np.full(6, 9.0), np.zeros(6), rng)
    assert (far - POSE <= LARGEST_STEP * 1.2).all()
    pose = POSE
    for _ in range(60):
        pose = reached_pose(pose, np.full(6, -9.0), np.zeros(6), rng)
    np.testing.assert_array_equal(pose, WORKSPACE_LOW)
    assert (WORKSPACE_LOW < WORKSPACE_HIGH).all()


def test_natural_orientation_is_that_of_a_waist_turned_arm():
    np.testing.assert_allclose(natural_orientation(np.array([0.2, 0.2, 0.0])), [0, 0, np.pi / 4])
    np.testing.assert_allclose(natural_orientation(np.array([0.3, 0.0, 0.1])), [0, -0.24, 0])


@pytest.mark.parametrize("opening", [1.0, 0.4, 0.0])
def test_one_is_open(opening):
    left, right = (solid.vertices for solid, _ in finger_solids(POSE, opening))
    assert left[:, 1].min() - right[:, 1].max() == pytest.approx(opening * OPENING)
