import numpy as np
from PIL import Image

from bridgelib.evaluation.pictures import write_pictures
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
