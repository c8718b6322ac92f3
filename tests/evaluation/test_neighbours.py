"""The nearest neighbour among training images, against a search in plain integers."""

import numpy as np
import pytest

from bridgelib.evaluation import neighbours
from bridgelib.evaluation.neighbours import SIDE, NeighbourIndex, shrunk, training_neighbours
from tests.data.synthetic import frame, write_records


def drawn(count, generator, high=256, size=SIDE) -> np.ndarray:
    return generator.integers(0, high, (count, size, size, 3)).astype(np.uint8)


def by_brute_force(images, queries) -> list[int]:
    rows = [image.astype(np.int64) for image in images]
    return [int(np.argmin([((query.astype(np.int64) - row) ** 2).sum() for row in rows])) for query in queries]


def index_of(images) -> NeighbourIndex:
    return NeighbourIndex(images, np.arange(len(images), dtype=np.float32)[:, None])


@pytest.mark.parametrize("high", [2, 256])  # of two values many distances are nearly the same
@pytest.mark.parametrize("block", [7, 100_000])
def test_agrees_with_brute_force_whatever_the_blocks(monkeypatch, block, high):
    monkeypatch.setattr(neighbours, "_ROWS", block)
    monkeypatch.setattr(neighbours, "_QUERIES", block // 2)
    generator = np.random.default_rng(0)
    images, queries = drawn(40, generator, high), drawn(11, generator, high)
    found = index_of(images).nearest(queries)
    assert found.dtype == np.int64
    assert found.tolist() == by_brute_force(images, queries)


@pytest.mark.parametrize("block", [2, 100])
def test_of_equally_near_ones_it_is_the_first(monkeypatch, block):
    monkeypatch.setattr(neighbours, "_ROWS", block)
    black, white = np.zeros((SIDE, SIDE, 3), np.uint8), np.full((SIDE, SIDE, 3), 255, np.uint8)
    index = index_of(np.stack([white, black, white, black, black]))
    assert index.nearest(np.stack([black, white])).tolist() == [1, 0]
    assert index.nearest(np.empty((0, SIDE, SIDE, 3), np.uint8)).tolist() == []


def test_tells_images_apart_that_differ_by_one_grey_level_at_the_ends_of_the_range():
    black = np.zeros((SIDE, SIDE, 3), np.uint8)
    nearly = black.copy()
    nearly[7, 7, 1] = 1
    assert index_of(np.stack([nearly, black])).nearest(np.stack([black, nearly])).tolist() == [1, 0]
    assert index_of(np.stack([255 - nearly, 255 - black])).nearest(np.stack([255 - black])).tolist() == [1]


def test_images_are_compared_by_the_means_of_their_parts_whatever_their_size():
    small = drawn(5, np.random.default_rng(1))
    large = small.repeat(3, axis=1).repeat(3, axis=2)
    assert shrunk(large).tolist() == small.tolist()
    assert index_of(small).nearest(large).tolist() == [0, 1, 2, 3, 4]
    checks = np.indices((2 * SIDE, 2 * SIDE)).sum(axis=0) % 2 * 200
    assert (shrunk(np.repeat(checks[None, ..., None], 3, axis=-1).astype(np.uint8)) == 100).all()


def test_training_frames_keep_their_actions(tmp_path):
    # Frames are numbered 0 ... 3, 4 ... 6 and 7 ... 12; action rows hold the number of their frame and a half.
    records = write_records(tmp_path, [[3, 2], [5]], side=SIDE)
    index = training_neighbours(records, relabel=False)
    assert index.actions[:, 0].tolist() == [0.5, 1.5, 2.5, 4.5, 5.5, 7.5, 8.5, 9.5, 10.5, 11.5]
    seen = np.stack([frame(number, SIDE) for number in (8, 5, 2)])
    assert index.actions[index.nearest(seen), 0].tolist() == [8.5, 5.5, 2.5]


def test_of_many_training_frames_an_even_spread_is_kept(tmp_path, capsys):
    records = write_records(tmp_path, [[3, 2], [5]], side=8)
    index = training_neighbours(records, relabel=False, limit=5)
    assert index.actions[:, 0].tolist() == [0.5, 2.5, 5.5, 8.5, 10.5]
    assert "5/5 frames" in capsys.readouterr().err


def test_actions_are_those_that_training_sees(tmp_path):
    # States count up by one a frame, and a command above 0.95 opens.
    index = training_neighbours(write_records(tmp_path, [[2]]), relabel=True)
    assert index.actions.tolist() == [[1] * 7, [1] * 7]
