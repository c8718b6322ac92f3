"""Machines in any state: the doctor says what it can, and no check breaks."""

import importlib.util
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from bridgelib.doctor.check import Status
from tests.doctor.laboratory import HEALTHY, Laboratory, healthy_cpu, healthy_cuda12, healthy_seed_stack


def nothing_at_all(laboratory):
    laboratory.keys |= {"environment": "cuda12", "gpus": "0"}


def refused_settings(laboratory):
    healthy_cuda12(laboratory)
    laboratory.config["im_size"] = "large"


def a_machine_that_is_not_there(laboratory):
    laboratory.config["machine"] = "tals"


def an_environment_without_packages(laboratory):
    healthy_cuda12(laboratory)
    shutil.rmtree(laboratory.packages)
    laboratory.packages.mkdir()


def broken_metadata(laboratory):
    healthy_cuda12(laboratory)
    for number, info in enumerate(sorted(laboratory.packages.glob("*.dist-info"))[::5]):
        (info / "METADATA").write_bytes([b"", b"\xff\xfe\x00garbage\n\n", b"Name: x\n"][number % 3])
    (laboratory.packages / "empty-1.0.dist-info").mkdir()


def damaged_libraries(laboratory):
    healthy_cuda12(laboratory)
    for number, path in enumerate(sorted(laboratory.packages.rglob("*.so*"))):
        content = path.read_bytes()
        path.unlink()
        if number % 4:
            path.write_bytes([b"", content[:70], content[:200]][number % 4 - 1])
        else:
            path.symlink_to("/nowhere/lib.so")


def a_driver_that_talks_nonsense(laboratory):
    healthy_cuda12(laboratory)
    laboratory.program("nvidia-smi", "echo 'a, b, c, d, e, f, g, h'; echo ',,'; echo")


def a_driver_that_cannot_be_started(laboratory):
    healthy_cuda12(laboratory)
    (laboratory.programs / "nvidia-smi").write_text("#!/no/such/interpreter\n")


def a_gpu_split_into_instances(laboratory):
    """MIG: memory and processes are not told."""
    healthy_cuda12(laboratory)
    laboratory.program(
        "nvidia-smi",
        """case "$1" in
--query-gpu=*) echo '0, GPU-0, NVIDIA H200, 580.95.05, [N/A], [N/A], 9.0' ;;
--query-compute*) echo 'GPU-0, 4711, [N/A], [N/A]' ;;
*) echo 'CUDA Version: 13.0' ;;
esac""",
    )


def odd_raw_trees(laboratory):
    healthy_cpu(laboratory)
    (laboratory.raw / "open_drawer" / "2021-13-99_10-00-00").mkdir()
    (laboratory.raw / "loop").symlink_to(laboratory.raw)
    (laboratory.raw / "open_drawer" / "2021-08-05_10-00-00").mkdir()
    (laboratory.folder / "tfrecord" / "a" / "train").mkdir(parents=True)
    (laboratory.folder / "tfrecord" / "a" / "train" / "out.tfrecord").write_bytes(b"\0" * 5)


def raw_that_is_a_file(laboratory):
    healthy_cpu(laboratory)
    shutil.rmtree(laboratory.raw)
    laboratory.raw.touch()


def flags_in_a_file(laboratory):
    healthy_seed_stack(laboratory)
    flags = laboratory.folder / "flags"
    flags.write_text("--xla_dump_to=/x")
    laboratory.experiments = {"global": {"xla_flags": str(flags)}, **laboratory.experiments}


def no_kernel_to_ask(laboratory):
    healthy_cuda12(laboratory)
    laboratory.system = type(laboratory.system)(shm=Path("/nowhere"), available=None, free_files=None, flags=None)


STATES = [
    value for name, value in list(globals().items()) if callable(value) and getattr(value, "__module__", "") == __name__
]


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.__name__)
def test_no_check_breaks(laboratory: Laboratory, state):
    state(laboratory)
    findings = laboratory.findings()
    assert not [finding.found for finding in findings if "the check itself failed" in finding.found]
    assert all("{" not in finding.cure for finding in findings)
    # What cannot be told is not called well, nor the other way round.
    everything_told = state in (no_kernel_to_ask, odd_raw_trees)
    assert {finding.status for finding in findings} > {Status.OK, Status.NOT_CHECKED} or everything_told


def test_refused_settings_are_the_only_error(laboratory):
    refused_settings(laboratory)
    findings = laboratory.findings()
    assert [finding.trouble.id for finding in findings if finding.status == Status.ERROR] == ["settings"]
    assert next(each.status for each in findings if each.trouble.id == "batch") == Status.NOT_CHECKED


def test_a_lock_of_a_running_snakemake_is_well(laboratory):
    healthy_cpu(laboratory)
    locks = laboratory.folder / ".snakemake" / "locks"
    locks.mkdir(parents=True)
    (locks / "0.input.lock").touch()
    program = laboratory.folder / "snakemake"
    program.symlink_to(shutil.which("sleep"))
    running = subprocess.Popen([program, "60"], cwd=laboratory.folder)
    try:
        while b"snakemake" not in Path(f"/proc/{running.pid}/cmdline").read_bytes():
            time.sleep(0.01)  # while it starts, the kernel shows no command line
        (found,) = laboratory.asked("locked")
        assert found.status == Status.OK and f"process {running.pid}" in found.found
    finally:
        running.kill()
        running.wait()
    (found,) = laboratory.asked("locked")
    assert found.status == Status.WARNING and found.cure.startswith("snakemake --unlock")


def test_a_python_without_uv_cannot_build_environments(laboratory, monkeypatch):
    HEALTHY["cpu"](laboratory)
    (found,) = laboratory.asked("interpreter")
    assert found.status in (Status.OK, Status.NOTE)
    real = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *rest: None if name == "uv" else real(name, *rest))
    (found,) = laboratory.asked("interpreter")
    assert found.status == Status.ERROR and "has no uv" in found.found and found.cure == "make setup"
