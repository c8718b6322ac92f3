from itertools import combinations, product

import numpy as np
import pytest

from bridgelib.errors import ConfigError
from bridgelib.sim.scene import FINGER_RADIUS, Scene, _pushed_direction
from bridgelib.sim.tasks import TASKS

SIZE = (48, 64)
PLACE, PUSH = "put_red_cube_on_plate", "push_blue_cylinder_onto_green_cloth"
STAY_OPEN, STAY_CLOSED = np.array([0, 0, 0, 0, 0, 0, 1.0]), np.zeros(7)


def at_item(task=PLACE, height=0.02):
    """A scene whose open gripper is around the item."""
    scene = Scene(task, 0, SIZE)
    scene.state[:2] = scene.item.position[:2]
    scene.state[2] = height
    return scene


def moves(scene, action, times):
    for _ in range(times):
        scene.move(action)


def test_observation_has_bridges_form():
    observation = Scene(PLACE, 0).reset()
    assert observation["image"].shape == (480, 640, 3) and observation["image"].dtype == np.uint8
    assert observation["state"].shape == (7,) and observation["state"].dtype == np.float64
    assert observation["state"][6] == 1.0  # an episode begins with an open gripper


@pytest.mark.parametrize("task", TASKS)
def test_an_episode_follows_from_task_and_seed(task):
    def episode(scene):
        observations = [scene.reset()] + [scene.step(np.array([0.01, 0, -0.01, 0, 0, 0, k % 2])) for k in range(3)]
        return [array for observation in observations for array in observation.values()]

    scene = Scene(task, 7, SIZE)
    first, again, other = episode(scene), episode(scene), episode(Scene(task, 7, SIZE))
    for ours, theirs, others in zip(first, again, other, strict=True):
        np.testing.assert_array_equal(ours, theirs)
        np.testing.assert_array_equal(ours, others)
    different = episode(Scene(task, 8, SIZE))
    assert not np.array_equal(first[0], different[0]) and not np.array_equal(first[1], different[1])


def test_motion_does_not_depend_on_looking():
    seeing, blind = Scene(PUSH, 3, SIZE), Scene(PUSH, 3, (24, 32))
    seeing.reset()
    for _ in range(5):
        action = np.array([0.01, 0.005, -0.01, 0.01, 0, 0, 0])
        seeing.step(action)
        blind.move(action)
    np.testing.assert_array_equal(seeing.state, blind.state)


def test_an_observed_state_is_a_copy():
    scene = Scene(PLACE, 0, SIZE)
    before = scene.reset()["state"]
    kept = before.copy()
    scene.step(STAY_CLOSED)
    before[:] = 9
    assert (scene.state != 9).all() and not np.array_equal(kept, scene.state)


def test_the_item_is_grasped_carried_and_dropped():
    scene = at_item()
    moves(scene, STAY_CLOSED, 3)
    assert scene.holding
    assert scene.state[6] == pytest.approx(0.042 / 0.074)  # the cube keeps the fingers apart
    moves(scene, np.array([0, 0, 0.02, 0, 0, 0, 0]), 4)
    assert scene.item.position[2] > 0.04
    np.testing.assert_allclose(scene.item.position[:2], scene.state[:2])
    assert not scene.success()
    moves(scene, STAY_OPEN, 2)
    assert not scene.holding and scene.item.position[2] == 0.0


def test_a_carried_item_does_not_sink_into_the_table():
    scene = at_item(height=0.04)
    moves(scene, STAY_CLOSED, 3)
    moves(scene, np.array([0, 0, -0.02, 0, 0, 0, 0]), 5)
    assert scene.holding and scene.item.position[2] == 0.0


def test_success_is_the_item_at_rest_on_the_target():
    scene = at_item()
    moves(scene, STAY_CLOSED, 3)
    scene.state[:3] = np.append(scene.target.position[:2], 0.06)
    moves(scene, STAY_CLOSED, 1)
    assert not scene.success()  # over the plate, but in the gripper
    moves(scene, STAY_OPEN, 2)
    assert scene.success()
    assert scene.item.position[2] == scene.target.shape.height  # it stands on the plate
    assert scene.distance() == pytest.approx(np.hypot(*(scene.item.position - scene.target.position)[:2]))
    scene.item.position[:2] = scene.target.position[:2] + np.array([0.03, 0.04])
    assert scene.distance() == pytest.approx(0.05)
    assert not scene.success()


def test_open_and_closed_fingers_that_stay_so_take_hold_of_nothing():
    scene = at_item()
    moves(scene, STAY_OPEN, 5)
    assert not scene.holding
    scene = at_item(height=0.1)  # closed in the air, then lowered onto the item
    moves(scene, STAY_CLOSED, 3)
    moves(scene, np.array([0, 0, -0.02, 0, 0, 0, 0]), 4)
    assert not scene.holding


def test_closed_fingers_push_and_open_ones_do_not():
    scene = Scene(PUSH, 0, SIZE)
    scene.item.position[:2] = 0.3, 0.0
    for gripper, shifted in ((1.0, 0.0), (0.0, 0.02)):
        scene.state[:] = (0.3, -0.016, 0.02, 0, 0, 0, gripper)
        before = scene.item.position.copy()
        scene.move(np.array([0, 0, 0, 0, 0, 0, gripper]))
        way = scene.item.position - before
        # Fingers (radius 0.014) and cylinder (0.022) touch at 0.036 m; the fingers stand 0.020 m inside of that.
        assert way[1] == pytest.approx(shifted, abs=1.5e-3) and abs(way[0]) < 1.5e-3


def test_a_push_goes_half_with_the_motion():
    away, motion = np.array([0.03, 0.0]), np.array([0.0, 0.02])
    np.testing.assert_allclose(_pushed_direction(away, np.array([0.02, 0.0])), [1, 0])
    np.testing.assert_allclose(_pushed_direction(away, np.array([0.012, 0.016])), np.array([1.6, 0.8]) / np.sqrt(3.2))
    np.testing.assert_allclose(_pushed_direction(away, motion - away), [1, 0])  # fingers that withdraw pull nothing
    np.testing.assert_allclose(_pushed_direction(away, np.array([0.0004, 0.0])), [1, 0])
    np.testing.assert_allclose(_pushed_direction(np.zeros(2), np.zeros(2)), [0, 0])


@pytest.mark.parametrize("sideways", [-0.008, 0.0, 0.01])
def test_a_pushed_body_just_touches_the_fingers(sideways):
    scene = Scene(PUSH, 0, SIZE)
    scene.item.position[:2] = 0.3, 0.0
    scene.state[:] = (0.3 + sideways, -0.045, 0.02, 0, 0, 0, 0)
    moves(scene, np.array([0, 0.012, 0, 0, 0, 0, 0]), 4)
    distance = np.linalg.norm(scene.item.position[:2] - scene.state[:2])
    assert distance == pytest.approx(FINGER_RADIUS + scene.item.shape.radius)
    assert scene.item.position[1] > 0.02


def test_fingers_above_the_item_push_nothing():
    scene = Scene(PUSH, 0, SIZE)
    scene.state[:] = (*scene.item.position[:2], 0.1, 0, 0, 0, 0)
    before = scene.item.position.copy()
    scene.move(STAY_CLOSED)
    np.testing.assert_array_equal(scene.item.position, before)


@pytest.mark.parametrize("task", TASKS)
def test_arrangements_leave_room(task):
    for seed in range(100):
        scene = Scene(task, seed)
        assert not scene.success()
        assert 0.1 < scene.distance() < 0.25
        bodies = [*scene.items, *scene.distractors]
        assert 2 <= len(bodies) <= 4
        targets = [pair.target for pair in scene.pairs.values()]
        for body, other in [*combinations(bodies, 2), *combinations(targets, 2), *product(bodies, targets)]:
            apart = np.linalg.norm(body.position[:2] - other.position[:2])
            assert apart > body.shape.radius + other.shape.radius


@pytest.mark.parametrize("action", [np.zeros(6), np.full(7, np.nan), np.array([0, 0, np.inf, 0, 0, 0, 1])])
def test_an_unusable_action_is_refused(action):
    with pytest.raises(ValueError, match="7 finite numbers"):
        Scene(PLACE, 0, SIZE).step(action)


def test_an_unknown_task_is_refused_with_the_right_one():
    with pytest.raises(ConfigError, match="did you mean 'put_red_cube_on_plate'"):
        Scene("put_red_cube_on_plat", 0)
