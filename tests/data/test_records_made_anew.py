"""TFRecords that are made anew while somebody reads: the index of the former ones serves no frame of the new ones."""

import os
import shutil

import numpy as np
import pytest

from bridgelib.data import records as records_module
from bridgelib.data.records import Records
from bridgelib.errors import DataError
from tests.trajectories import make_trajectory, write_tfrecord


@pytest.fixture
def files(tmp_path):
    """Two TFRecords of three trajectories each."""
    paths = [tmp_path / task / "out.tfrecord" for task in ("a", "b")]
    for number, path in enumerate(paths):
        path.parent.mkdir()
        write_tfrecord(path, [make_trajectory(3 * number + each) for each in range(3)])
    return paths


def put(path, numbers):
    """Other trajectories in place of a file, as a conversion leaves them: made beside it, then renamed."""
    os.replace(write_tfrecord(path.with_name("new"), [make_trajectory(number) for number in numbers]), path)


@pytest.mark.parametrize("others", [(0, 9, 2), (1, 0, 2), (0, 1), (0, 1, 2, 3)])
def test_a_file_that_is_made_anew_before_it_is_opened_is_refused(files, others):
    records = Records.open(files)
    put(files[0], others)
    with pytest.raises(DataError, match=r"a/out.tfrecord[\s\S]*another file[\s\S]*to do:"):
        records.images(np.array([0]))


def test_a_file_that_is_made_anew_between_two_openings_is_refused(files, monkeypatch):
    """With more tasks than files are held open, training opens each again and again."""
    monkeypatch.setattr(records_module, "OPEN_FILES", 1)
    records = Records.open(files)
    before = records.images(np.array([0, 15]))
    put(files[0], (0, 9, 2))
    with pytest.raises(DataError, match="another file"):
        records.images(np.array([0]))
    np.testing.assert_array_equal(records.images(np.array([15])), before[1:])


def test_the_same_bytes_are_served_whoever_brought_them(files, monkeypatch):
    monkeypatch.setattr(records_module, "OPEN_FILES", 1)
    records = Records.open(files)
    every = np.arange(len(records.state))
    before = records.images(every)
    os.utime(files[1], ns=(1, 1))
    shutil.copyfile(files[0], files[0].with_name("copy"))
    os.replace(files[0].with_name("copy"), files[0])
    np.testing.assert_array_equal(records.images(every[::-1]), before[::-1])
