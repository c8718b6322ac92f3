"""A real SLURM on this host alone: one node on loopback, with two GPUs that are none."""

import os
import socket
import stat
import subprocess
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.conftest import found

DAEMONS = ("munged", "slurmctld", "slurmd")
needs_slurm = pytest.mark.programs(*DAEMONS, "sbatch", "setpriv")

# The node claims more than it has (config_overrides), so that the tests are the same on every host.
CONFIGURATION = """\
ClusterName=loopback
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller_port}
SlurmdPort={node_port}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CredType=cred/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SchedulerType=sched/backfill
SchedulerParameters=sched_interval=1,bf_interval=1,batch_sched_delay=0
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/none
JobAcctGatherType=jobacct_gather/none
MpiDefault=none
ReturnToService=2
GresTypes=gpu
MinJobAge=300
SlurmdParameters=config_overrides
NodeName={host} NodeAddr=127.0.0.1 CPUs=8 RealMemory=64000 Gres=gpu:2 State=UNKNOWN
PartitionName=main Nodes={host} Default=YES MaxTime=INFINITE State=UP
"""

# The plugin's job step takes SLURM_CONF away from srun. On a cluster that file lies at its usual place.
WITH_CONFIGURATION = """\
SLURM_CONF={folder}/slurm.conf exec {command} "$@"
"""

# The plugin asks how its jobs (--name) are ever more rarely. Here its question is answered when one has ended.
WHEN_THERE_ARE_NEWS = """\
ended() {{ {command} --noheader --states=all --format='%i|%T' | grep -E 'COMPLETED|FAILED|CANCELLED|TIMEOUT'; }}
case "$*" in *--name*)
    for attempt in $(seq 100); do
        [ "$(ended)" = "$(cat {folder}/told 2>/dev/null)" ] || break
        sleep 0.5
    done
    ended > {folder}/told
esac
exec {command} "$@"
"""


def missing(folder: Path) -> str | None:
    """Why SLURM, though it is installed, cannot be started here, or None."""
    if os.geteuid() != 0:
        return "needs root, to start a SLURM of its own"
    try:
        _make_device(folder / "device")
    except OSError as error:
        return f"needs device files, to give SLURM GPUs to count: {error}"
    return None


@dataclass
class Loopback:
    """A running SLURM; a context manager that ends it, jobs included.

    Attributes:
        folder: Where its configuration, state and logs lie.
        environ: The variables under which its commands are to be called.
    """

    folder: Path
    environ: dict[str, str] = field(default_factory=dict)

    def __enter__(self) -> "Loopback":
        with ExitStack() as stack:
            self._configure()
            for name, options in zip(DAEMONS, self._options(), strict=True):
                stack.callback(_end, self._start(name, options))
                self._wait_until_ready(name)
            stack.callback(self._cancel_all)
            self._running = stack.pop_all()
        return self

    def __exit__(self, *exception: object) -> None:
        self._running.close()

    def call(self, *command: str) -> str:
        """What one of SLURM's commands prints."""
        return subprocess.run(command, env=self.environ, check=True, capture_output=True, text=True).stdout

    def requeue(self, job: str) -> None:
        """Do to a running job what preemption does to it, and spare it the two minutes it would then have to wait."""
        self.call("scontrol", "requeue", job)
        within(60, lambda: self.state(job) == "PENDING")
        self.call("scontrol", "update", f"JobId={job}", "StartTime=now")

    def state(self, job: str) -> str:
        """Such as RUNNING, as `squeue` says it."""
        return self.call("squeue", "--noheader", "--states=all", "--format=%T", f"--jobs={job}").strip()

    def _configure(self) -> None:
        for name in ("state", "spool", "bin"):
            (self.folder / name).mkdir()
        host = socket.gethostname().split(".")[0]
        ports = dict(zip(("controller_port", "node_port"), _free_ports(2), strict=True))
        (self.folder / "slurm.conf").write_text(CONFIGURATION.format(host=host, folder=self.folder, **ports))
        (self.folder / "gres.conf").write_text(f"NodeName={host} Name=gpu File={self.folder}/gpu[0-1]\n")
        (self.folder / "cgroup.conf").write_text("CgroupPlugin=cgroup/v1\n")
        for number in range(2):
            _make_device(self.folder / f"gpu{number}")
        key = self.folder / "munge.key"
        key.write_bytes(os.urandom(128))
        key.chmod(0o400)
        self._wrap("srun", WITH_CONFIGURATION)
        self._wrap("squeue", WHEN_THERE_ARE_NEWS)
        path = f"{self.folder / 'bin'}{os.pathsep}{os.environ['PATH']}"
        self.environ = {**os.environ, "PATH": path, "SLURM_CONF": str(self.folder / "slurm.conf")}

    def _wrap(self, command: str, script: str) -> None:
        """Put a script before one of SLURM's commands."""
        wrapper = self.folder / "bin" / command
        wrapper.write_text("#!/bin/sh\n" + script.format(folder=self.folder, command=found(command)))
        wrapper.chmod(0o755)

    def _options(self) -> list[list[str]]:
        """The command line of each daemon, to run in the foreground."""
        at, configuration = self.folder, str(self.folder / "slurm.conf")
        munge = [f"--socket={at}/munge.socket", f"--key-file={at}/munge.key", f"--pid-file={at}/munged.pid"]
        return [
            ["--foreground", "--force", *munge, f"--seed-file={at}/munge.seed"],
            ["-D", "-i", "-f", configuration],
            ["-D", "-f", configuration],
        ]

    def _start(self, name: str, options: list[str]) -> subprocess.Popen:
        # setpriv: the daemon ends with this process even when that is killed.
        command = ["setpriv", "--pdeathsig", "TERM", found(name), *options]
        with (self.folder / f"{name}.log").open("w") as log:
            return subprocess.Popen(command, env=self.environ, stdout=log, stderr=log, start_new_session=True)

    def _wait_until_ready(self, name: str) -> None:
        ready = {
            "munged": lambda: (self.folder / "munge.socket").exists(),
            "slurmctld": lambda: "UP" in self.call("scontrol", "ping"),
            "slurmd": lambda: self.call("sinfo", "-h", "-o", "%T").strip() == "idle",
        }[name]
        try:
            within(20, lambda: _without_error(ready))
        except TimeoutError:
            log = (self.folder / f"{name}.log").read_text()
            raise RuntimeError(f"{name} did not start:\n{log[-3000:]}") from None

    def _cancel_all(self) -> None:
        """A job would live on without its daemons."""
        for blow in ([], ["--signal=KILL", "--full"]):
            subprocess.run(["scancel", *blow, "--user=root"], env=self.environ, check=False)
            with suppress(TimeoutError):
                return within(10, lambda: not self.call("squeue", "--noheader"))


def within(seconds: float, question: Callable[[], bool]) -> None:
    """Wait until the answer is yes.

    Raises:
        TimeoutError: It is still no after so many seconds.
    """
    ends = time.monotonic() + seconds
    while not question():
        if time.monotonic() > ends:
            raise TimeoutError(f"not within {seconds} s")
        time.sleep(0.1)


def _make_device(path: Path) -> None:
    """A device file that does what /dev/null does: SLURM takes no plain file for a GPU."""
    os.mknod(path, stat.S_IFCHR | 0o666, os.makedev(1, 3))


def _free_ports(count: int) -> list[int]:
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def _end(process: subprocess.Popen) -> None:
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _without_error(question: Callable[[], bool]) -> bool:
    try:
        return question()
    except subprocess.CalledProcessError:
        return False
