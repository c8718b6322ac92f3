"""Gaze boxes as they come out of a trajectory's folder."""

import numpy as np
import pytest

from bridgelib.raw.gaze import MARGIN, read_boxes
from bridgelib.raw.rejection import Rejected
from bridgelib.raw.trajectory import read_trajectory
from tests.raw_trees import save, save_boxes, write_trajectory

BEFORE, AFTER = "2021-07-22_23-59-59", "2021-07-23_00-00-00"
FIRST, SECOND = [0.1, 0.2, 0.3, 0.4], [0.5, 0.5, 1.0, 1.0]


def written(raw, date=AFTER, **options):
    name = f"task/{date}/raw/traj_group0/traj0"
    return write_trajectory(raw / name, **options), name


def listed(boxes):
    return [frame.tolist() for frame in boxes]


def test_each_frame_has_its_boxes(tmp_path):
    folder, name = written(tmp_path)
    save(folder / "filter.pkl", [[FIRST], [], [FIRST, SECOND], [SECOND]])
    save(folder / "no_filter.pkl", [[], [], [], [FIRST]])
    boxes = read_trajectory(tmp_path, name, 8, gaze="filter").gaze_boxes
    assert listed(boxes) == [[FIRST], [], [FIRST, SECOND], [SECOND]]
    assert {(frame.dtype.str, frame.shape[1]) for frame in boxes} == {("<f8", 4)}
    assert listed(read_trajectory(tmp_path, name, 8, gaze="no_filter").gaze_boxes) == [[], [], [], [FIRST]]
    assert read_trajectory(tmp_path, name, 8).gaze_boxes is None


def test_the_latency_correction_drops_the_boxes_of_the_first_frame(tmp_path):
    folder, name = written(tmp_path, BEFORE)
    boxes = save_boxes(folder)
    trajectory = read_trajectory(tmp_path, name, 8, gaze="filter")
    assert listed(trajectory.gaze_boxes) == boxes[1:]
    assert len(trajectory.gaze_boxes) == len(trajectory.state) == 3


def test_identity_does_not_depend_on_gaze(tmp_path):
    folder, name = written(tmp_path)
    without = read_trajectory(tmp_path, name, 8).content_id
    save_boxes(folder)
    assert read_trajectory(tmp_path, name, 8, gaze="filter").content_id == without


def test_lists_tuples_arrays_and_none_will_do():
    given = [None, [], np.empty((0, 4)), np.empty(0), [tuple(FIRST)], np.array([FIRST, SECOND]), [np.array(SECOND)]]
    expected = [[], [], [], [], [FIRST], [FIRST, SECOND], [SECOND]]
    assert listed(read_boxes(given, 7, "filter.pkl")) == expected
    assert listed(read_boxes(np.array([[FIRST], [SECOND]]), 2, "filter.pkl")) == [[FIRST], [SECOND]]
    assert listed(read_boxes([[[0, 0, 1, True]]], 1, "filter.pkl")) == [[[0, 0, 1, 1]]]


def test_an_edge_may_lie_a_little_outside():
    edges = [-MARGIN, 0.0, 1 + MARGIN, 1.0]
    assert listed(read_boxes([[edges]], 1, "filter.pkl")) == [[edges]]
    with pytest.raises(Rejected) as rejected:
        read_boxes([[], [[0.0, 0.0, 1.0, 1.11]]], 2, "filter.pkl")
    assert rejected.value.reason == "gaze_out_of_range"
    assert rejected.value.detail == "filter.pkl, frame 1: a box [0.0, 0.0, 1.0, 1.11], not of numbers from 0 to 1"
