import numpy as np
import pytest

from bridgelib.sim import expert
from bridgelib.sim.demonstrations import demonstrate
from bridgelib.sim.noise import ActionNoise
from bridgelib.sim.plan import LONGEST
from bridgelib.sim.scene import Scene
from bridgelib.sim.tasks import TASKS

INTENDED = np.array([0.01, -0.02, 0.005, 0.1, 0.2, 0.3, 1.0])
SIZE = (24, 32)


def executed(scale, count=20_000, seed=0, fumbles=True):
    noise = ActionNoise(scale, np.random.default_rng(seed), fumbles)
    return np.array([noise.executed(INTENDED) for _ in range(count)])


def test_without_noise_the_arm_does_what_it_is_told():
    assert (executed(0.0, count=50) == INTENDED).all()


def test_the_arm_is_shoved_now_and_then_and_turns_as_told():
    done = executed(0.012)
    shoves = done[:, :3] - INTENDED[:3]
    shoved = (shoves != 0).any(axis=1)
    assert shoved.mean() == pytest.approx(0.15, abs=0.01)
    assert shoves[shoved].std(axis=0) == pytest.approx([0.012] * 3, rel=0.05)
    assert (done[:, 3:6] == INTENDED[3:6]).all()


def test_the_gripper_fumbles_for_some_steps_and_then_does_as_told():
    gripper = executed(0.012)[:, 6]
    assert set(gripper) == {0.0, 1.0}
    changes = np.flatnonzero(np.diff(gripper))
    starts, ends = changes[0::2], changes[1::2]  # it begins as told
    lengths = ends - starts[: len(ends)]
    assert (executed(0.012, fumbles=False)[:, 6] == 1).all()
    assert np.median(lengths) == 3 and 0.04 < (gripper == 0).mean() < 0.07


def test_noise_follows_from_its_generator():
    assert (executed(0.012, 100) == executed(0.012, 100)).all()
    assert (executed(0.012, 100) != executed(0.012, 100, seed=1)).any()


@pytest.mark.parametrize("task", TASKS)
def test_a_noisy_demonstration_succeeds_and_records_what_was_intended(task):
    for seed in range(4):
        shown = demonstrate(task, seed, SIZE, action_noise=0.012)
        assert len(shown.images) == len(shown.states) == len(shown.actions) + 1 <= LONGEST
        pace = np.linalg.norm(shown.actions[:, :3], axis=1)
        assert pace.max() <= 0.0221  # no shove is recorded


@pytest.mark.parametrize("task", TASKS)
def test_noise_delays_the_expert_and_hardly_ever_defeats_it(task):
    steps, done = [], 0
    for seed in range(60):
        scene = Scene(task, seed)
        noise = ActionNoise(0.012, np.random.default_rng([seed, 1]), scene.task.manner == "place")
        for action in expert.actions(scene):
            scene.move(noise.executed(action))
            if scene.steps == LONGEST:
                break
        done += scene.success() and scene.steps < LONGEST
        steps.append(scene.steps)
        assert not scene.other_success()
    assert done >= 50 and np.mean(steps) > 32


def test_the_same_seed_gives_the_same_noisy_demonstration():
    first, again = (demonstrate("put_red_cube_on_plate", 5, SIZE, action_noise=0.012) for _ in range(2))
    np.testing.assert_array_equal(first.actions, again.actions)
    np.testing.assert_array_equal(first.images[-1], again.images[-1])
