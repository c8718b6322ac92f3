"""Where a training stands is read from its folder, whoever runs it."""

import json
import os
import stat
import subprocess
import sys
import time

import pytest

from bridgelib.locks import Holder, holder_of, sign, try_lock
from bridgelib.watching.queue import queued
from bridgelib.watching.runs import run_status
from bridgelib.workflow.claims import claim, holders

TRAIN = {"kind": "train", "step": 150, "actor_loss": 0.41234, "time": {"steps_per_second": 10.0}}
VALIDATION = {"kind": "validation", "step": 100, "mse": 0.5321, "time": {}}


@pytest.fixture
def folder(tmp_path):
    run = tmp_path / "runs" / "bc" / "bc-0123"
    run.mkdir(parents=True)
    (run.parent / "latest").symlink_to(run.name)
    made_with = {"device": "cuda: 1 x H200", "variables": {"CUDA_VISIBLE_DEVICES": "2"}}
    (run / "config.json").write_text(json.dumps({"config": {"num_steps": 400}, "began_with": made_with}))
    lines = [json.dumps(VALIDATION), json.dumps(TRAIN), '{"kind": "train", "st']
    (run / "metrics.jsonl").write_text("\n".join(lines))
    return run.parent


@pytest.fixture
def trainer(folder, tmp_path):
    """Another process that holds the experiment's lock, started from another folder."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    program = (
        "import sys, time; from pathlib import Path; from bridgelib.files import alone\n"
        "with alone(Path(sys.argv[1])): print('held', flush=True); time.sleep(60)"
    )
    command = [sys.executable, "-c", program, str(folder / "done.json")]
    process = subprocess.Popen(command, cwd=elsewhere, stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "held\n"
    yield process, elsewhere
    process.kill()
    process.wait()


def test_a_training_of_another_process_is_seen_with_step_rate_and_eta(folder, trainer, tmp_path):
    process, elsewhere = trainer
    status = run_status(folder, tmp_path)
    assert (status.state, status.step, status.steps, status.rate) == ("training", 150, 400, 10.0)
    assert status.seconds_left == 25 and status.holder.pid == process.pid and status.holder.folder == str(elsewhere)
    assert status.loss == "actor_loss 0.4123" and status.validation == "mse 0.5321 (step 100)"
    assert status.device == "cuda: 1 x H200 (GPU 2)"
    log = elsewhere / "logs" / "train_policy" / "bc.log"
    log.parent.mkdir(parents=True)
    log.write_text("hello\ntraining  200/400 steps  20.0 steps/s  ETA 0:00:10\n")
    newer = run_status(folder, tmp_path)
    assert (newer.step, newer.seconds_left, newer.message) == (200, 10, "hello")


def test_without_a_process_it_is_stopped_failed_queued_done_or_waiting(folder, tmp_path):
    assert run_status(folder, tmp_path).state == "stopped"
    log = tmp_path / "logs" / "train_policy" / "bc.log"
    log.parent.mkdir(parents=True)
    log.write_text("DataError: the disk is full\n")
    failed = run_status(folder, tmp_path)
    assert failed.state == "failed" and failed.message == "DataError: the disk is full" and failed.seconds_left is None
    (folder / "done.json").write_text(json.dumps({"step": 400}))
    (folder / "rollouts.json").write_text(json.dumps({"tasks": {"a": {"episodes": 50, "successes": 20}}}))
    done = run_status(folder, tmp_path)
    assert (done.state, done.step, done.success) == ("done", 400, "20 of 50")
    assert run_status(folder.parent / "other", tmp_path).state == "waiting"


def test_damaged_files_are_no_error(folder, tmp_path):
    for name in ("latest/config.json", "done.json", "rollouts.json"):
        (folder / name).write_text("{")
    (folder / "latest" / "metrics.jsonl").write_bytes(b"\xff\n[]\n3\n")
    assert run_status(folder, tmp_path).state == "waiting"


def test_a_job_in_the_queue_of_slurm_is_seen(folder, tmp_path, monkeypatch):
    program = tmp_path / "bin" / "squeue"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\necho '17|PENDING|Resources|rule_train_policy_wildcards_bc'\necho nonsense\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    status = run_status(folder, tmp_path, queued())
    assert status.state == "queued" and status.message == "SLURM job 17 pending (Resources)"
    assert run_status(folder.with_name("other"), tmp_path, queued()).state == "waiting"


def test_the_queue_of_a_machine_without_slurm_or_with_a_broken_one_is_empty(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert queued() == []
    (tmp_path / "squeue").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "squeue").chmod(0o755)
    assert queued() == []


def test_holders_are_the_living_with_what_they_write(tmp_path):
    held = claim({tmp_path / "a": True, tmp_path / "b": False})
    try:
        ((holder, written),) = holders([tmp_path / "a", tmp_path / "b", tmp_path / "none"]).items()
        assert holder.pid == os.getpid() and written == [tmp_path / "a"]
    finally:
        for descriptor in held:
            os.close(descriptor)
    assert holders([tmp_path / "a", tmp_path / "b"]) == {}


def test_looking_at_a_lock_does_not_take_it(tmp_path):
    path = tmp_path / "lock"
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT)
    assert holder_of(path) is None and try_lock(descriptor)
    sign(descriptor, Holder.here())
    assert holder_of(path).pid == os.getpid()
    os.close(descriptor)
    assert holder_of(path) is None and holder_of(tmp_path / "none") is None
    assert time.time() > 0
