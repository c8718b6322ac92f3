"""The checks that need a GPU, as far as they can be checked without one."""

import os
import subprocess
import sys

import pytest
from packaging.version import Version

from bridgelib.jobs.nvidia import Driver, Gpu
from tests.gpu.__main__ import Place
from tests.gpu.transcript import Step, Transcript


def step(title, script, folder):
    return Step(title, [sys.executable, "-c", script], folder, os.environ)


def test_a_transcript_tells_what_was_run_and_what_came_of_it(tmp_path, capsys):
    made = Transcript("2026-11-22, an H200", {str(tmp_path): "LAB", sys.executable: "python"})
    assert made.run(step("a good one", "import os; print('here:', os.getcwd())", tmp_path))
    assert not made.run(
        step("a bad one", "import sys; print('\\n'.join(map(str, range(90)))); sys.exit('no')", tmp_path)
    )
    text = made.text()
    assert text.startswith("2026-11-22, an H200\n\n== a good one: passed, 0 s\n$ python -c import os;")
    assert "\nhere: LAB\n" in text and str(tmp_path) not in text
    assert "\n== a bad one: FAILED (exit 1), 0 s\n" in text and "\n89\n" in text and "\n29\n" not in text
    assert text.endswith("\n== 1 failed: a bad one\n") and made.failed == ["a bad one"]
    assert "89" in capsys.readouterr().out  # what fails is shown at once


def test_without_a_gpu_it_refuses_and_says_what_to_do(repository, tmp_path):
    command = [sys.executable, "-m", "tests.gpu"]
    done = subprocess.run(command, cwd=repository, env={"PATH": str(tmp_path)}, capture_output=True, text=True)
    assert done.returncode == 2 and "Traceback" not in done.stderr
    assert "there is no nvidia-smi" in done.stderr and "--rehearse" in done.stderr


@pytest.mark.parametrize("count", [1, 4])
def test_several_gpus_also_train_together(tmp_path, count):
    gpus = tuple(
        Gpu(number, f"GPU-{number}", "NVIDIA A100-SXM4", "550.54", 1, 1, Version("8.0")) for number in range(count)
    )
    place = Place(tmp_path, "cuda12", Driver(gpus=gpus))
    steps = list(place.steps())
    assert ("a training on all GPUs together" in [entry.title for entry in steps]) == (count > 1)
    assert place.name() == f"{count}x-nvidia-a100-sxm4-cuda12"
    assert all(entry.variables["BRIDGE_GPUS"] == ",".join(map(str, range(count))) for entry in steps)
    assert [entry.title for entry in place.steps("doctor")] == ["the environments", "the doctor"]
