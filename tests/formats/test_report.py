"""The account of a dated folder: saved and read back, told in lines, refused where it does not add up."""

import json
from dataclasses import replace

import pytest

from bridgelib.errors import DataError
from bridgelib.formats.report import RejectedTrajectory, Remark, Report
from bridgelib.raw.tree import PassedOver
from tests.raw_trees import LFS_POINTER

REPORT = Report(
    found=5,
    kept=2,
    transitions=70,
    instructed=1,
    rejected=(
        RejectedTrajectory("task/date/raw/traj_group0/traj0", "broken_image", "images0/im_1.jpg is empty"),
        RejectedTrajectory("task/date/raw/traj_group0/traj3", "missing_frame", "images0/im_2.jpg missing"),
        RejectedTrajectory("task/date/raw/traj_group0/traj4", "broken_image", "images0/im_7.jpg: Tür"),
    ),
    passed_over=(PassedOver("task/date/raw/other", "not a group", 1), PassedOver("task/date/raw/*/*/d", "depth", 5)),
    remarks=(
        Remark("task/date/raw/traj_group0/traj1", "time_still", "time_stamp 3 is 1.000, the next 1.000"),
        Remark("task/date/raw/traj_group0/traj2", "time_still", "time_stamp 0 is 1.000, the next 1.000"),
    ),
)


def test_what_is_saved_is_read(tmp_path):
    REPORT.save(tmp_path / "a.report.json")
    assert Report.load(tmp_path / "a.report.json") == REPORT
    content = json.loads((tmp_path / "a.report.json").read_text(encoding="utf-8"))
    assert (content["found"], content["kept"]) == (5, 2)
    assert content["rejected"][0] == {
        "trajectory": "task/date/raw/traj_group0/traj0",
        "reason": "broken_image",
        "detail": "images0/im_1.jpg is empty",
    }
    assert content["remarks"][1]["trajectory"] == "task/date/raw/traj_group0/traj2"
    assert content["passed_over"][1] == {"path": "task/date/raw/*/*/d", "why": "depth", "count": 5}


def test_a_report_that_was_not_fetched_is_told_as_such(tmp_path):
    (tmp_path / "a.report.json").write_bytes(LFS_POINTER)
    with pytest.raises(DataError, match="a pointer of Git LFS") as refused:
        Report.load(tmp_path / "a.report.json")
    assert "git lfs pull; or remove it and run" in str(refused.value)


def test_it_is_told_in_lines():
    assert REPORT.as_text().splitlines() == [
        "5 trajectories found, 2 kept, 3 rejected",
        "  rejected          2  broken_image",
        "  rejected          1  missing_frame",
        "  passed over       5  depth",
        "  passed over       1  not a group",
        "  remark            2  time_still",
    ]


def test_a_report_from_before_there_were_remarks_is_read(tmp_path):
    REPORT.save(tmp_path / "a.report.json")
    content = json.loads((tmp_path / "a.report.json").read_text(encoding="utf-8"))
    del content["remarks"]
    (tmp_path / "a.report.json").write_text(json.dumps(content))
    assert Report.load(tmp_path / "a.report.json") == replace(REPORT, remarks=())


@pytest.mark.parametrize("kept", [1, 3])
def test_an_account_that_does_not_add_up_is_refused(tmp_path, kept):
    REPORT.save(tmp_path / "a.report.json")
    content = json.loads((tmp_path / "a.report.json").read_text(encoding="utf-8"))
    (tmp_path / "a.report.json").write_text(json.dumps({**content, "kept": kept}))
    with pytest.raises(DataError, match=f"5 trajectories found, {kept} kept, 3 rejected"):
        Report.load(tmp_path / "a.report.json")


@pytest.mark.parametrize("content", ["[]", "{}", '{"found": 1}', '{"rejected": [{"why": 1}], "passed_over": []}', "{"])
def test_what_is_no_report_is_refused(tmp_path, content):
    (tmp_path / "a.report.json").write_text(content)
    with pytest.raises(DataError, match=r"a\.report\.json"):
        Report.load(tmp_path / "a.report.json")
