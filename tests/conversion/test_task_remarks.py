"""Remarks of a task: on all of it, and those of its sessions on what is still kept."""

from dataclasses import replace

import numpy as np
import pytest

from bridgelib.conversion.numpy_to_tfrecord import convert_task
from bridgelib.conversion.task_shards import Settings
from bridgelib.files import read_json
from bridgelib.formats.report import Remark, Report
from tests.trajectories import make_trajectory, write_shard

EARLY, LATE = "2021-08-02_10-00-00", "2021-08-03_11-30-00"
SETTINGS = Settings(im_size=8, train_proportion=0.5)


def commanded(number, commands):
    trajectory = make_trajectory(number, length=len(commands))
    trajectory = replace(trajectory, state=0.3 * trajectory.state)  # else it would turn across ±π
    actions = trajectory.actions.copy()
    actions[:, 6] = commands
    return replace(trajectory, actions=actions)


def remarks_of(tmp_path, trajectories):
    shard = write_shard(tmp_path / "numpy" / "open", EARLY, trajectories)
    return convert_task([shard], tmp_path / "out", SETTINGS)["remarks"]


@pytest.mark.parametrize(
    ("first", "second", "remarks"),
    [
        ([1, 1, 1], [1, 1, 1], ["gripper_never_closes"]),
        ([0, 0, 0], [0, 0, 0], ["gripper_never_opens"]),
        ([0.04, 0.04, 0], [0, 0, 0.04], ["gripper_never_opens"]),
        ([850, 300, 850], [300, 300, 850], ["gripper_never_closes"]),
        ([0.5, 0.5, 0.5], [0.5, 0.5, 0.6], ["gripper_never_opens", "gripper_never_closes"]),
        ([1, 1, 1], [1, 1, 0], []),
        ([1, 1, 1], [0, 0, 0], []),
        ([1, 0.5, 0], [1, 1, 1], []),
    ],
)
def test_a_gripper_that_does_only_one_thing_in_the_whole_task(tmp_path, first, second, remarks):
    found = remarks_of(tmp_path, [commanded(0, first), commanded(1, second)])
    assert [entry["remark"] for entry in found] == remarks
    assert {entry["trajectory"] for entry in found} <= {None}


def test_remarks_of_all_sessions_come_along_in_natural_order_without_those_of_copies(tmp_path):
    folder = tmp_path / "numpy" / "open"
    closing = [commanded(number, [1, 1, 0]) for number in range(12)]
    shards = [write_shard(folder, EARLY, closing), write_shard(folder, LATE, [closing[0]])]
    for shard, numbers in ((shards[0], (2, 10, 1)), (shards[1], (0,))):
        path = shard.with_suffix(".report.json")
        marked = (Remark(f"open/{shard.stem}/raw/traj_group0/traj{number}", "time_still", "x") for number in numbers)
        replace(Report.load(path), remarks=tuple(marked)).save(path)
    report = convert_task(shards, tmp_path / "out", SETTINGS)
    assert [entry["reason"] for entry in report["rejected"]] == ["duplicate"]
    names = [f"open/{EARLY}/raw/traj_group0/traj{number}" for number in (1, 2, 10)]
    assert report["remarks"] == [{"trajectory": name, "remark": "time_still", "detail": "x"} for name in names]
    assert read_json(tmp_path / "out" / "report.json")["remarks"] == report["remarks"]


def test_a_remark_that_changes_makes_the_task_again(tmp_path):
    shard = write_shard(tmp_path / "numpy" / "open", EARLY, [commanded(0, [1, 0, 0]), commanded(1, [1, 1, 0])])
    convert_task([shard], tmp_path / "out", SETTINGS)
    path = shard.with_suffix(".report.json")
    remark = Remark(f"open/{EARLY}/raw/traj_group0/traj0", "time_still", "x")
    replace(Report.load(path), remarks=(remark,)).save(path)
    assert len(convert_task([shard], tmp_path / "out", SETTINGS)["remarks"]) == 1


def test_commands_are_taken_as_training_sees_them(tmp_path):
    """One that is on its way to closed counts as closed, though no command is below the bound for long."""
    assert remarks_of(tmp_path, [commanded(0, np.array([0.97, 0.6, 0.04]))]) == []
