"""GPU leases: never two jobs on one device, none leaked by a death, none idle while work waits."""

import random
import subprocess
import sys
import time
from dataclasses import dataclass
from itertools import pairwise

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

locks, log, count, seconds, work = sys.argv[1:]
with open(log, "a") as file:
    file.write(f"{os.getpid()} {time.monotonic()} asks\\n")
devices = lease_gpus(int(count), [str(number) for number in range(8)], Path(locks), poll=0.02)
with open(log, "a") as file:
    file.write(f"{os.getpid()} {time.monotonic()} has {' '.join(devices)}\\n")
# As the launcher does: the program takes over the process, and the lease must pass to it.
os.execv(sys.executable, [sys.executable, "-S", "-c", work, log, seconds])
"""

WORK = """
import os, sys, time

time.sleep(float(sys.argv[2]))
with open(sys.argv[1], "a") as file:
    file.write(f"{os.getpid()} {time.monotonic()} leaves\\n")
"""


@dataclass
class Lease:
    """When a job asked, was given devices, held them for certain, and was gone for certain; None where it never was."""

    asked: float | None = None
    given: float | None = None
    devices: tuple[str, ...] = ()
    held_until: float | None = None
    gone: float | None = None


def forty_jobs(repository, folder) -> list[Lease]:
    """Start them all at once, every fifth for two devices, and kill eight, waiting or working."""
    log, draw = folder / "log", random.Random(7)

    def start(number):
        options = [folder / "locks", log, 2 if number % 5 == 4 else 1, draw.uniform(0.05, 0.4), WORK]
        return subprocess.Popen([sys.executable, "-c", JOB, *map(str, options)], cwd=repository)

    jobs = [start(number) for number in range(40)]
    leases = {job.pid: Lease() for job in jobs}
    try:
        watch(jobs, leases, draw.sample(jobs, 8), draw)
    finally:
        for job in jobs:
            job.kill()
    for line in log.read_text().splitlines():
        pid, moment, what, *devices = line.split()
        lease, when = leases[int(pid)], float(moment)
        if what == "asks":
            lease.asked = when
        elif what == "has":
            lease.given, lease.devices = when, tuple(devices)
        else:
            lease.held_until = min(when, lease.held_until or when)
    assert sum(job.returncode == 0 for job in jobs) >= 32
    return list(leases.values())


def watch(jobs, leases, victims, draw) -> None:
    """Kill the victims one after the other, and note when each job is gone."""
    next_kill, latest = time.monotonic(), time.monotonic() + 120
    while any(leases[job.pid].gone is None for job in jobs):
        assert time.monotonic() < latest, "jobs wait for ever"
        if victims and time.monotonic() > next_kill:
            victim, next_kill = victims.pop(), time.monotonic() + draw.uniform(0.05, 0.4)
            if victim.poll() is None:
                leases[victim.pid].held_until = time.monotonic()
                victim.kill()
        for job in jobs:
            if leases[job.pid].gone is None and job.poll() is not None:
                leases[job.pid].gone = time.monotonic()
        time.sleep(0.005)


def test_forty_jobs_on_eight_devices_with_random_kills(repository, tmp_path):
    leases = forty_jobs(repository, tmp_path)
    held = {str(number): [] for number in range(8)}
    for lease in sorted(leases, key=lambda lease: lease.given or 0):
        for device in lease.devices:
            held[device].append(lease)
    idle = [
        (before.gone, after.given)
        for jobs in held.values()
        for before, after in pairwise(jobs)
        if before.gone < after.given
    ]
    # never two on one device
    for jobs in held.values():
        assert all(before.held_until <= after.given for before, after in pairwise(jobs))
    # none idle while a job waits that one device would do for
    for lease in leases:
        if lease.asked and lease.given and len(lease.devices) == 1:
            assert all(min(lease.given, end) - max(lease.asked, begin) < 2 for begin, end in idle)
    # none leaked: all eight can be had at once
    assert len(lease_gpus(8, list(held), tmp_path / "locks")) == 8
