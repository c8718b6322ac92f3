"""Two workflows on the same roots: the second is told who is there before it starts; the dead are in nobody's way."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from bridgelib.errors import DataError
from bridgelib.raw.tree import find_tasks
from bridgelib.workflow.claims import claim, claims_of
from tests import raw_trees

HOLDER = """
import sys, time
from pathlib import Path
from bridgelib.workflow.claims import claim
held = claim({Path(folder): sys.argv[1] == "writes" for folder in sys.argv[2:]})
print("held", flush=True)
time.sleep(120)
"""


@pytest.fixture
def holding(repository):
    """(what it does, folders) -> a process that has claimed these; killed in the end."""
    processes = []

    def start(does, *folders):
        command = [sys.executable, "-c", HOLDER, does, *map(str, folders)]
        processes.append(subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=repository))
        assert processes[-1].stdout.readline() == "held\n"
        return processes[-1]

    yield start
    for process in processes:
        process.kill()
        process.wait()


def released(held):
    for descriptor in held:
        os.close(descriptor)


@pytest.mark.parametrize(
    ("theirs", "ours", "refused"),
    [("writes", True, True), ("writes", False, True), ("reads", True, True), ("reads", False, False)],
)
def test_who_writes_must_be_alone(tmp_path, holding, theirs, ours, refused):
    holder = holding(theirs, tmp_path)
    if not refused:
        released(claim({tmp_path: ours}))
        return
    with pytest.raises(DataError, match=rf"process {holder.pid} of .* {theirs} here") as told:
        claim({tmp_path: ours})
    assert f"kill -INT {holder.pid}" in str(told.value)


def test_the_dead_are_in_nobody_s_way(tmp_path, holding):
    holder = holding("writes", tmp_path)
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    released(claim({tmp_path: True}))
    assert len(list((tmp_path / ".claims").glob("*.json"))) == 1


def test_a_refusal_leaves_no_claim_behind(tmp_path, holding):
    holding("writes", tmp_path / "b")
    with pytest.raises(DataError):
        claim({tmp_path / "a": True, tmp_path / "b": True})
    process = holding("writes", tmp_path / "a")  # else it would have failed
    assert process.poll() is None


def test_what_this_user_cannot_write_to_needs_no_claim(tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(Path, "mkdir", refuse)
    assert claim({tmp_path: False}) == []


def test_claims_are_no_data(tmp_path):
    raw_trees.write_dated_folder(tmp_path, trajectories=1)
    released(claim({tmp_path: True}))
    tree = find_tasks(tmp_path)
    assert [task.name for task in tree.tasks] == ["task"] and not tree.passed_over


def test_each_job_claims_what_it_uses(tmp_path):
    machine = SimpleNamespace(**{root: str(tmp_path / root) for root in ("raw", "numpy", "tfrecord", "runs")})
    elsewhere = tmp_path / "elsewhere"  # the TFRecords of another machine, which is perhaps making them
    plan = SimpleNamespace(machine=machine, simulation={}, repository=tmp_path / "repository")
    plan.data_roots = {machine.tfrecord, str(elsewhere)}
    roots = {root: tmp_path / root for root in ("numpy", "tfrecord", "runs")}
    shard = ([roots["numpy"] / "t/a.npz"], [tmp_path / "raw/t/a", plan.repository / ".venvs/convert/.ready"])
    training = ([roots["runs"] / "bc/done.json"], [roots["tfrecord"] / "t/train/out.tfrecord"])
    table = ([roots["runs"] / "success.txt"], [roots["runs"] / "bc/rollouts.json"])
    assert claims_of(plan, [shard]) == {roots["numpy"]: True}  # real demonstrations are nobody's to write
    assert claims_of(plan, [training]) == {roots["runs"] / "bc": True, roots["tfrecord"]: False}
    assert claims_of(plan, [table]) == {roots["runs"]: True, roots["runs"] / "bc": False}
    both = claims_of(plan, [([roots["tfrecord"] / "data_report.txt"], []), training])
    assert both[roots["tfrecord"]] is True
    reading = ([roots["runs"] / "bc/done.json"], [elsewhere / "t/val/out.tfrecord"])
    assert claims_of(plan, [reading]) == {roots["runs"] / "bc": True, elsewhere: False}
    plan.data_roots = {str(tmp_path)}  # around all other roots
    assert claims_of(plan, [shard, training, reading]) == {
        roots["numpy"]: True,
        roots["runs"] / "bc": True,
        roots["tfrecord"]: False,
        tmp_path: False,
    }


def test_a_second_workflow_is_told_before_it_starts(workspace, holding):
    raw_trees.write_dated_folder(workspace.raw, "task", trajectories=2)
    holder = holding("writes", workspace.folder / "numpy")
    code, output = workspace.snakemake("numpy", check=False)
    assert code == 2 and f"process {holder.pid} of" in output and "Traceback" not in output
    assert not (workspace.folder / "numpy" / "task").exists()
    assert workspace.jobs("numpy")["raw_to_numpy"] == 1  # a dry run disturbs nobody
    assert workspace.snakemake("--unlock")[0] == workspace.snakemake("--summary")[0] == 0
    holder.kill()
    holder.wait()
    workspace.snakemake("numpy")
    claimed = json.loads(next((workspace.folder / "numpy" / ".claims").glob("*.json")).read_text())
    assert claimed["writes"] is True and claimed["folder"] == str(workspace.folder)
