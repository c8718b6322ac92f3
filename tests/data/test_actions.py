"""Relabelled actions: hand-worked numbers, and the rule as its definition says it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridgelib.data.actions import binarised_gripper, relabelled_actions


def by_definition(commands: list[float]) -> list[float]:
    """Walk backwards and remember what was reached."""
    reached, result = commands[-1], []
    for command in reversed(commands):
        if command > np.float32(0.95):
            reached = 1.0
        elif command < np.float32(0.05):
            reached = 0.0
        result.insert(0, reached)
    return result


@pytest.mark.parametrize(
    ("commands", "expected"),
    [
        ([1.0, 0.6, 0.3, 0.0, 0.0], [1, 0, 0, 0, 0]),  # closing: the way down counts as closed
        ([0.0, 0.4, 0.7, 1.0], [0, 1, 1, 1]),  # opening
        ([1.0, 0.5, 0.97, 0.5, 0.03], [1, 1, 1, 0, 0]),
        ([1.0, 0.0, 0.4, 0.6], [1, 0, 0.6, 0.6]),  # ends in between: the last command, as it is
        ([0.5], [0.5]),
        ([0.95, 0.05, 1.0], [1, 1, 1]),  # the thresholds themselves lie in between
        ([0.95, 0.05, 0.0], [0, 0, 0]),
    ],
)
def test_gripper_takes_the_value_reached_after(commands, expected):
    np.testing.assert_array_equal(binarised_gripper(np.float32(commands)), np.float32(expected))


@given(st.lists(st.sampled_from([0.0, 0.04, 0.05, 0.3, 0.6, 0.95, 0.96, 1.0]), min_size=1, max_size=40))
def test_gripper_equals_the_definition(commands):
    commands = np.float32(commands)
    np.testing.assert_array_equal(binarised_gripper(commands), np.float32(by_definition(commands.tolist())))


def test_motion_is_the_difference_of_states():
    state = np.zeros((3, 7), np.float32)
    state[:, 0] = [0.25, 0.5, 0.375]
    state[:, 5] = [0.0, -0.125, 0.5]
    state[:, 6] = [1.0, 0.5, 0.1]  # the state of the gripper plays no part
    actions = np.full((2, 7), 9.0, np.float32)
    actions[:, 6] = [0.5, 0.0]
    relabelled = relabelled_actions(state, actions)
    assert relabelled.dtype == np.float32
    np.testing.assert_array_equal(relabelled, [[0.25, 0, 0, 0, 0, -0.125, 0], [-0.125, 0, 0, 0, 0, 0.625, 0]])


def test_a_rotation_across_half_a_turn_is_the_shorter_way_round():
    """For each angle, forwards and backwards; positions may be as far apart as they are."""
    for angle in (3, 4, 5):
        state = np.zeros((4, 7), np.float32)
        state[:, angle] = [3.12, 3.14, -3.12, -3.10]
        state[:, 0] = [3.12, 3.14, -3.12, -3.10]
        across = 2 * np.pi - 6.26
        actions = np.ones((3, 7), np.float32)
        relabelled = relabelled_actions(state, actions)
        np.testing.assert_allclose(relabelled[:, angle], [0.02, across, 0.02], atol=1e-6)
        np.testing.assert_allclose(relabelled[:, 0], [0.02, -6.26, 0.02], atol=1e-6)
        backwards = relabelled_actions(state[::-1], actions)
        np.testing.assert_allclose(backwards[:, angle], [-0.02, -across, -0.02], atol=1e-6)


@pytest.mark.parametrize("half", [np.float32(np.pi), np.float64(np.pi), -np.float64(np.pi)])
def test_half_a_turn_is_at_the_lower_end(half):
    """Of [-π, π): both ways round are as long, and the range has only one of them."""
    state = np.zeros((2, 7), np.asarray(half).dtype)
    state[1, 5] = half
    turned = relabelled_actions(state, np.ones((1, 7), np.float32))[0, 5]
    assert turned == pytest.approx(-np.pi, abs=1e-6) and -np.pi <= turned


def test_plain_angles_are_the_predecessors():
    state = np.zeros((4, 7), np.float32)
    state[:, 3] = [3.12, 3.14, -3.12, -3.10]
    plain = relabelled_actions(state, np.ones((3, 7), np.float32), angles="plain")
    np.testing.assert_array_equal(plain[:, :6], np.diff(state[:, :6], axis=0))
    assert plain[1, 3] == pytest.approx(-6.26)


def test_inputs_are_left_alone():
    state, actions = np.ones((3, 7), np.float32), np.full((2, 7), 0.5, np.float32)
    relabelled_actions(state, actions)
    assert (state == 1).all()
    assert (actions == 0.5).all()
