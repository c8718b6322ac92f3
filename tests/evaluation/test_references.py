"""The rungs of the ladder in scenes of the simulator."""

import numpy as np
import pytest

from bridgelib.evaluation.environment import SimulatedEnvironment
from bridgelib.evaluation.ladder import roll_out_references
from bridgelib.evaluation.neighbours import NeighbourIndex
from bridgelib.evaluation.references import Nearest, demonstrator, random_actor, replayer
from bridgelib.evaluation.rollouts import roll_out
from bridgelib.sim.demonstrations import demonstrate
from bridgelib.sim.tasks import TASKS
from tests.trajectories import make_trajectory, write_tfrecord

CAMERA = (48, 64)
PUT = "put_red_cube_on_plate"


def rolled_out(actor, task, count, camera=False):
    scenes = [SimulatedEnvironment(task, seed, CAMERA, camera=camera) for seed in range(count)]
    return list(roll_out(scenes, count, actor, task))


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("actor", [demonstrator, replayer])
def test_expert_and_replay_do_every_task(task, actor):
    episodes = rolled_out(actor(), task, 20)
    assert all(episode.success for episode in episodes)
    assert not any(episode.did_other for episode in episodes)


def test_a_replay_takes_the_very_steps_of_the_expert():
    shown, replayed = rolled_out(demonstrator(), PUT, 5), rolled_out(replayer(), PUT, 5)
    assert [each.steps for each in shown] == [each.steps for each in replayed]
    assert [each.distance for each in shown] == pytest.approx([each.distance for each in replayed], abs=1e-5)  # float32


def test_relabelled_actions_lag_behind_the_commanded_ones():
    """The arm reaches less than it is told, so to command what was reached falls short of it."""
    replayed, relabelled = rolled_out(replayer(), PUT, 20), rolled_out(replayer(relabel=True), PUT, 20)
    assert replayed != relabelled
    assert np.mean([each.distance for each in relabelled]) > np.mean([each.distance for each in replayed])


def test_random_actions_do_nothing_and_follow_from_the_seed():
    actions = np.random.default_rng(0).normal(0, 0.01, (50, 7)).astype(np.float32)
    episodes = rolled_out(random_actor(actions), PUT, 5)
    assert not any(episode.success for episode in episodes)
    assert episodes == rolled_out(random_actor(actions), PUT, 5)
    alone = list(roll_out([SimulatedEnvironment(PUT, 3, CAMERA, camera=False)], 1, random_actor(actions), ""))
    assert alone == [episodes[3]]


def test_the_nearest_neighbour_repeats_the_demonstration_it_stands_in():
    shown = demonstrate(PUT, 4, CAMERA)
    known = NeighbourIndex(np.stack(shown.images[:-1]), shown.actions.astype(np.float32))
    (episode,) = roll_out([SimulatedEnvironment(PUT, 4, CAMERA)], 1, Nearest(known), "")
    assert episode.success and abs(episode.steps - len(shown.actions)) < 10


def test_doing_the_other_thing_is_counted_and_no_success():
    task = next(name for name in TASKS if TASKS[name].other)

    class Contrary:
        """Does what the other task of the scene asks for."""

        def begin(self, environments):
            others = [SimulatedEnvironment(TASKS[task].other, each.seed, CAMERA, camera=False) for each in environments]
            self.replay = replayer()
            self.replay.begin(others)

        def act(self, observations):
            return self.replay.act(observations)

    episodes = rolled_out(Contrary(), task, 8)
    assert all(episode.did_other and not episode.success for episode in episodes)


def test_the_ladder_has_every_rung_in_the_same_scenes(tmp_path):
    path = tmp_path / PUT / "train" / "out.tfrecord"
    path.parent.mkdir(parents=True)
    write_tfrecord(path, [make_trajectory(number) for number in range(3)])
    result = roll_out_references(tmp_path, [PUT], range(70, 73), camera=CAMERA)
    assert set(result["references"]) == {"expert", "replay", "relabelled", "nearest", "random"}
    for rung in result["references"].values():
        assert [scene["seed"] for scene in rung["tasks"][PUT]["scenes"]] == [70, 71, 72]
    assert result["references"]["expert"]["tasks"][PUT]["successes"] == 3
    assert result == roll_out_references(tmp_path, [PUT], range(70, 73), camera=CAMERA)
