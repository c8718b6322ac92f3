"""The command line: the workflow's form, the predecessor's form, and what is refused."""

import subprocess
import sys

import pytest

from bridgelib.formats.shard import Shard
from tests.raw_trees import DATE, FAULTS, write_dated_folder


@pytest.fixture
def run(repository, tmp_path):
    """Runs the script from a folder that is not the repository."""

    def run(*arguments):
        script = repository / "workflow_scripts" / "raw_to_numpy.py"
        return subprocess.run(
            [sys.executable, script, *map(str, arguments)], cwd=tmp_path, capture_output=True, text=True
        )

    return run


def test_one_dated_folder_as_the_workflow_asks(run, tmp_path):
    FAULTS["truncated JPEG"].plant(write_dated_folder(tmp_path / "raw", cameras=(0, 2))[2])
    ran = run(
        *("--raw", "raw", "--dated-folder", f"raw/task/{DATE}", "--shard", "out/a.npz", "--report", "out/a.json"),
        *("--im_size", 16, "--cameras", 0, 2, "--workers", 2, "--overwrite"),
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.splitlines() == [
        "3 trajectories found, 2 kept, 1 rejected",
        "  rejected          1  broken_image",
    ]
    shard = Shard(tmp_path / "out" / "a.npz")
    assert (shard.im_size, shard.cameras, len(shard)) == (16, (0, 2), 2)
    assert shard.names[0] == f"task/{DATE}/raw/traj_group0/traj0"


def test_a_whole_tree_as_with_the_predecessor(run, tmp_path):
    write_dated_folder(tmp_path / "raw")
    arguments = ("--input_path", "raw", "--output_path", "numpy", "--depth", 2, "--num_workers", 2, "--im_size", 16)
    ran = run(*arguments)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout == "3 trajectories found, 3 kept, 0 rejected\n"
    shard = tmp_path / "numpy" / "task" / f"{DATE}.npz"
    before = shard.stat().st_mtime_ns
    assert run(*arguments).stdout == ran.stdout
    assert shard.stat().st_mtime_ns == before
    run(*arguments, "--overwrite")
    assert shard.stat().st_mtime_ns > before


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--numpy", "out", "--depth", "3"], "set `depth: 2`"),
        (["--numpy", "out", "--depth", "deep"], "auto, or a whole number"),
        (["--numpy", "out", "--im_size", "0"], "im_size"),
        (["--numpy", "out", "--cameras", "1"], "cameras"),
        (["--numpy", "out", "--gaze", "boxes"], "none, filter, no_filter"),
        (["--numpy", "out", "--train_proportion", "0.9"], "give it to numpy_to_tfrecord.py"),
        ([], "give either --numpy, or --dated-folder"),
        (["--numpy", "out", "--shard", "a.npz"], "give either --numpy, or --dated-folder"),
        (["--dated-folder", "raw/task", "--shard", "a.npz"], "give either --numpy, or --dated-folder"),
    ],
)
def test_what_cannot_be_done_is_told_without_a_traceback(run, tmp_path, arguments, told):
    write_dated_folder(tmp_path / "raw", trajectories=1)
    ran = run("--raw", "raw", *arguments)
    assert ran.returncode == 2
    assert told in ran.stderr and "Traceback" not in ran.stderr
    assert not (tmp_path / "out").exists()
