"""The expert always succeeds, moves as people do in BridgeData, and cannot be imitated without seeing."""

from dataclasses import dataclass

import numpy as np
import pytest

from bridgelib.sim import expert
from bridgelib.sim.scene import Scene
from bridgelib.sim.tasks import TASKS

PLACE, PUSH = "put_red_cube_on_plate", "push_blue_cylinder_onto_green_cloth"


@dataclass
class Episodes:
    """Many blind episodes, one row per step: state, step number, positions of item and target, action, motion."""

    steps: list[int]
    succeeded: list[bool]
    state: np.ndarray
    step: np.ndarray
    places: np.ndarray
    action: np.ndarray
    motion: np.ndarray


def run(task, seeds):
    steps, succeeded, rows = [], [], []
    for seed in seeds:
        scene = Scene(task, seed)
        for action in expert.actions(scene):
            before = scene.state.copy()
            places = np.concatenate([scene.item.position, scene.target.position[:2]])
            number = scene.steps
            scene.move(action)
            rows.append((before, [number], places, action, scene.state - before))
        steps.append(scene.steps)
        succeeded.append(scene.success())
    state, step, places, action, motion = (np.array(column) for column in zip(*rows, strict=True))
    return Episodes(steps, succeeded, state, step, places, action, motion)


@pytest.fixture(scope="module", params=TASKS)
def episodes(request):
    return request.param, run(request.param, range(200)), run(request.param, range(1000, 1040))


def blind(data):
    return np.concatenate([data.state, data.step], axis=1)


def sighted(data):
    to_item, to_target = data.state[:, :3] - data.places[:, :3], data.state[:, :2] - data.places[:, 3:]
    return np.concatenate([to_item, to_target, data.state[:, [2, 6]]], axis=1)


def nearest(features, targets, query, neighbours=5):
    """k-nearest-neighbour regression on standardised features."""
    scale = features.std(axis=0)
    known, asked = features / scale, query / scale
    distance = (known**2).sum(axis=1) - 2 * asked @ known.T
    return targets[np.argpartition(distance, neighbours, axis=1)[:, :neighbours]].mean(axis=1)


def test_it_succeeds_every_time_in_20_to_40_steps(episodes):
    _, data, _ = episodes
    assert all(data.succeeded) and len(data.succeeded) == 200
    assert min(data.steps) >= 20 and max(data.steps) <= 40


def test_states_lie_where_bridgedatas_do(episodes):
    _, data, _ = episodes
    x, y, z = data.state[:, :3].T
    assert x.min() > 0.19 and x.max() < 0.41
    assert np.abs(y).max() < 0.2
    assert z.min() > 0.015 and z.max() < 0.25
    assert np.abs(data.state[:, 3:6]).max() < 0.9
    assert data.state[:, 6].min() >= 0 and data.state[:, 6].max() <= 1


def test_actions_are_as_large_as_bridgedatas(episodes):
    _, data, _ = episodes
    spread = data.action.std(axis=0)
    assert (spread[:3] > 0.004).all() and (spread[:3] < 0.02).all()
    assert (spread[3:6] > 0.01).all() and (spread[3:6] < 0.1).all()
    assert np.abs(data.action[:, :3]).max() < 0.04
    assert set(np.round(data.action[:, 6], 6)) <= {0.0, 0.4, 0.6, 1.0}


def test_relabelled_actions_are_near_the_commanded_ones_but_not_equal(episodes):
    _, data, _ = episodes
    off = data.motion[:, :6] - data.action[:, :6]
    assert (off.std(axis=0) < 0.3 * data.action[:, :6].std(axis=0)).all()
    assert (np.abs(off) > 1e-6).mean() > 0.99


def test_it_does_the_same_in_the_same_situation():
    first, second = run(PLACE, [5]), run(PLACE, [5])
    np.testing.assert_array_equal(first.action, second.action)


def test_the_start_does_not_tell_where_things_are(episodes):
    task, _, _ = episodes
    scenes = [Scene(task, seed) for seed in range(300)]
    starts = np.array([np.append(scene.state[:3], 1.0) for scene in scenes])
    places = np.array([np.append(scene.item.position[:2], scene.target.position[:2]) for scene in scenes])
    fitted = starts[:200] @ np.linalg.lstsq(starts[:200], places[:200], rcond=None)[0]
    guessed = starts[200:] @ np.linalg.lstsq(starts[:200], places[:200], rcond=None)[0]
    assert fitted.shape == (200, 4)
    unexplained = ((guessed - places[200:]) ** 2).mean(axis=0) / places[200:].var(axis=0)
    assert (unexplained > 0.9).all()


def test_positions_explain_the_horizontal_motion_and_proprio_with_time_does_not(episodes):
    _, training, held_out = episodes
    horizontal = [0, 1, 5]  # x, y and the yaw that follows them
    scale = training.motion.std(axis=0)

    def error(features):
        guess = nearest(features(training), training.motion, features(held_out))
        return (((guess - held_out.motion) / scale) ** 2)[:, horizontal].mean()

    assert error(blind) > 0.6
    assert error(sighted) < 0.15


@pytest.mark.parametrize("task", [name for name, task in TASKS.items() if task.other is None])
def test_closed_loop_needs_sight(task):
    """Even nearest neighbours do the tasks when told where things are, and never when not."""
    training = run(task, range(100))
    actions = np.concatenate([training.motion[:, :6], training.action[:, 6:]], axis=1)

    def successes(features):
        won = 0
        for seed in range(1000, 1010):
            scene = Scene(task, seed)
            for number in range(60):
                places = np.concatenate([scene.item.position, scene.target.position[:2]])[None]
                now = Episodes([], [], scene.state[None], np.array([[number]]), places, None, None)
                action = nearest(features(training), actions, features(now), neighbours=3)[0]
                scene.move(np.append(action[:6], round(action[6])))
            won += scene.success()
        return won

    assert successes(blind) <= 1
    assert successes(sighted) >= 5


@pytest.mark.parametrize("aside", [-0.025, 0.025])
def test_it_goes_back_for_an_item_that_slips_aside(aside):
    for seed in range(10):
        scene = Scene(PUSH, seed)
        bumped = False
        for action in expert.actions(scene):
            if not bumped and scene.distance() < 0.08:
                along = scene.target.position[:2] - scene.item.position[:2]
                scene.item.position[:2] += aside * np.array([-along[1], along[0]]) / np.linalg.norm(along)
                bumped = True
            scene.move(action)
        assert bumped and scene.success() and scene.steps < 80


def test_it_takes_again_what_it_has_lost():
    """The gripper opens for some steps on the way to the plate."""
    for seed in range(10):
        scene, lost = Scene(PLACE, seed), 0
        for action in expert.actions(scene):
            if lost < 3 and (scene.holding or lost) and scene.distance() < 0.08:
                action, lost = np.append(action[:6], 1.0), lost + 1
            scene.move(action)
        assert lost == 3 and scene.success() and scene.steps < 80
