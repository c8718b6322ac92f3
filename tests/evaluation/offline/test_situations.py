"""What a policy is shown and told: frames whose bytes tell their number."""

import numpy as np
import pytest

from bridgelib.errors import DataError
from bridgelib.evaluation.neighbours import NeighbourIndex
from bridgelib.evaluation.offline.data_split import DataSplit
from bridgelib.evaluation.offline.predictions import predicted
from bridgelib.evaluation.offline.situations import Situations
from bridgelib.policy import Policy
from tests.data.synthetic import SIDE, frame, number_of, write_file
from tests.policy.fakes import MEAN, STD, spec

# Trajectories of 3 and 2 transitions: frames 0 ... 3 and 4 ... 6.
LENGTHS = [3, 2]
TEXTS = [("", "open it", "open the drawer"), ("close it",)]


class Telling:
    """Predicts of each sample: its newest frame's number, its step in the chunk, its goal's number, its proprio."""

    def __init__(self, chunk: int = 1):
        self.chunk, self.asked = chunk, []

    def sample_actions(self, observations, goals=None):
        image = observations["image"]
        newest = image[:, -1] if image.ndim == 5 else image
        self.asked.append(observations)
        actions = np.zeros((len(image), self.chunk, 7), np.float32)
        actions[:, :, 0] = number_of(newest)[:, None]
        actions[:, :, 1] = np.arange(self.chunk)
        if goals and "image" in goals:
            actions[:, :, 2] = number_of(goals["image"])[:, None]
        if goals and "language" in goals:
            actions[:, :, 2] = goals["language"]
        actions[:, :, 3] = observations["proprio"].reshape(len(image), -1)[:, -1:]
        return actions


@pytest.fixture
def split(tmp_path):
    file = tmp_path / "out.tfrecord"
    return DataSplit((file,), (write_file(file, LENGTHS, languages=TEXTS),), ("task",))


def situations(split, agent=None, embed=None, **changes) -> Situations:
    return Situations(Policy(spec(image_shape=(SIDE, SIDE, 3), **changes), agent or Telling(), embed), split)


EVERY = np.array([0, 0, 0, 1, 1]), np.array([0, 1, 2, 0, 1])


def test_goal_is_the_last_frame_of_the_trajectory(split):
    found = situations(split, goal="image").at(*EVERY)
    assert number_of(found.images).tolist() == [0, 1, 2, 4, 5]
    assert number_of(found.goals["image"]).tolist() == [3, 3, 3, 6, 6]
    assert found.proprio[:, 0].tolist() == [0, 1, 2, 4, 5]  # states hold the number of their frame


def test_history_looks_back_and_the_first_frame_repeats(split):
    found = situations(split, history=3).at(*EVERY)
    assert number_of(found.images).tolist() == [[0, 0, 0], [0, 0, 1], [0, 1, 2], [4, 4, 4], [4, 4, 5]]
    assert found.proprio[:, :, 0].tolist() == number_of(found.images).tolist()


def test_instruction_is_the_first_that_says_something(split):
    found = situations(split, goal="language", language_size=1, embed=lambda text: [len(text)]).at(*EVERY)
    assert found.goals["language"].tolist() == [[7], [7], [7], [8], [8]]


def test_images_of_another_size_are_refused(split):
    with pytest.raises(DataError, match=r"images of shape \(4, 4, 3\)\n.*\(8, 8, 3\), as the policy was trained on"):
        Situations(Policy(spec(image_shape=(8, 8, 3)), Telling()), split)


def test_every_transition_is_asked_once_in_batches_of_one_size(split, monkeypatch, capsys):
    monkeypatch.setattr("bridgelib.evaluation.offline.predictions._BATCH", 2)
    agent = Telling(chunk=2)
    neighbours = NeighbourIndex(np.stack([frame(5), frame(0)]), np.array([[50.0], [10]], np.float32))
    chunks, nearest = predicted(situations(split, agent, goal="image", chunk=2), neighbours, *EVERY)
    told = (chunks - MEAN) / STD  # back from the robot's units
    np.testing.assert_allclose(told[:, 0, :3], [[0, 0, 3], [1, 0, 3], [2, 0, 3], [4, 0, 6], [5, 0, 6]], atol=1e-3)
    np.testing.assert_allclose(told[:, 1, 1], 1, atol=1e-3)
    assert nearest[[0, -1]].tolist() == [[10], [50]]
    assert [len(asked["image"]) for asked in agent.asked] == [2, 2, 2]
    assert "5/5 transitions" in capsys.readouterr().err
