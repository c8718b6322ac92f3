"""Every trajectory is accounted for: one bad one is rejected with its reason, the others stay, the job goes on."""

import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridgelib.conversion.raw_to_numpy import DatedFolder, Settings, convert_dated_folder
from bridgelib.errors import DataError
from bridgelib.formats.report import Report
from bridgelib.formats.shard import Shard
from bridgelib.raw.rejection import REASONS
from tests.raw_trees import DATE, FAULTS, GAZE_FAULTS, save_boxes, write_dated_folder, write_trajectory


def convert(raw, out, gaze="none", **options):
    job = DatedFolder(raw, raw / "task" / DATE, out / f"{DATE}.npz", out / f"{DATE}.report.json")
    return convert_dated_folder(job, Settings(16, gaze=gaze), **options), Shard(job.shard)


def names(*numbers):
    return [f"task/{DATE}/raw/traj_group0/traj{number}" for number in numbers]


@pytest.mark.parametrize("label", FAULTS)
def test_a_fault_rejects_its_trajectory_and_no_other(label, tmp_path):
    folders = write_dated_folder(tmp_path / "raw")
    FAULTS[label].plant(folders[1])
    report, shard = convert(tmp_path / "raw", tmp_path, workers=2)
    assert [(entry.trajectory, entry.reason) for entry in report.rejected] == [(*names(1), FAULTS[label].reason)]
    assert report.rejected[0].detail
    assert list(shard.names) == names(0, 2)
    assert (report.found, report.kept, report.transitions, report.instructed) == (3, 2, 6, 2)


@pytest.mark.parametrize("label", GAZE_FAULTS)
def test_a_fault_in_gaze_boxes_counts_where_they_are_asked_for(label, tmp_path):
    folders = write_dated_folder(tmp_path / "raw")
    for folder in folders:
        save_boxes(folder)
    GAZE_FAULTS[label].plant(folders[1])
    report, shard = convert(tmp_path / "raw", tmp_path, gaze="filter", workers=2)
    assert [(entry.trajectory, entry.reason) for entry in report.rejected] == [(*names(1), GAZE_FAULTS[label].reason)]
    assert "filter.pkl" in report.rejected[0].detail
    assert list(shard.names) == names(0, 2)
    assert convert(tmp_path / "raw", tmp_path)[0].kept == 3


def test_the_corpus_has_a_fault_for_every_reason():
    assert {fault.reason for fault in [*FAULTS.values(), *GAZE_FAULTS.values()]} == set(REASONS)


def test_details_say_where(tmp_path):
    folders = write_dated_folder(tmp_path / "raw", trajectories=4)
    for folder, label in zip(folders, ["truncated JPEG", "a state too few", "attack in policy_out.pkl"], strict=False):
        FAULTS[label].plant(folder)
    FAULTS["language in Latin-1"].plant(folders[3])
    report, shard = convert(tmp_path / "raw", tmp_path)
    details = [entry.detail for entry in report.rejected]
    assert details[0] == "images0/im_1.jpg has no end marker"
    assert details[1] == "3 states, 4 time stamps, 3 actions"
    assert details[2] == "policy_out.pkl asks for posix.system; nothing was executed"
    assert details[3] == "lang.txt, byte 0: invalid start byte"
    assert len(shard) == 0


def test_a_folder_of_nothing_but_faults_gives_an_empty_shard(tmp_path):
    folders = write_dated_folder(tmp_path / "raw")
    for folder in folders:
        FAULTS["zero-byte JPEG"].plant(folder)
    report, shard = convert(tmp_path / "raw", tmp_path)
    shard.verify()
    assert (report.found, report.kept, len(shard), list(shard)) == (3, 0, 0, [])
    assert Report.load(tmp_path / f"{DATE}.report.json") == report


def test_a_folder_without_trajectories_gives_an_empty_shard(tmp_path):
    (tmp_path / "raw" / "task" / DATE).mkdir(parents=True)
    report, shard = convert(tmp_path / "raw", tmp_path)
    assert (report.found, report.kept, len(shard)) == (0, 0, 0)
    assert [entry.path for entry in report.passed_over] == [f"task/{DATE}/raw"]


def test_faults_of_a_camera_that_is_not_asked_for_reject_nothing(tmp_path):
    first, second, _third = write_dated_folder(tmp_path / "raw", cameras=(0, 1))
    (first / "images1" / "im_2.jpg").unlink()
    shutil.rmtree(second / "images1")
    assert convert(tmp_path / "raw", tmp_path)[0].kept == 3
    job = DatedFolder(tmp_path / "raw", tmp_path / "raw" / "task" / DATE, tmp_path / "b.npz", tmp_path / "b.json")
    both = convert_dated_folder(job, Settings(16, (0, 1)))
    assert [entry.reason for entry in both.rejected] == ["missing_frame", "missing_camera"]


def test_one_step_left_by_the_latency_correction_is_too_short(tmp_path):
    raw = tmp_path / "raw"
    for number, actions in enumerate((2, 3)):
        write_trajectory(
            raw / "task" / "2021-07-22_23-59-59" / "raw" / "traj_group0" / f"traj{number}", actions, seed=number
        )
    job = DatedFolder(raw, raw / "task" / "2021-07-22_23-59-59", tmp_path / "a.npz", tmp_path / "a.json")
    report = convert_dated_folder(job, Settings(16))
    assert [(entry.reason, entry.detail) for entry in report.rejected] == [
        ("too_short", "actions: 2, 1 after the latency correction")
    ]
    assert report.transitions == 2


def test_the_first_of_several_duplicates_stays(tmp_path):
    folders = write_dated_folder(tmp_path / "raw", trajectories=12)
    for number in (2, 10, 11):
        FAULTS["duplicate of the first"].plant(folders[number])
    report, shard = convert(tmp_path / "raw", tmp_path, workers=4)
    assert [entry.trajectory for entry in report.rejected] == names(2, 10, 11)
    assert {entry.detail for entry in report.rejected} == {f"the same content as {names(0)[0]}"}
    assert list(shard.names) == names(0, 1, *range(3, 10))


def test_what_is_no_trajectory_is_passed_over_and_counted(tmp_path):
    folders = write_dated_folder(tmp_path / "raw")
    for folder in folders[:2]:
        (folder / "depth_images0").mkdir()
    (folders[2] / "notes.txt").write_text("")
    session = tmp_path / "raw" / "task" / DATE
    (session / "collection_metadata.json").write_text("{}")
    (session / "raw" / "thumbnails").mkdir()
    (session / "raw" / "traj_group0" / "traj9.zip").write_text("")
    report, _shard = convert(tmp_path / "raw", tmp_path)
    assert report.kept == 3
    assert [(entry.path, entry.why, entry.count) for entry in report.passed_over] == [
        (f"task/{DATE}/raw/thumbnails", "not a group of trajectories (traj_group…)", 1),
        (f"task/{DATE}/raw/traj_group0/traj9.zip", "not a trajectory folder (traj…)", 1),
        (f"task/{DATE}/raw/*/*/depth_images0", "a depth camera", 2),
        (f"task/{DATE}/raw/*/*/notes.txt", "no part of a trajectory", 1),
    ]


# Faults that need no other trajectory and leave all that the others do to tell apart.
PLANTED = [
    "zero-byte JPEG",
    "missing middle frame",
    "missing policy_out.pkl",
    "NaN in a state",
    "attack in obs_dict.pkl",
]


@settings(max_examples=20, deadline=None)
@given(st.lists(st.sampled_from([None, *PLANTED]), min_size=1, max_size=6), st.sampled_from([1, 3]))
def test_found_is_kept_and_rejected_whatever_is_planted_where(labels, workers):
    with tempfile.TemporaryDirectory() as folder:
        raw = Path(folder, "raw")
        for trajectory, label in zip(write_dated_folder(raw, trajectories=len(labels)), labels, strict=True):
            if label is not None:
                FAULTS[label].plant(trajectory)
        report, shard = convert(raw, Path(folder), workers=workers)
        assert report.found == report.kept + len(report.rejected) == len(labels)
        assert list(shard.names) == names(*(number for number, label in enumerate(labels) if label is None))
        assert [(entry.trajectory, entry.reason) for entry in report.rejected] == [
            (*names(number), FAULTS[label].reason) for number, label in enumerate(labels) if label is not None
        ]


def test_a_report_that_leaves_a_trajectory_unaccounted_for_is_refused():
    with pytest.raises(DataError, match="3 trajectories found, 2 kept, 0 rejected"):
        Report(found=3, kept=2, transitions=9, instructed=2, rejected=(), passed_over=())
