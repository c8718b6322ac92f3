"""Runs the real Snakefile on small data, everything in the active environment."""

import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from bridgelib.workflow.admission import Admission
from bridgelib.workflow.plan import WorkflowPlan

pytest.importorskip("snakemake")

SMALL_TRAINING = {
    "train_batch_size": 4,
    "num_steps": 2,
    "log_interval": 1,
    "eval_interval": 2,
    "save_interval": 2,
    "warmup_steps": 1,
    "config_overrides": {"config.encoder": "convnet-3", "config.encoder_kwargs.num_filters": 8},
}
"""Settings of an experiment that only has to end."""


def admit(plan: WorkflowPlan, words: Sequence[str] = ()) -> str:
    """What the Snakefile does with a plan before any job: raise the first refusal, or say what is needed."""
    call = Admission(plan, words)
    for refusal in call.refusals():
        raise refusal
    return call.needs()


@dataclass
class Workspace:
    """A machine of its own: a raw root, a profile, an experiments file, and a working directory to call from."""

    folder: Path
    repository: Path

    @property
    def raw(self) -> Path:
        return self.folder / "raw"

    @property
    def profile(self) -> Path:
        return self.folder / "mine.yaml"

    def write_profile(self, **keys):
        roots = {root: root for root in ("raw", "numpy", "tfrecord", "runs")}
        content = {**roots, "depth": 2, "im_size": 32, "workers": 2, "jax_platform": "cpu", **keys}
        self.profile.write_text(yaml.safe_dump(content))

    def write_experiments(self, content):
        path = self.folder / "experiments.yaml"
        path.write_text(yaml.safe_dump(content))
        return path

    def snakemake(self, *arguments, check=True, machine=True):
        """Call Snakemake as a user in another folder would.

        With `machine`, flags come first, then `--config` with this machine and all words, settings and targets
        mixed, as users type them.
        """
        if machine:
            flags = [word for word in arguments if word.startswith("-")]
            words = [word for word in arguments if not word.startswith("-")]
            chosen = ["--config", f"machine={self.profile}", "env=current", "wandb=disabled"]
            arguments = [*flags, *chosen, *words]
        command = [sys.executable, "-m", "snakemake", "-s", str(self.repository / "Snakefile"), *arguments]
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True)
        output = done.stdout + done.stderr
        assert not check or done.returncode == 0, output
        return done.returncode, output

    def run(self, script: Path, *arguments) -> str:
        """Call one of the programs by hand, and return what it prints."""
        command = [sys.executable, str(script), *map(str, arguments)]
        return subprocess.run(command, cwd=self.folder, capture_output=True, text=True, check=True).stdout

    def jobs(self, *arguments) -> dict[str, int]:
        """What a dry run would do: rule -> number of jobs; empty when there is nothing to be done."""
        _, output = self.snakemake("-n", *arguments)
        if "Nothing to be done" in output:
            return {}
        table = output[output.rindex("Job stats:") :]
        counts = dict(re.findall(r"^(\w+)\s+(\d+)\s*$", table, re.MULTILINE))
        return {rule: int(count) for rule, count in counts.items() if rule != "total"}


@pytest.fixture
def workspace(tmp_path, repository) -> Workspace:
    made = Workspace(tmp_path / "lab", repository)
    made.raw.mkdir(parents=True)
    made.write_profile()
    return made
