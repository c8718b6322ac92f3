"""What is remade when something changes: its own shard and what hangs on it, nothing else."""

import os
import re
import shutil
import stat
import sys
from pathlib import Path

import pytest

from bridgelib.files import read_json
from bridgelib.jobs.environment_locks import lock_digest
from bridgelib.layout import CLAIMS
from bridgelib.sim.demonstrations import write_dated_folder
from bridgelib.sim.plan import PlanEntry
from tests.results import results_below
from tests.workflow.conftest import Workspace

TASKS = ("put_red_cube_on_plate", "push_blue_cylinder_onto_green_cloth")
DATES = ("2021-08-02_10-00-00", "2021-08-03_11-30-00")
ONE_SHARD = {"raw_to_numpy": 1, "numpy_to_tfrecord": 1, "tfrecords": 1}


def simulate(raw, task, date, demonstrations=2):
    write_dated_folder(raw, PlanEntry(task, date, demonstrations, image_size=(48, 64)))


@pytest.fixture(scope="module")
def converted(tmp_path_factory, repository):
    """A lab whose two tasks with two sessions each are converted; each test gets a copy."""
    folder = tmp_path_factory.mktemp("converted") / "lab"
    workspace = Workspace(folder, repository)
    for task in TASKS:
        for date in DATES:
            simulate(workspace.raw, task, date)
    workspace.write_profile()
    workspace.snakemake("tfrecords")
    return workspace


@pytest.fixture
def lab(converted, tmp_path):
    folder = tmp_path / "lab"
    shutil.copytree(converted.folder, folder, symlinks=True)
    return Workspace(folder, converted.repository)


def test_nothing_changed_nothing_to_do_even_in_another_place(lab):
    assert lab.jobs("tfrecords") == {}


def test_a_new_dated_folder_remakes_its_own_shard_and_its_task(lab):
    simulate(lab.raw, TASKS[0], "2021-09-01_09-00-00")
    assert lab.jobs("tfrecords") == ONE_SHARD


def test_a_new_trajectory_remakes_its_shard(lab):
    group = lab.raw / TASKS[0] / DATES[1] / "raw" / "traj_group0"
    shutil.copytree(group / "traj0", group / "traj7")
    assert lab.jobs("tfrecords") == ONE_SHARD


def test_a_removed_trajectory_remakes_its_shard(lab):
    shutil.rmtree(lab.raw / TASKS[0] / DATES[1] / "raw" / "traj_group0" / "traj0")
    assert lab.jobs("tfrecords") == ONE_SHARD


def test_a_repaired_trajectory_counts_when_its_shard_and_its_tasks_report_are_removed(lab):
    """As the data report says; the shard alone is not missed: who needs the room may remove all of them."""
    shard = lab.folder / "numpy" / TASKS[0] / f"{DATES[1]}.npz"
    shard.unlink()
    assert lab.jobs("tfrecords") == {}
    (lab.folder / "tfrecord" / TASKS[0] / "report.json").unlink()
    assert lab.jobs("tfrecords") == ONE_SHARD


def test_a_removed_dated_folder_remakes_its_task_only(lab):
    shutil.rmtree(lab.raw / TASKS[0] / DATES[1])
    assert lab.jobs("tfrecords") == {"numpy_to_tfrecord": 1, "tfrecords": 1}
    lab.snakemake("tfrecords")  # the shard of the removed session still lies there, and is not read
    report = read_json(lab.folder / "tfrecord" / TASKS[0] / "report.json")
    assert (report["shards"], report["found"]) == (1, 2)


def test_a_command_does_not_grow_with_the_shards_it_reads(lab):
    """Linux takes 128 KiB of one, and a task may have thousands of sessions."""

    def length(sessions):
        for number in range(sessions):
            (lab.raw / "fold" / f"2021-08-02_10-00-{number:02}" / "raw").mkdir(parents=True, exist_ok=True)
        _, output = lab.snakemake("-n", "-p", "tfrecord/fold/report.json")
        commands = [line for line in output.splitlines() if "numpy_to_tfrecord.py" in line]
        return len(commands[0])

    assert length(2) == length(50) - len("50") + len("2")


def test_touched_raw_folders_remake_nothing(lab):
    for path in [lab.raw, *lab.raw.rglob("*")]:
        os.utime(path)
    assert lab.jobs("tfrecords") == {}


def test_a_changed_parameter_remakes_what_reads_it(lab):
    assert lab.jobs("im_size=48", "tfrecords") == {"raw_to_numpy": 4, "numpy_to_tfrecord": 2, "tfrecords": 1}
    assert lab.jobs("train_proportion=0.5", "tfrecords") == {"numpy_to_tfrecord": 2, "tfrecords": 1}
    assert lab.jobs("split_seed=1", "tfrecords") == {"numpy_to_tfrecord": 2, "tfrecords": 1}
    assert lab.jobs("workers=1", "tfrecords") == {}


def test_the_same_bytes_come_out_again(lab, converted):
    shutil.rmtree(lab.folder / "numpy")
    shutil.rmtree(lab.folder / "tfrecord")
    lab.snakemake("workers=1", "tfrecords")
    for root in ("numpy", "tfrecord"):
        made = [path for path in results_below(converted.folder / root) if CLAIMS not in path.parts]
        assert made
        for path in made:
            assert path.read_bytes() == (lab.folder / path.relative_to(converted.folder)).read_bytes(), path.name


@pytest.fixture
def clone(tmp_path, repository):
    """A clone of the repository whose environments are stand-ins: each runs the Python of this test."""
    clone = tmp_path / "clone"
    for name in ("Snakefile", "rules", "bridgelib", "workflow_scripts", "config", "envs", "profiles"):
        copy = shutil.copytree if (repository / name).is_dir() else shutil.copy
        clone.mkdir(exist_ok=True)
        copy(repository / name, clone / name)
    build_environment(clone, "convert")
    return clone


def build_environment(clone: Path, name: str):
    """What the rule `environment` leaves behind, with a program that calls this Python."""
    venv = clone / ".venvs" / name
    shutil.rmtree(venv, ignore_errors=True)
    (venv / "bin").mkdir(parents=True)
    python = venv / "bin" / "python"
    python.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    python.chmod(python.stat().st_mode | stat.S_IEXEC)
    shutil.copy(clone / "envs" / f"{name}.txt", venv / ".ready")


def test_a_rebuilt_environment_remakes_nothing_but_a_changed_lock_does(clone, tmp_path):
    workspace = Workspace(clone, clone)
    simulate(workspace.raw, TASKS[0], DATES[0])
    workspace.write_profile()
    machine = ("--config", f"machine={workspace.profile}")
    workspace.snakemake(*machine, "tfrecords", machine=False)

    def jobs():
        _, output = workspace.snakemake("-n", *machine, "tfrecords", machine=False)
        return output

    assert "Nothing to be done" in jobs()
    build_environment(clone, "convert")
    assert "Nothing to be done" in jobs()
    (clone / "bridgelib" / "__init__.py").write_text('__version__ = "99.0"\n')
    assert "Nothing to be done" in jobs()
    former = shutil.copy(clone / "envs" / "convert.txt", tmp_path / "former.txt")
    with (clone / "envs" / "convert.txt").open("a") as lock:
        lock.write("# another pin\n")
    changed = jobs()
    assert re.search(r"^environment +1$", changed, re.MULTILINE)
    assert re.search(r"^raw_to_numpy +1$", changed, re.MULTILINE)

    build_environment(clone, "convert")  # and then that run was cut short
    changed = jobs()
    assert not re.search(r"^environment +1$", changed, re.MULTILINE)
    assert re.search(r"^raw_to_numpy +1$", changed, re.MULTILINE) and "was made otherwise (environment: lock" in changed

    (clone / "envs" / "convert.same").write_text(f"{lock_digest(former)}  the same packages\n")
    assert "Nothing to be done" in jobs()
    stamp = shutil.copy(former, clone / ".venvs" / "convert" / ".ready")  # as in a folder that was not called since
    os.utime(stamp, (1e9, 1e9))
    assert "Nothing to be done" in jobs()
    (clone / "envs" / "convert.same").unlink()
    assert re.search(r"^environment +1$", jobs(), re.MULTILINE)  # whatever its date


def test_an_environment_whose_lock_is_only_newer_is_not_built_again_in_place_of_all_else(clone):
    """As after a checkout; Snakemake would do nothing else in that call."""
    workspace = Workspace(clone, clone)
    simulate(workspace.raw, TASKS[0], DATES[0])
    workspace.write_profile()
    os.utime(clone / ".venvs" / "convert" / ".ready", (1e9, 1e9))
    _, output = workspace.snakemake("-n", "--config", f"machine={workspace.profile}", "tfrecords", machine=False)
    assert re.search(r"^numpy_to_tfrecord +1$", output, re.MULTILINE) and "rule environment" not in output
