"""What is odd is kept and remarked on, under its name and with its place; what only looks odd is not."""

import json

import numpy as np
import pytest

from bridgelib.conversion.raw_to_numpy import DatedFolder, Settings, convert_dated_folder, convert_tree
from bridgelib.formats.report import Report
from bridgelib.formats.shard import Shard
from bridgelib.raw.remarks import REMARKS
from bridgelib.raw.tree import find_tasks
from tests.odd_trees import NEAR_MISSES, ODDITIES, gripper, removed, write_plain_folder
from tests.raw_trees import DATE, FAULTS, save, write_trajectory

LATE, EARLY, CLOCKLESS = DATE, "2021-06-15_09-00-00", "1970-01-01_00-01-07"


def convert(raw, out, date=LATE, **settings):
    job = DatedFolder(raw, raw / "task" / date, out / f"{date}.npz", out / f"{date}.report.json")
    return convert_dated_folder(job, Settings(64, **settings), workers=2)


def name(number, date=LATE):
    return f"task/{date}/raw/traj_group0/traj{number}"


def told(report):
    return [(entry.trajectory, entry.remark) for entry in report.remarks]


@pytest.mark.parametrize("label", ODDITIES)
def test_an_oddity_is_kept_and_remarked_on_and_nothing_else_is(label, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    ODDITIES[label].plant(write_plain_folder(tmp_path / "raw")[1])
    report = convert(tmp_path / "raw", tmp_path)
    assert (report.kept, report.rejected) == (3, ())
    assert told(report) == [(name(1), ODDITIES[label].remark)]
    assert report.remarks[0].detail
    assert not (tmp_path / "executed").exists()


@pytest.mark.parametrize("label", NEAR_MISSES)
def test_what_is_nothing_odd_is_not_remarked_on(label, tmp_path):
    NEAR_MISSES[label](write_plain_folder(tmp_path / "raw")[1])
    report = convert(tmp_path / "raw", tmp_path)
    assert (report.kept, report.remarks) == (3, ())


# of a task: tests/conversion/test_task_remarks.py, tests/data/test_remarks.py
OF_ALL = {"gripper_never_opens", "gripper_never_closes", "angles_straddle", "near_constant"}
OF_THE_TREE = {"impossible_date", "latency_shift", "dated_folder_elsewhere"}  # tested below


def test_the_corpus_has_an_oddity_for_every_remark_on_a_trajectory():
    assert {oddity.remark for oddity in ODDITIES.values()} == set(REMARKS) - OF_ALL - OF_THE_TREE


@pytest.mark.parametrize(
    ("commands", "state", "remarks"),
    [
        ([0.04, 0.04, 0, 0, 0.04], None, ["gripper_scale"]),
        ([850, 850, 300, 300, 850], None, ["gripper_out_of_range", "gripper_scale"]),
        ([-1, -1, 1, 1, -1], None, ["gripper_out_of_range"]),
        ([-1, -1, 1, 1, -1], [1, 1, 1, 0.5, 0.5, 1], ["gripper_out_of_range", "gripper_against_state"]),
        ([1, 1, 0, 0, 1], [1, 1, 1, 0.5, 0.5, 1], []),
    ],
)
def test_grippers_of_other_robots(tmp_path, commands, state, remarks):
    """In metres and in pulses all commands binarise to one side; from -1 (open) to 1 to the other split."""
    folder = write_trajectory(tmp_path / "raw" / name(0), 5)
    moving = np.outer(np.arange(6), np.full(7, 0.01))
    moving[:, 6] = 1 if state is None else state
    save(folder / "obs_dict.pkl", {"full_state": moving, "time_stamp": np.arange(6.0)})
    gripper(commands)(folder)
    report = convert(tmp_path / "raw", tmp_path)
    assert [entry.remark for entry in report.remarks] == remarks


def test_details_say_where_and_what(tmp_path):
    folders = write_plain_folder(tmp_path / "raw", trajectories=8)
    labels = ["the camera stops at the end", "a clock that is set back", "to be turned", "frames of another aspect"]
    labels += ["percent", "an attack in obs_dict.pkl", "instruction 'None'", "roll across pi"]
    for folder, label in zip(folders, labels, strict=True):
        ODDITIES[label].plant(folder)
    details = [entry.detail for entry in convert(tmp_path / "raw", tmp_path).remarks]
    assert details[0] == "images0/im_9.jpg and 3 more, of 13 frames"
    assert details[1] == "time_stamp 2 is 10.400, the next -3589.600"
    assert details[2] == "images0/im_0.jpg and 12 more: orientation 6"
    assert details[3] == "images0: 32x32, of another aspect; in most trajectories of this session 32x24"
    assert details[4] == "commands from 0 to 100"
    assert details[5] == "obs_dict.pkl asks for posix.system; nothing was executed"
    assert details[6] == "lang.txt holds 'None'"
    assert details[7] == "roll goes from 3.14 to -3.12 after state 6"


def test_every_camera_that_is_kept_is_looked_at(tmp_path):
    for folder in write_plain_folder(tmp_path / "raw", cameras=(0, 1)):
        content = (folder / "images1" / "im_3.jpg").read_bytes()
        (folder / "images1" / "im_4.jpg").write_bytes(content)
    assert convert(tmp_path / "raw", tmp_path).remarks == ()
    report = convert(tmp_path / "raw", tmp_path / "both", cameras=(0, 1))
    assert [entry.detail for entry in report.remarks] == ["images1/im_4.jpg, of 13 frames"] * 3


def test_a_shift_by_the_date_is_remarked_on(tmp_path):
    write_plain_folder(tmp_path / "raw", EARLY)
    report = convert(tmp_path / "raw", tmp_path, EARLY)
    assert told(report) == [(name(number, EARLY), "latency_shift") for number in range(3)]


def test_what_the_shift_leaves_out_is_not_remarked_on(tmp_path):
    """A camera that is one step late shows its first frame twice."""
    for folder in write_plain_folder(tmp_path / "raw", EARLY):
        ODDITIES["the first two frames are one"].plant(folder)
    assert {remark for _, remark in told(convert(tmp_path / "raw", tmp_path, EARLY))} == {"latency_shift"}


def test_a_clock_without_battery_is_remarked_on_and_its_shift_can_be_set(tmp_path):
    write_plain_folder(tmp_path / "raw", CLOCKLESS, trajectories=1)
    by_date = convert(tmp_path / "raw", tmp_path, CLOCKLESS)
    assert [entry.remark for entry in by_date.remarks] == ["impossible_date", "latency_shift"]
    assert "set `latency_shift` of the machine profile" in by_date.remarks[0].detail
    set_by_hand = convert(tmp_path / "raw", tmp_path, CLOCKLESS, latency_shift=0)
    assert [entry.remark for entry in set_by_hand.remarks] == ["impossible_date"]
    assert (by_date.transitions, set_by_hand.transitions) == (11, 12)


def test_a_shift_set_by_hand_counts_for_every_date(tmp_path):
    write_plain_folder(tmp_path / "raw", LATE)
    report = convert(tmp_path / "raw", tmp_path, LATE, latency_shift=1)
    assert {remark for _, remark in told(report)} == {"latency_shift"}
    assert (report.transitions, Shard(tmp_path / f"{LATE}.npz").latency_shift) == (33, 1)
    assert convert(tmp_path / "raw", tmp_path, LATE).transitions == 36  # made again: it was made otherwise


def test_dated_folders_at_another_depth_are_remarked_on(tmp_path):
    write_plain_folder(tmp_path / "raw", trajectories=1)
    for path in ("kitchen/open_drawer", "task/later", ""):
        (tmp_path / "raw" / path / "2022-01-01_00-00-00" / "raw").mkdir(parents=True)
    report = convert_tree(find_tasks(tmp_path / "raw", 2), tmp_path / "numpy", Settings(16))
    assert sorted(entry.detail for entry in report.remarks) == [
        "2022-01-01_00-00-00 lies at depth 1, not 2",
        "kitchen/open_drawer/2022-01-01_00-00-00 lies at depth 3, not 2",
        "task/later/2022-01-01_00-00-00 lies at depth 3, not 2",
    ]
    assert set(told(report)) == {(None, "dated_folder_elsewhere")}


def test_remarks_lie_beside_rejections_in_the_report_file(tmp_path):
    folders = write_plain_folder(tmp_path / "raw", trajectories=12)
    for number in (10, 2):
        removed("agent_data.pkl")(folders[number])
    FAULTS["zero-byte JPEG"].plant(folders[5])
    removed("agent_data.pkl")(folders[5])  # of what is rejected nothing is remarked on
    report = convert(tmp_path / "raw", tmp_path)
    content = json.loads((tmp_path / f"{LATE}.report.json").read_text())
    missing = {"remark": "missing_agent_data", "detail": "no file agent_data.pkl"}
    assert content["remarks"] == [{"trajectory": name(number), **missing} for number in (2, 10)]
    assert [entry["reason"] for entry in content["rejected"]] == ["broken_image"]
    assert Report.load(tmp_path / f"{LATE}.report.json") == report


def test_the_real_sample_is_kept_with_true_remarks_alone(shared, tmp_path):
    """Its fourth camera has only black frames; one session lies before the camera's latency was mended."""
    tree = find_tasks(shared / "bridge-sample" / "raw")
    report = convert_tree(tree, tmp_path / "one", Settings(64))
    assert (report.kept, [entry.remark for entry in report.remarks]) == (21, ["latency_shift"] * 3)
    every = convert_tree(tree, tmp_path / "four", Settings(64, (0, 1, 2, 3)))
    others = [entry for entry in every.remarks if entry.remark != "latency_shift"]
    assert {entry.remark for entry in others} == {"black_frames"}
    assert len(others) == 21 and all(entry.detail.startswith("images3/") for entry in others)
    for session in (tmp_path / "four").rglob("*.npz"):
        assert all(trajectory.frames[3].max() < 5 for trajectory in Shard(session))
