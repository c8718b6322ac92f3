"""Killed at any moment, on a full disk, with much data: nothing partial under a final name, the same bytes then."""

import os
import random
import resource
import signal
import subprocess
import sys
import time

import pytest

from bridgelib.conversion.raw_to_numpy import Settings, convert_tree
from bridgelib.raw.tree import find_tasks
from tests.raw_trees import write_dated_folder
from tests.results import results_below

IM_SIZE = 96


@pytest.fixture(scope="module")
def raw(tmp_path_factory):
    """Five dated folders with a second of work in them."""
    folder = tmp_path_factory.mktemp("raw")
    for day in range(1, 6):
        options = {"trajectories": 3, "actions": 9, "size": (320, 240), "seed": 100 * day}
        write_dated_folder(folder, date=f"2021-08-0{day}_10-00-00", **options)
    return folder


def command(repository, raw, numpy):
    script = repository / "workflow_scripts" / "raw_to_numpy.py"
    return [sys.executable, script, "--raw", raw, "--numpy", numpy, "--im_size", str(IM_SIZE), "--workers", "2"]


def contents(numpy):
    return {path.relative_to(numpy): path.read_bytes() for path in results_below(numpy)}


@pytest.fixture(scope="module")
def undisturbed(raw, tmp_path_factory):
    """What comes out, and the seconds it takes."""
    numpy, begin = tmp_path_factory.mktemp("expected"), time.perf_counter()
    convert_tree(find_tasks(raw), numpy, Settings(IM_SIZE), workers=2)
    return contents(numpy), time.perf_counter() - begin


@pytest.fixture(scope="module")
def expected(undisturbed):
    return undisturbed[0]


def partial_file(numpy):
    return next(numpy.rglob(".*.partial"), None)


@pytest.mark.parametrize("sixth", range(6))
def test_killed_at_any_moment_it_ends_with_the_same_bytes(sixth, repository, raw, undisturbed, tmp_path):
    expected, seconds = undisturbed
    process = subprocess.Popen(command(repository, raw, tmp_path), stderr=subprocess.DEVNULL, start_new_session=True)
    while partial_file(tmp_path) is None and process.poll() is None:
        time.sleep(0.001)
    time.sleep(1.3 * seconds * random.Random(sixth).uniform(sixth / 6, (sixth + 1) / 6))
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    for path, content in contents(tmp_path).items():
        assert path.name.startswith(".") or content == expected[path], path
    convert_tree(find_tasks(raw), tmp_path, Settings(IM_SIZE))
    assert contents(tmp_path) == expected


def test_a_run_killed_between_shard_and_report_is_not_done(raw, expected, tmp_path, monkeypatch):
    def killed(*_arguments):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr("bridgelib.formats.report.Report.save", killed)
        convert_tree(find_tasks(raw), tmp_path, Settings(IM_SIZE))
    assert [path.suffix for path in contents(tmp_path)] == [".npz"]
    convert_tree(find_tasks(raw), tmp_path, Settings(IM_SIZE))
    assert contents(tmp_path) == expected


@pytest.mark.programs("mount", "umount")
def test_a_full_disk_is_told_and_leaves_nothing(repository, raw, expected, tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)]
    if subprocess.run(mount, capture_output=True).returncode != 0:
        pytest.skip("needs the right to mount a small file system")
    try:
        ran = subprocess.run(command(repository, raw, disk / "numpy"), capture_output=True, text=True)
        assert ran.returncode == 2
        assert "the disk is full" in ran.stderr and "Traceback" not in ran.stderr
        assert contents(disk / "numpy") == {}
        subprocess.run(["mount", "-o", "remount,size=100m", disk], check=True)
        subprocess.run(command(repository, raw, disk / "numpy"), capture_output=True, check=True)
        assert contents(disk / "numpy") == expected
    finally:
        subprocess.run(["umount", disk], check=True)


def test_a_limit_on_file_sizes_leaves_nothing(repository, raw, tmp_path):
    """As a full disk, for those who may not mount one."""
    limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000))  # noqa: E731
    ran = subprocess.run(command(repository, raw, tmp_path), capture_output=True, preexec_fn=limit)
    assert ran.returncode != 0
    assert contents(tmp_path) == {}


def test_memory_stays_far_below_the_data(repository, tmp_path):
    """250 MB of frames go through a process that never holds more than 80 MB beyond what Python and numpy take."""
    write_dated_folder(tmp_path / "raw", trajectories=21, actions=59)
    script = command(repository, tmp_path / "raw", tmp_path / "numpy")
    usage = [peak_memory([*script[:-3], "256", "--workers", "2"]), peak_memory([*script, "--help"])]
    assert next((tmp_path / "numpy").rglob("*.npz")).stat().st_size > 245e6
    assert usage[0] - usage[1] < 80e6, usage


def peak_memory(arguments):
    process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    return usage.ru_maxrss * 1024
