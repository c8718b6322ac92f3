"""The evaluation as the workflow starts it."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.evaluation.offline.untrained import TASK, read_experiment, save_untrained_policy, write_experiments
from tests.training.records import write_task


@dataclass(frozen=True)
class Lab:
    """A task, an experiment and its policy."""

    folder: Path
    repository: Path

    @property
    def output(self) -> Path:
        return self.folder / "runs" / f"gc_bc_{TASK}" / "evaluation.json"

    def start(self, *options: str) -> subprocess.Popen:
        command = [sys.executable, self.repository / "workflow_scripts" / "evaluate_policy.py"]
        command += ["--experiments", self.folder / "runs.yaml", "--experiment", f"gc_bc_{TASK}"]
        command += ["--data", self.folder / "data", "--policy", self.folder / "policy", "--output", self.output]
        environ = {"XLA_FLAGS": "--xla_backend_optimization_level=0", **os.environ, "JAX_PLATFORMS": "cpu"}
        return subprocess.Popen(list(map(str, [*command, *options])), env=environ, stderr=subprocess.PIPE, text=True)

    def run(self, *options: str) -> bytes:
        process = self.start(*options)
        _, errors = process.communicate(timeout=300)
        assert process.returncode == 0, errors
        return self.output.read_bytes()


@pytest.fixture(scope="module")
def lab(tmp_path_factory, repository):
    made = Lab(tmp_path_factory.mktemp("lab"), repository)
    write_task(made.folder / "data" / TASK)
    experiment = read_experiment(write_experiments(made.folder / "runs.yaml", "gc_bc"), repository)
    save_untrained_policy(made.folder / "policy", experiment, made.folder / "data")
    return made


def test_killed_it_leaves_what_was_there_and_again_it_writes_the_same_bytes(lab):
    written = lab.run()
    killed = lab.start("--transitions", "12")
    while "evaluating" not in killed.stderr.readline():
        assert killed.poll() is None
    killed.kill()
    killed.communicate(timeout=60)
    assert lab.output.read_bytes() == written
    lab.output.unlink()
    assert lab.run("--policy", str(lab.folder)) == written  # found in its run
    assert sorted(path.name for path in lab.output.parent.iterdir()) == ["evaluation.json", "evaluation.seal.json"]


def test_an_option_that_cannot_be_used_is_refused_at_once(lab):
    process = lab.start("--frames", "0")
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 2 and "no whole number, 1 or more" in errors
