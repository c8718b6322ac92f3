import gc
import weakref

import numpy as np

from bridgelib.evaluation.rollouts import WIDTH, roll_out
from tests.evaluation.fakes import Counting, Steady


def test_each_scene_ends_where_it_is_done_or_at_the_last_step():
    episodes = list(roll_out([Counting(2), Counting(5), Counting(9)], 3, Steady(), "", steps=5))
    assert [(each.seed, each.success, each.steps) for each in episodes] == [(2, True, 2), (5, True, 5), (9, False, 5)]
    assert [each.distance for each in episodes] == [0, 0, 0.04]


def test_the_other_thing_ends_a_scene_and_is_no_success():
    (episode,) = roll_out([Counting(3)], 1, Steady(-1), "", steps=10)
    assert (episode.success, episode.did_other, episode.steps) == (False, True, 3)


def test_an_actor_is_shown_nothing_of_scenes_that_have_ended():
    actor = Steady()
    list(roll_out([Counting(1), Counting(3)], 2, actor, "", steps=10))
    assert [[seen is None for seen in step] for step in actor.seen] == [[False, False], [True, False], [True, False]]


def test_scenes_run_side_by_side_up_to_the_width():
    actor, scenes = Steady(), [Counting(1 + number % 3) for number in range(WIDTH + 2)]
    episodes = list(roll_out(scenes, len(scenes), actor, ""))
    assert [len(begun) for begun in actor.begun] == [WIDTH, 2]
    assert [each.seed for each in episodes] == [scene.seed for scene in scenes]
    assert all(scene.resets == 1 for scene in scenes)


def test_scenes_are_made_when_their_turn_comes_and_let_go_when_they_are_over():
    """However many there are: of a simulator each takes a megabyte or more."""
    alive, most = weakref.WeakSet(), 0

    def scenes():
        nonlocal most
        for _ in range(5 * WIDTH):
            alive.add(scene := Counting(1))
            gc.collect()
            most = max(most, len(alive))
            yield scene

    gc.freeze()  # what other tests have left is not gone through each time
    try:
        assert len(list(roll_out(scenes(), 5 * WIDTH, Steady(), ""))) == 5 * WIDTH
    finally:
        gc.unfreeze()
    assert most <= 2 * WIDTH


def test_only_the_first_episodes_keep_frames_and_all_of_them():
    first, second, third = roll_out([Counting(2), Counting(4), Counting(3)], 3, Steady(), "", 3, filmed=2)
    assert [int(frame[0, 0, 0]) for frame in first.frames] == [0, 1, 2]
    assert len(second.frames) == 4 and third.frames == ()


def test_frames_are_made_smaller_without_being_blurred():
    scene = Counting(1)
    scene._observation = lambda: {"image": np.arange(256 * 320 * 3, dtype=np.uint8).reshape(256, 320, 3)}
    (episode,) = roll_out([scene], 1, Steady(), "", filmed=1)
    assert episode.frames[0].shape == (128, 160, 3)
    assert (episode.frames[0] == scene._observation()["image"][::2, ::2]).all()
    assert episode.frames[0].base is None  # nothing larger is kept


def test_progress_counts_every_episode_once(capsys):
    list(roll_out([Counting(2), Counting(50)], 2, Steady(), "counting", steps=4))
    assert "counting  2/2 episodes" in capsys.readouterr().err
