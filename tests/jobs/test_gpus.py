"""GPU leases: never two jobs on one device, none leaked by a death."""

import random
import signal
import subprocess
import sys
import time

import pytest

from bridgelib.errors import ConfigError
from bridgelib.jobs.gpus import allowed_gpus, lease_folder, lease_gpus


def test_visible_devices_win_over_the_profile():
    assert allowed_gpus(["0", "1"], {}) == ["0", "1"]
    assert allowed_gpus(["0", "1"], {"CUDA_VISIBLE_DEVICES": "3, 5"}) == ["3", "5"]
    assert allowed_gpus(["0", "1"], {"CUDA_VISIBLE_DEVICES": "-1"}) == []


def test_a_slurm_job_has_what_slurm_gave_it_and_nothing_else():
    job = {"SLURM_JOB_ID": "71"}
    assert allowed_gpus(["0", "1"], {**job, "CUDA_VISIBLE_DEVICES": "1"}) == ["1"]
    assert allowed_gpus(["0", "1"], job) == []


def test_slurm_jobs_whose_devices_have_the_same_name_do_not_wait_for_each_other():
    inside = {"SLURM_JOB_ID": "71", "SLURM_STEP_ID": "0", "SLURM_PROCID": "0"}
    folders = {
        lease_folder({}),
        lease_folder(inside),
        lease_folder({**inside, "SLURM_PROCID": "1"}),
        lease_folder({**inside, "SLURM_JOB_ID": "72"}),
    }
    assert len(folders) == 4
    assert lease_folder(inside) == lease_folder({**inside, "SLURM_GPUS": "2"})


def test_all_shells_of_a_user_share_their_leases(repository):
    """Whatever TMPDIR they have, and also in a container where the user has no name."""
    program = "from bridgelib.jobs.gpus import lease_folder; print(lease_folder())"
    told = {
        subprocess.run(
            [sys.executable, "-c", program],
            cwd=repository,
            env={"PATH": "/usr/bin:/bin", **variables},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for variables in ({}, {"TMPDIR": "/var/tmp"}, {"USER": "somebody"})
    }
    assert len(told) == 1


def test_parts_of_a_gpu_can_be_leased(tmp_path):
    names = ["MIG-GPU-1f2e3d4c/1/0", "MIG-GPU-1f2e3d4c/2/0"]
    assert lease_gpus(2, allowed_gpus([], {"CUDA_VISIBLE_DEVICES": ",".join(names)}), tmp_path) == names


def test_more_than_there_are_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="wants 2, and the machine has 1"):
        lease_gpus(2, ["0"], tmp_path)


def test_who_waits_says_so_once(repository, tmp_path):
    held = lease_gpus(1, ["0"], tmp_path)
    program = "import sys; from pathlib import Path; from bridgelib.jobs.gpus import lease_gpus\n"
    program += "lease_gpus(1, ['0'], Path(sys.argv[1]), poll=0.01)"
    command = [sys.executable, "-c", program, str(tmp_path)]
    job = subprocess.Popen(command, cwd=repository, stderr=subprocess.PIPE, text=True)
    assert held == ["0"] and job.stderr.readline() == "[job] waiting for 1 of the GPUs 0, which other jobs have\n"
    time.sleep(0.1)
    job.kill()
    assert job.stderr.read() == ""
    job.wait()


JOB = """
import os, sys, time
from pathlib import Path
from bridgelib.jobs.gpus import lease_gpus
locks, marks, seconds = Path(sys.argv[1]), Path(sys.argv[2]), float(sys.argv[3])
devices = lease_gpus(1, [str(n) for n in range(8)], locks, poll=0.02)
mark = marks / f"{devices[0]}-{os.getpid()}"
mark.touch()
print(devices[0], flush=True)
time.sleep(seconds)
mark.unlink()
"""


def test_forty_jobs_on_eight_devices_with_random_kills(repository, tmp_path):
    locks, marks = tmp_path / "locks", tmp_path / "marks"
    marks.mkdir()
    draw = random.Random(7)

    def start(seconds):
        command = [sys.executable, "-c", JOB, str(locks), str(marks), str(seconds)]
        return subprocess.Popen(command, cwd=repository, stdout=subprocess.PIPE, text=True)

    jobs = [start(draw.uniform(0.05, 0.3)) for _ in range(40)]
    killed = set()
    while any(job.poll() is None for job in jobs):
        alive = [job for job in jobs if job.poll() is None]
        if len(killed) < 8 and draw.random() < 0.2:
            victim = draw.choice(alive)
            victim.send_signal(signal.SIGKILL)
            victim.wait()
            killed.add(victim.pid)
        holders = {}
        for mark in marks.iterdir():
            device, pid = mark.name.split("-")
            if int(pid) not in killed:
                holders.setdefault(device, set()).add(pid)
        assert all(len(pids) == 1 for pids in holders.values()), holders
        time.sleep(0.01)
    assert sum(job.returncode == 0 for job in jobs) == 40 - len(killed)
    # Nothing leaked: all eight can be had at once.
    assert len(lease_gpus(8, [str(number) for number in range(8)], locks)) == 8
