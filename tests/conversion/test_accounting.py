"""Every trajectory is on one line of the account, and accounts add up."""

import json
import subprocess
import sys
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridgelib.conversion.accounting import Account, TaskReport, TreeReport, find_reports
from bridgelib.conversion.tables import REPAIRED, as_text
from bridgelib.errors import DataError
from bridgelib.files import write_json
from bridgelib.raw.rejection import REASONS
from bridgelib.raw.remarks import REMARKS, Noticed
from bridgelib.raw.tree import PassedOver


def content(
    reasons=("duplicate", "broken_image", "duplicate"), train=8, val=2, instructed=5, name="open", remarks=()
) -> dict:
    rejected = [
        {"trajectory": f"{name}/d/raw/traj_group0/traj{number}", "reason": reason, "detail": "for a test"}
        for number, reason in enumerate(reasons)
    ]
    return {
        "found": train + val + len(rejected),
        "kept": train + val,
        "rejected": rejected,
        "passed_over": [{"path": f"{name}/lmdb", "why": "an lmdb copy", "count": 3}],
        "train": {"trajectories": train, "transitions": 30 * train, "frames": 31 * train, "bytes": 1_000_000 * train},
        "val": {"trajectories": val, "transitions": 30 * val, "frames": 31 * val, "bytes": 1_000_000 * val},
        "instructed": instructed,
        "remarks": [
            {
                "trajectory": number and f"{name}/d/raw/traj_group0/traj{number}",
                "remark": remark,
                "detail": "as planted",
            }
            for number, remark in remarks
        ],
    }


@pytest.fixture
def root(tmp_path):
    write_json(tmp_path / "kitchen" / "open" / "report.json", content())
    write_json(tmp_path / "push" / "report.json", content(reasons=(), train=1, val=0, instructed=1, name="push"))
    return tmp_path


def read_tree(root, outside=()) -> TreeReport:
    return TreeReport(tuple(TaskReport.read(path, root) for path in find_reports(root)), tuple(outside))


def test_hand_worked(root):
    tree = read_tree(root, [PassedOver("notes.txt", "not a folder")])
    assert [task.task for task in tree.tasks] == ["kitchen/open", "push"]
    total = tree.total
    assert (total.found, total.kept, total.train, total.val) == (14, 11, 9, 2)
    assert total.rejected == {"duplicate": 2, "broken_image": 1}
    assert (total.passed_over, total.frames, total.bytes, total.instructed) == (7, 341, 11_000_000, 6)


def test_text(root):
    tree = read_tree(root, [PassedOver("notes.txt", "not a folder")])
    assert as_text(tree, listed=2) == (
        "task                     found  kept  rejected  passed over  train  val  frames    bytes  language\n"
        "-----------------------  -----  ----  --------  -----------  -----  ---  ------  -------  --------\n"
        "kitchen/open                13    10         3            3      8    2     310  10.0 MB      50 %\n"
        "push                         1     1         0            3      1    0      31   1.0 MB     100 %\n"
        "(outside dated folders)      0     0         0            1      0    0       0      0 B         -\n"
        "-----------------------  -----  ----  --------  -----------  -----  ---  ------  -------  --------\n"
        "whole tree                  14    11         3            7      9    2     341  11.0 MB      54 %\n"
        "\n"
        "rejected because  trajectories\n"
        "----------------  ------------\n"
        "duplicate                    2\n"
        "broken_image                 1\n"
        "\n"
        "rejected trajectory           reason        detail\n"
        "----------------------------  ------------  ----------\n"
        "open/d/raw/traj_group0/traj0  duplicate     for a test\n"
        "open/d/raw/traj_group0/traj1  broken_image  for a test\n"
        "… and 1 more\n"
        "\n" + REPAIRED + "\n"
    )


def test_without_rejections_there_is_one_table(root):
    (root / "kitchen" / "open" / "report.json").unlink()
    assert as_text(read_tree(root)).count("\n\n") == 0


REMARKED = [(None, "gripper_never_opens"), (7, "latency_shift"), *((number, "time_still") for number in (2, 3, 5, 8))]


@pytest.fixture
def remarked(root):
    write_json(root / "kitchen" / "open" / "report.json", content(reasons=(), remarks=REMARKED))
    write_json(
        root / "push" / "report.json", content(reasons=(), train=1, val=0, name="push", remarks=[(9, "later_kind")])
    )
    tree = read_tree(root)
    return TreeReport(tree.tasks, misplaced=(Noticed("dated_folder_elsewhere", "a/b/c lies at depth 3, not 2"),))


def test_remarks_are_counted_by_kind(remarked):
    counts = {"gripper_never_opens": 1, "latency_shift": 1, "time_still": 4}
    assert remarked.tasks[0].account.remarks == counts
    assert remarked.total.remarks == {**counts, "later_kind": 1, "dated_folder_elsewhere": 1}
    told = json.loads(json.dumps(remarked.to_json()))
    assert told["tasks"]["kitchen/open"]["remarks"] == counts
    assert told["total"]["remarks"] == {**counts, "later_kind": 1, "dated_folder_elsewhere": 1}
    assert len(told["remarks"]) == 8
    whole = {"trajectory": None, "remark": "gripper_never_opens", "detail": "as planted"}
    assert told["remarks"][1] == {"task": "kitchen/open", **whole}


def test_the_text_ends_with_what_deserves_a_look_first(remarked):
    """By kind, the most worrying first, at most three names of each; a kind that is not known here comes last."""
    kinds, named = as_text(remarked).split("\n\n")[-2:]
    lines = kinds.splitlines()
    assert lines[0].split() == ["remark", "what", "it", "means", "times"]
    assert [line.split()[0] for line in lines[2:]] == [
        *("gripper_never_opens", "time_still", "latency_shift", "dated_folder_elsewhere", "later_kind")
    ]
    assert [line.split()[-1] for line in lines[2:]] == ["1", "4", "1", "1", "1"]
    assert REMARKS["time_still"] in lines[3]
    assert named.splitlines()[2:] == [
        "all of kitchen/open           gripper_never_opens     as planted",
        "open/d/raw/traj_group0/traj2  time_still              as planted",
        "open/d/raw/traj_group0/traj3  time_still              as planted",
        "open/d/raw/traj_group0/traj5  time_still              as planted",
        "open/d/raw/traj_group0/traj7  latency_shift           as planted",
        "the raw tree                  dated_folder_elsewhere  a/b/c lies at depth 3, not 2",
        "push/d/raw/traj_group0/traj9  later_kind              as planted",
    ]


def test_a_report_from_before_there_were_remarks_is_read(tmp_path):
    former = content()
    del former["remarks"]
    write_json(tmp_path / "report.json", former)
    assert TaskReport.read(tmp_path / "report.json", tmp_path).account.remarks == {}


def test_json_names_every_rejected_trajectory(root):
    told = json.loads(json.dumps(read_tree(root, [PassedOver("notes.txt", "not a folder")]).to_json()))
    assert told["tasks"]["push"]["kept"] == 1
    assert told["total"]["rejected"] == {"broken_image": 1, "duplicate": 2}
    assert [entry["task"] for entry in told["rejected"]] == ["kitchen/open"] * 3
    assert told["passed_over"][-1] == {"path": "notes.txt", "why": "not a folder", "count": 1}


@pytest.mark.parametrize("change", [{"found": 14}, {"kept": 9}, {"rejected": []}, {"instructed": None, "found": "13"}])
def test_what_does_not_add_up_is_refused(tmp_path, change):
    write_json(tmp_path / "report.json", content() | change)
    with pytest.raises(DataError, match="found = kept"):
        TaskReport.read(tmp_path / "report.json", tmp_path)


@pytest.mark.parametrize("text", ["[]", "{}", '{"found": 1, "rejected": 3}'])
def test_another_file_is_refused(tmp_path, text):
    (tmp_path / "report.json").write_text(text)
    with pytest.raises(DataError, match="not the report of a task"):
        TaskReport.read(tmp_path / "report.json", tmp_path)


def test_no_report_is_refused(tmp_path):
    with pytest.raises(DataError, match=r"no report\.json"):
        find_reports(tmp_path)


ACCOUNTS = st.builds(
    lambda rejected, train, val, numbers: Account(
        train + val + sum(rejected.values()), Counter(rejected), numbers[0], train, val, *numbers[1:], 0
    ),
    st.dictionaries(st.sampled_from(sorted(REASONS)), st.integers(1, 50)),
    st.integers(0, 1000),
    st.integers(0, 1000),
    st.tuples(*[st.integers(0, 10**12)] * 3),
)


@given(st.lists(ACCOUNTS, max_size=8))
def test_a_sum_of_accounts_accounts_for_every_trajectory(accounts):
    total = sum(accounts, start=Account())
    assert total.found == total.kept + total.rejected.total()
    assert total.kept == total.train + total.val == sum(account.kept for account in accounts)
    assert total.rejected.total() == sum(account.rejected.total() for account in accounts)


def test_the_program_writes_and_prints_and_needs_only_the_standard_library(root, repository):
    """-S leaves out every installed package."""
    script = repository / "workflow_scripts" / "data_report.py"
    options = ["--root", str(root), "--text", str(root / "data.txt"), "--json", str(root / "data.json")]
    done = subprocess.run([sys.executable, "-S", str(script), *options], capture_output=True, text=True, check=True)
    assert done.stdout == (root / "data.txt").read_text() == as_text(read_tree(root))
    written = json.loads((root / "data.json").read_text())
    assert written.pop("origin")["tasks"].keys() == {"kitchen/open", "push"}
    expected = read_tree(root).to_json()
    assert expected.pop("origin") is None  # nobody said where the reports lie
    assert written == json.loads(json.dumps(expected))
