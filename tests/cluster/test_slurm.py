"""The workflow through a real SLURM: simulate, convert, train; trainings that are preempted or killed on the way."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.cluster.loopback import Loopback, needs_slurm, within
from tests.workflow.conftest import Workspace

OPTIMISATION = "--xla_backend_optimization_level=0"  # most of a small training is compiling
SETTINGS = {
    "train_batch_size": 4,
    "val_batch_size": 4,
    "num_steps": 200,
    "log_interval": 5,
    "eval_interval": 200,
    "save_interval": 20,
    "warmup_steps": 1,
    "xla_flags": OPTIMISATION,
    "config_overrides": {"encoder": "resnetv1-18-bridge", "encoder_kwargs.num_filters": 4},
}
TASK = "put_red_cube_on_plate"
SIMULATION = {"demonstrations": 4, "dated_folders": 1, "tasks": [TASK], "image_size": [48, 64]}


class Lab(Workspace):
    """A workspace on a cluster."""

    def experiments(self, *names: str) -> str:
        """The same training under several names."""
        runs = [{"algo": "bc", "task": TASK, "name": name} for name in names]
        return f"experiments={self.write_experiments({'global': SETTINGS, 'runs': runs})}"

    @contextmanager
    def workflow(self, cluster: Loopback, *words: str) -> Iterator[subprocess.Popen]:
        """Snakemake with the cluster's profile, in the background; it is interrupted when something fails meanwhile."""
        flags = ["--workflow-profile", str(self.repository / "profiles" / "slurm")]
        flags += ["--slurm-init-seconds-before-status-checks", "1", "--latency-wait", "10"]
        command = [sys.executable, "-m", "snakemake", "-s", str(self.repository / "Snakefile"), *flags]
        command += ["--config", f"machine={self.profile}", "env=current", "wandb=disabled", *words]
        environ = {
            **cluster.environ,
            "JAX_PLATFORMS": "cpu",  # its GPUs are made of /dev/null
            "XLA_FLAGS": OPTIMISATION,
            "JAX_COMPILATION_CACHE_DIR": str(self.folder / "compiled"),
            "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
            "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1",
        }
        with (self.folder / "output.txt").open("w") as output:
            process = subprocess.Popen(command, cwd=self.folder, env=environ, stdout=output, stderr=output)
        try:
            yield process
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait(60)

    @property
    def output(self) -> str:
        return (self.folder / "output.txt").read_text()

    def job_of(self, experiment: str) -> str:
        """The newest SLURM job of a training."""
        number = rf"SLURM jobid (\d+) \(log: \S*/rule_train_policy/{experiment}/"
        within(120, lambda: re.search(number, self.output) is not None)
        return re.findall(number, self.output)[-1]

    def log(self, experiment: str) -> str:
        """What the last attempt of a training wrote."""
        return (self.folder / "logs" / "train_policy" / f"{experiment}.log").read_text()

    def device(self, experiment: str) -> str:
        """The GPUs that the last attempt of a training was given."""
        return re.search(r"CUDA_VISIBLE_DEVICES=(.*)", self.log(experiment))[1]

    def wait_for_step(self, experiment: str, step: int) -> None:
        metrics = self.folder / "runs" / experiment / "latest" / "metrics.jsonl"
        within(120, lambda: metrics.exists() and f'"step": {step},' in metrics.read_text())

    def trainer(self, experiment: str) -> int:
        """The process that trains."""
        return json.loads((self.folder / "runs" / experiment / ".done.json.lock").read_text())["pid"]

    def done(self, experiment: str) -> dict:
        return json.loads((self.folder / "runs" / experiment / "done.json").read_text())

    def went_on_from(self, experiment: str) -> int:
        """The step at which the last attempt of a training began."""
        return int(re.search(r"resuming from the checkpoint of step (\d+)", self.log(experiment))[1])


@pytest.fixture
def lab(tmp_path, repository) -> Lab:
    made = Lab(tmp_path / "lab", repository)
    made.folder.mkdir()
    made.write_profile(simulation=SIMULATION, gpus="0,1", jax_platform="auto", workers=1)
    return made


@needs_slurm
@pytest.mark.slow
def test_disturbed_trainings_end_with_the_weights_of_an_undisturbed_one(cluster, lab):
    with lab.workflow(cluster, lab.experiments("preempted", "killed"), "train_all") as process:
        preempted, killed = (lab.job_of(name) for name in ("preempted", "killed"))
        lab.wait_for_step("preempted", 30)
        cluster.requeue(preempted)
        lab.wait_for_step("killed", 60)
        os.kill(lab.trainer("killed"), signal.SIGKILL)
        assert process.wait(240) == 0, lab.output
    assert lab.job_of("preempted") == preempted and lab.job_of("killed") != killed
    assert {lab.device("preempted"), lab.device("killed")} <= {"0", "1"}
    assert lab.went_on_from("preempted") >= 30
    assert lab.went_on_from("killed") in range(40, SETTINGS["num_steps"], SETTINGS["save_interval"])

    with lab.workflow(cluster, lab.experiments("undisturbed"), "jax_platform=cpu", "train_all") as process:
        assert process.wait(120) == 0, lab.output
    assert lab.device("undisturbed") == ""
    weights = {name: lab.done(name)["weights"] for name in ("undisturbed", "preempted", "killed")}
    assert len(set(weights.values())) == 1, weights
