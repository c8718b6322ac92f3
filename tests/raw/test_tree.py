"""Tasks, dated folders, trajectories are found, all else is passed over with its reason, wrong depths are refused."""

import errno
import os
import subprocess
import sys
import time

import pytest

from bridgelib.errors import ConfigError, DataError
from bridgelib.raw.tree import (
    PassedOver,
    Task,
    find_tasks,
    list_trajectories,
    natural_key,
    recorded_at,
    strays,
    trajectory_names,
)

FIRST, SECOND = "2021-08-02_10-00-00", "2021-08-03_11-30-00"


def make(root, *folders):
    for folder in folders:
        (root / folder).mkdir(parents=True)
    return root


@pytest.mark.parametrize("depth", [2, "auto"])
def test_tasks_and_dates_are_sorted(tmp_path, depth):
    make(tmp_path, f"b/{SECOND}/raw", f"b/{FIRST}", f"a/{SECOND}")
    tree = find_tasks(tmp_path, depth)
    assert tree.tasks == (Task("a", (SECOND,)), Task("b", (FIRST, SECOND)))
    assert (tree.depth, tree.passed_over) == (2, ())


@pytest.mark.parametrize("depth", [4, "auto"])
def test_tasks_lie_as_deep_as_the_depth_says(tmp_path, depth):
    make(tmp_path, f"kitchen1/pot/00/{FIRST}", f"kitchen1/pot/01/{FIRST}", f"kitchen2/lid/00/{SECOND}")
    tree = find_tasks(tmp_path, depth)
    assert [task.name for task in tree.tasks] == ["kitchen1/pot/00", "kitchen1/pot/01", "kitchen2/lid/00"]
    assert tree.depth == 4


@pytest.mark.parametrize("depth", [2, "auto"])
def test_what_is_no_dated_folder_is_passed_over_with_its_reason(tmp_path, depth):
    make(tmp_path, f"task/{FIRST}", "task/backup", "task/2021-13-02_10-00-00", "task/lmdb", "notes/old", SECOND)
    make(tmp_path, "lmdb_of_all")
    (tmp_path / "README.txt").write_text("")
    (tmp_path / "task" / "diagnostics.png").write_text("")
    not_dated = "not a dated folder (YYYY-MM-DD_hh-mm-ss)"
    tree = find_tasks(tmp_path, depth)
    assert tree.tasks == (Task("task", (FIRST,)),)
    assert set(tree.passed_over) == {
        PassedOver(SECOND, "a dated folder at depth 1, not 2"),
        PassedOver("README.txt", "not a folder"),
        PassedOver("lmdb_of_all", "an lmdb copy"),
        PassedOver("notes", "no dated folder in it"),
        PassedOver("task/2021-13-02_10-00-00", not_dated),
        PassedOver("task/backup", not_dated),
        PassedOver("task/diagnostics.png", "not a folder"),
        PassedOver("task/lmdb", "an lmdb copy"),
    }


def test_links_to_folders_count_as_folders(tmp_path):
    elsewhere = make(tmp_path / "elsewhere", f"{FIRST}/raw/traj_group0/traj0")
    root = make(tmp_path / "raw", "other")
    (root / "task").symlink_to(elsewhere)
    (root / "other" / SECOND).symlink_to(elsewhere / FIRST)
    (root / "circle").symlink_to(root / "circle")
    (root / "dangling").symlink_to(root / "nothing")
    tree = find_tasks(root)
    assert tree.tasks == (Task("other", (SECOND,)), Task("task", (FIRST,)))
    assert [entry.path for entry in tree.passed_over] == ["circle", "dangling"]
    assert trajectory_names(root / "other" / SECOND) == ("raw/traj_group0/traj0",)


def test_a_name_that_is_no_text_is_passed_over(tmp_path):
    make(tmp_path, f"task/{FIRST}")
    (tmp_path / os.fsdecode(b"t\xe9l\xe9")).mkdir()
    assert find_tasks(tmp_path).passed_over == (PassedOver("t\\xe9l\\xe9", "not a folder"),)


@pytest.mark.parametrize("depth", [2, "auto"])
@pytest.mark.parametrize(
    ("link", "target"),
    [("again", "."), ("task/again", ".."), ("task/again", "."), ("other/again", "../task2"), ("up", "../..")],
)
def test_a_link_that_leads_back_is_listed_once(tmp_path, depth, link, target):
    root = make(tmp_path / "data", f"task/{FIRST}", f"other/{FIRST}", f"task2/{FIRST}")
    (root / "task2" / "loop").symlink_to("../other")
    (root / link).symlink_to(target, target_is_directory=True)
    tree = find_tasks(root, depth)
    assert [task.name for task in tree.tasks] == ["other", "task", "task2"]
    leading_back = [entry for entry in tree.passed_over if entry.why.startswith("a link back")]
    assert [entry.path for entry in leading_back] == ([link] if link != "other/again" else [])


def test_links_that_lead_in_a_circle_end_the_search(tmp_path):
    """Two folders, each with a link to the other: beyond the second link lies what was there before."""
    make(tmp_path, f"a/x/{FIRST}", f"b/y/{FIRST}")
    (tmp_path / "a" / "b").symlink_to("../b")
    (tmp_path / "b" / "a").symlink_to("../a")
    (tmp_path / "a" / "itself").symlink_to("itself")
    tree = find_tasks(tmp_path, 3)
    assert [task.name for task in tree.tasks] == ["a/x", "b/y"]
    assert PassedOver("a/itself", "not a folder") in tree.passed_over
    assert len({entry.path for entry in tree.passed_over}) == len(tree.passed_over) < 10


def test_a_task_may_be_a_link_to_another_disk(tmp_path):
    make(tmp_path, f"disk/task/{FIRST}", "raw")
    (tmp_path / "raw" / "linked").symlink_to("../disk/task")
    assert find_tasks(tmp_path / "raw").tasks == (Task("linked", (FIRST,)),)


@pytest.mark.parametrize("depth", [1, 3, 5])
def test_a_wrong_depth_is_refused_with_the_right_one(tmp_path, depth):
    make(tmp_path, f"task/{FIRST}/raw/traj_group0/traj0", "task/notes/deeper/still")
    with pytest.raises(ConfigError, match="set `depth: 2` in the machine profile"):
        find_tasks(tmp_path, depth)


@pytest.mark.parametrize("depth", [0, -1, 2.0, "2", True, None])
def test_what_is_no_depth_is_refused(tmp_path, depth):
    with pytest.raises(ConfigError, match="auto, or a whole number"):
        find_tasks(tmp_path, depth)


@pytest.mark.parametrize("depth", [2, "auto"])
def test_a_task_given_as_root_is_recognised(tmp_path, depth):
    make(tmp_path, f"data/task/{FIRST}/raw")
    with pytest.raises(ConfigError, match=f"set `raw` to {tmp_path}/data and `depth` to 2"):
        find_tasks(tmp_path / "data" / "task", depth)


def test_several_depths_are_left_to_the_user(tmp_path):
    make(tmp_path, f"task/{FIRST}", f"kitchen/task/{SECOND}", f"kitchen/task/{FIRST}")
    with pytest.raises(ConfigError, match=f"1 at depth 2 \\(as task/{FIRST}\\); 2 at depth 3"):
        find_tasks(tmp_path)
    assert [task.name for task in find_tasks(tmp_path, 3).tasks] == ["kitchen/task"]


def test_a_root_that_cannot_even_be_asked_about_is_refused(tmp_path, monkeypatch):
    """A network's disk that is gone, or a folder above it that is closed."""
    real = os.stat

    def stat(path, *rest, **options):
        if str(path) == str(tmp_path / "gone"):
            raise OSError(errno.ESTALE, "Stale file handle", str(path))
        return real(path, *rest, **options)

    monkeypatch.setattr(os, "stat", stat)
    with pytest.raises(DataError, match="Stale file handle"):
        find_tasks(tmp_path / "gone")


def test_missing_and_empty_roots_are_told_apart(tmp_path):
    with pytest.raises(DataError, match="no such folder"):
        find_tasks(tmp_path / "nowhere")
    with pytest.raises(DataError, match="the folder is empty"):
        find_tasks(tmp_path, 2)
    make(tmp_path, "task/undated")
    with pytest.raises(DataError, match="no dated folder"):
        find_tasks(tmp_path)


def test_trajectories_come_in_natural_order(tmp_path):
    names = [f"raw/traj_group{group}/traj{number}" for group in (0, 2, 10) for number in (0, 2, 10)]
    make(tmp_path, *reversed(names))
    assert trajectory_names(tmp_path) == tuple(names)


def test_natural_order_is_total():
    assert sorted(["traj10", "traj2", "traj02", "traj", "traj2b"], key=natural_key) == [
        *("traj", "traj02", "traj2", "traj2b", "traj10")
    ]


def test_what_is_no_trajectory_is_listed(tmp_path):
    make(tmp_path, "raw/traj_group0/traj0", "raw/traj_group0/rejected", "raw/other", "videos")
    (tmp_path / "raw" / "traj_group0" / "traj1.zip").write_text("")
    names, passed_over = list_trajectories(tmp_path)
    assert names == ("raw/traj_group0/traj0",)
    assert [entry.path for entry in passed_over] == [
        *("raw/other", "raw/traj_group0/rejected", "raw/traj_group0/traj1.zip")
    ]
    assert list_trajectories(tmp_path / "videos") == (
        (),
        (PassedOver("raw", "no folder of this name, so there are no trajectories here"),),
    )
    with pytest.raises(DataError, match="No such file"):
        trajectory_names(tmp_path / "nowhere")


def test_strays_of_a_trajectory(tmp_path):
    make(tmp_path, "images0", "images12", "depth_images0", "digit_images0", "images")
    for name in ("obs_dict.pkl", "policy_out.pkl", "agent_data.pkl", "lang.txt", "lang.txt~"):
        (tmp_path / name).write_text("")
    other = "no part of a trajectory"
    assert strays(tmp_path) == (
        PassedOver("depth_images0", "a depth camera"),
        PassedOver("digit_images0", other),
        PassedOver("images", other),
        PassedOver("lang.txt~", other),
    )
    assert strays(tmp_path / "nowhere") == ()


def test_dates_are_read_strictly():
    assert recorded_at("2021-07-23_00-00-00").isoformat() == "2021-07-23T00:00:00"
    for name in ("2021-7-23_0-0-0", "2021-07-23", "2021-02-30_00-00-00", "2021-07-23_00-00-00 copy", "notes"):
        assert recorded_at(name) is None, name


def test_thousands_of_dated_folders_are_found_at_once(tmp_path):
    """2,000 dated folders; the trajectories in them are not looked at."""
    for task in range(100):
        for day in range(1, 21):
            make(tmp_path, f"task{task}/2022-01-{day:02d}_00-00-00/raw")
    for depth in (2, "auto"):
        begin = time.perf_counter()
        tree = find_tasks(tmp_path, depth)
        assert time.perf_counter() - begin < 3
        assert sum(len(task.dates) for task in tree.tasks) == 2000


def test_it_needs_neither_numpy_nor_pillow(repository):
    """Snakemake's environment has neither."""
    blocked = "import sys; sys.modules['numpy'] = sys.modules['PIL'] = None; import bridgelib.raw.tree"
    subprocess.run([sys.executable, "-c", blocked], cwd=repository, check=True)
