import numpy as np
from PIL import Image

from bridgelib.evaluation.pictures import few_filmed, write_pictures
from bridgelib.evaluation.rollouts import Episode


def filmed(seed, success, count=4):
    frames = tuple(np.full((16, 24, 3), 60 * number, np.uint8) for number in range(count))
    return Episode(seed, success, count - 1, 0.0, frames=frames)


def test_some_successes_and_some_failures_are_shown(tmp_path):
    episodes = [filmed(seed, seed % 2 == 0) for seed in range(10)]
    names = write_pictures(tmp_path, "put", episodes, each=2)
    expected = ["put-success-0.webp", "put-failure-1.webp", "put-success-2.webp", "put-failure-3.webp"]
    assert names == expected
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(expected)


def test_a_picture_shows_every_frame_at_the_speed_of_the_robot(tmp_path):
    write_pictures(tmp_path, "put", [filmed(7, True)])
    with Image.open(tmp_path / "put-success-7.webp") as picture:
        assert (picture.n_frames, picture.size) == (4, (24, 16))
        shown = []
        for number in range(4):
            picture.seek(number)
            picture.load()
            shown.append((picture.info["duration"], int(np.asarray(picture.convert("RGB")).mean())))
    assert [duration for duration, _ in shown] == [200, 200, 200, 1500]
    assert np.allclose([level for _, level in shown], [0, 60, 120, 180], atol=3)


def test_the_same_episode_gives_the_same_bytes_and_one_without_frames_none(tmp_path):
    for folder in ("one", "two"):
        write_pictures(tmp_path / folder, "put", [filmed(7, True), Episode(8, True, 3, 0.0)])
    (one,), (two,) = ((tmp_path / folder).iterdir() for folder in ("one", "two"))
    assert one.read_bytes() == two.read_bytes()


def test_what_another_policy_did_in_the_same_scenes_is_shown_no_more(tmp_path):
    write_pictures(tmp_path, "put", [filmed(7, True), filmed(8, False), filmed(9, False)])
    (tmp_path / "my notes on 7.txt").touch()
    names = write_pictures(tmp_path, "put", [filmed(7, False), filmed(8, True)])
    assert names == ["put-failure-7.webp", "put-success-8.webp"]
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {*names, "put-failure-9.webp", "my notes on 7.txt"}


def test_the_few_failures_of_a_good_policy_keep_their_frames_and_memory_is_let_go():
    episodes = list(few_filmed(filmed(seed, seed not in (40, 60)) for seed in range(100)))
    assert [episode.seed for episode in episodes if episode.frames] == [0, 1, 2, 40, 60]
    assert [(episode.seed, episode.success) for episode in episodes] == [(n, n not in (40, 60)) for n in range(100)]
