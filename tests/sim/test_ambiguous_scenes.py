"""Scenes in which two tasks can be done: image and proprio leave open which one is meant."""

import numpy as np
import pytest

from bridgelib.sim import expert
from bridgelib.sim.arm import OPENING
from bridgelib.sim.scene import Scene
from bridgelib.sim.tasks import TASKS
from tests.sim.test_rendering import is_blue, is_green, is_red, shrunk

PUT, PUSH = "either_put_red_cube_on_plate", "either_push_blue_cylinder_onto_green_cloth"
SIZE = (48, 64)


def places(scene):
    """Where everything is, by what it looks like."""
    bodies = [body for pair in scene.pairs.values() for body in (pair.item, pair.target)]
    return {body.shape: (*body.position, body.yaw) for body in [*bodies, *scene.distractors]}


def test_the_two_are_each_others_alternative_and_do_what_the_unambiguous_tasks_do():
    assert {name: task.other for name, task in TASKS.items() if task.other} == {PUT: PUSH, PUSH: PUT}
    for name in (PUT, PUSH):
        ours, plain = TASKS[name], TASKS[name.removeprefix("either_")]
        assert (ours.manner, ours.item, ours.target, ours.tolerance, ours.instructions) == (
            (plain.manner, plain.item, plain.target, plain.tolerance, plain.instructions)
        )


@pytest.mark.parametrize("seed", range(5))
def test_one_seed_gives_both_tasks_the_same_scene(seed):
    put, push = Scene(PUT, seed, SIZE), Scene(PUSH, seed, SIZE)
    assert places(put) == places(push)
    assert put.item.shape == push.pairs[PUT].item.shape != push.item.shape
    first, second = put.reset(), push.reset()
    for _ in range(4):
        np.testing.assert_array_equal(first["image"], second["image"])
        np.testing.assert_array_equal(first["state"], second["state"])
        first, second = (scene.step(np.array([0.01, 0.01, -0.02, 0, 0, 0, 0.0])) for scene in (put, push))


def test_other_seeds_and_unambiguous_tasks_have_other_scenes():
    states = {tuple(Scene(task, seed).state) for task in (PUT, PUT.removeprefix("either_")) for seed in range(5)}
    assert len(states) == 10


@pytest.mark.parametrize("task", [PUT, PUSH])
def test_the_expert_does_its_task_and_leaves_everything_else_alone(task):
    for seed in range(150):
        scene = Scene(task, seed)
        before = places(scene)
        for action in expert.actions(scene):
            scene.move(action)
            assert not scene.other_success()
        assert scene.success()
        after = places(scene)
        assert {shape for shape in before if before[shape] != after[shape]} == {scene.item.shape}


def test_both_tasks_can_be_done_in_one_episode_and_each_is_counted_for_itself():
    """One expert after the other, in the same scene; a scene knows one task as its own."""
    scene, put = Scene(PUT, 0), Scene(PUT, 0)
    for action in expert.actions(put):
        scene.move(action)
        put.move(action)
    assert scene.success() and not scene.other_success()
    scene.task = TASKS[PUSH]
    assert scene.other_success() and not scene.success()
    for action in expert.actions(scene):
        scene.move(action)
    assert scene.other_success() and scene.success()


def test_unambiguous_scenes_have_no_other_success():
    scene = Scene("put_red_cube_on_plate", 0)
    scene.item.position[:2] = scene.target.position[:2]
    assert scene.success() and not scene.other_success()


@pytest.mark.parametrize("grasped", [PUT, PUSH])
@pytest.mark.parametrize("task", [PUT, PUSH])
def test_whatever_item_is_between_the_fingers_is_grasped_and_carried(task, grasped):
    scene = Scene(task, 0)
    pair = scene.pairs[grasped]
    scene.state[:3] = np.append(pair.item.position[:2], 0.02)
    for _ in range(3):
        scene.move(np.zeros(7))
    assert scene.holding
    assert scene.state[6] == pytest.approx(2 * pair.item.shape.radius / OPENING)
    scene.state[:3] = np.append(pair.target.position[:2], 0.06)
    scene.move(np.zeros(7))
    assert not scene.success() and not scene.other_success()  # over its target, but in the gripper
    for _ in range(2):
        scene.move(np.array([0, 0, 0, 0, 0, 0, 1.0]))
    assert (scene.success(), scene.other_success()) == (task == grasped, task != grasped)
    assert pair.item.position[2] == pair.target.shape.height


def test_the_picture_shows_both_pairs():
    for seed in range(6):
        scene = Scene(PUT, seed, (240, 320))
        scene.state[:3] = 0.25, 0.0, 0.25  # out of the way
        channels = shrunk(scene.observation()["image"]).astype(float).transpose(2, 0, 1)
        assert is_red(*channels).sum() > 3 and is_blue(*channels).sum() > 3 and is_green(*channels).sum() > 3


def test_where_one_pair_lies_does_not_tell_where_the_other_does():
    scenes = [Scene(PUT, seed) for seed in range(200)]
    where = np.array([np.append(scene.item.position[:2], scene.pairs[PUSH].item.position[:2]) for scene in scenes])
    assert (where.std(axis=0) > np.array([0.04, 0.05, 0.04, 0.05])).all()
    assert np.abs(np.corrcoef(where.T)[:2, 2:]).max() < 0.8
