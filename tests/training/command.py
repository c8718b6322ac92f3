"""Training as a user starts it: through the script, on a task small enough for seconds."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import yaml

from bridgelib.config.algorithms import ALGORITHMS
from tests.training.records import write_task

# What the script does, and then a look at what it has imported.
PROGRAM = """
import sys
from bridgelib.commands import train_policy
{patch}
from bridgelib.errors import run_program

def main():
    code = train_policy.main(sys.argv[1:])
    assert "tensorflow" not in sys.modules
    return code

run_program(main)
"""

PLATFORM = os.environ.get("JAX_PLATFORMS", "cpu")  # `make test-gpu` names another
ENCODER = "resnetv1-18-bridge"
TASK = "colours"

SETTINGS = {
    "train_batch_size": 8,
    "val_batch_size": 8,
    "num_steps": 4,
    "log_interval": 1,
    "eval_interval": 2,
    "save_interval": 2,
    "warmup_steps": 2,
    "config_overrides": {
        "encoder": ENCODER,
        "encoder_kwargs.num_filters": 8,
        "agent_kwargs.learning_rate": 0.003,
    },
}


@dataclass(frozen=True)
class Workplace:
    """A data root with one task, and an experiments file; runs go where a test says.

    `patch` is a line of Python that the script's process begins with.
    """

    folder: Path
    repository: Path
    cache: Path
    task: str = TASK
    patch: str = ""

    @classmethod
    def make(cls, folder: Path, repository: Path, cache: Path, validation: int = 4, **more: str) -> "Workplace":
        made = cls(folder, repository, cache, **more)
        write_task(folder / "data" / made.task, validation=validation)
        return made

    def arguments(self, runs: Path, algorithm: str = "bc", **settings) -> list[str]:
        """Of train_policy.py, for an experiment under the common settings and these."""
        content = {"global": {**SETTINGS, **settings}, "matrix": {"algos": [algorithm], "tasks": [self.task]}}
        told = "language" in ALGORITHMS[algorithm].needs
        if told:
            content["global"]["config_overrides"] = {**SETTINGS["config_overrides"], "encoder": f"{ENCODER}-film"}
        experiments, name = runs.with_suffix(".yaml"), f"{algorithm}_{self.task}"
        experiments.write_text(yaml.safe_dump(content))
        command = ["--experiments", experiments, "--experiment", name, "--data", self.folder / "data"]
        language = ["--language", self._embedded(command)] if told else []
        return [str(part) for part in (*command, *language, "--done", runs / name / "done.json")]

    def _embedded(self, command: list) -> Path:
        table = self.folder / "language.npz"
        if table.exists():
            return table
        script = self.repository / "workflow_scripts" / "embed_language.py"
        subprocess.run([sys.executable, script, *command, "--output", table], check=True)
        return table

    def start(self, arguments: list[str]) -> subprocess.Popen:
        """The script as a process of its own."""
        environ = {
            "XLA_FLAGS": "--xla_backend_optimization_level=0",  # a third of the time to compile, which is most of it
            **os.environ,
            "WANDB_MODE": "disabled",
            "JAX_PLATFORMS": PLATFORM,
            "JAX_COMPILATION_CACHE_DIR": str(self.cache),
            "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
            "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1",
        }
        command = [sys.executable, "-c", PROGRAM.format(patch=self.patch), *arguments]
        return subprocess.Popen(command, env=environ, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def run(self, arguments: list[str]) -> str:
        """The script to its end, which must be a good one; returns what it said."""
        process = self.start(arguments)
        try:
            output, errors = process.communicate(timeout=300)
        finally:
            process.kill()
        assert process.returncode == 0, errors
        return output + errors


def outcome(runs: Path, algorithm: str = "bc", task: str = TASK) -> tuple[dict, list[dict]]:
    """done.json and the metrics, both without what a clock says."""
    folder = runs / f"{algorithm}_{task}"
    done = json.loads((folder / "done.json").read_text())
    del done["seconds"]
    lines = [json.loads(line) for line in (folder / "latest" / "metrics.jsonl").read_text().splitlines()]
    return done, [{key: line[key] for key in line.keys() - {"time"}} for line in lines]
