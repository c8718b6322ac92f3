"""
Run everything that needs a GPU, and keep a transcript of it: `make test-gpu`.

It builds the environments as the workflow does, and then: what JAX sees, the doctor, a short training of each algorithm
through the workflow (each leases its GPU), one training on all GPUs where there are several, the tests of agents and
training, and the predecessor's numbers. Nothing but the driver must be there.
"""

import argparse
import os
import re
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import yaml

from bridgelib.config.algorithms import ALGORITHMS
from bridgelib.config.machines import ENVIRONMENTS
from bridgelib.errors import ConfigError, run_program
from bridgelib.jobs.nvidia import Driver, ask_driver
from bridgelib.training.provenance import revision
from tests.gpu.transcript import Step, Transcript

REPOSITORY = Path(__file__).resolve().parents[2]
TASK = "put_red_cube_on_plate"
# bc_saliency needs to know where somebody looked, which the simulation does not; the tests train it.
TRIED = tuple(name for name in ALGORITHMS if name != "bc_saliency")
TESTS = (
    "tests/agents/test_learning.py",
    *(f"tests/training/test_{name}.py" for name in ("train_policy", "kills", "loop")),
)
_DEVICES = """
import json, sys
from pathlib import Path
for path in sorted(Path(sys.argv[1]).glob("*/latest/config.json")):
    print(path.parts[-3], "on", json.loads(path.read_text())["began_with"]["device"])
"""
# A module run by the environment's Python, with the packages of the tests behind its own.
_MODULE = (
    "import runpy, sys; sys.path.append(sys.argv.pop(1)); del sys.argv[0]; "
    "runpy.run_module(sys.argv[0], run_name='__main__', alter_sys=True)"
)


def main(argv: list[str] | None = None) -> int:
    """Run the steps; 0 where all passed."""
    options = _parse_arguments(argv)
    driver = ask_driver(os.environ)
    if not (options.rehearse or driver.gpus):
        raise ConfigError(
            "GPU checks",
            given=driver.problem or "nvidia-smi lists no GPU",
            do="run them on a machine with an NVIDIA GPU; --rehearse runs them on the CPU, for no transcript",
        )
    environment = "cpu" if options.rehearse else options.environment
    with tempfile.TemporaryDirectory() as folder:
        place = Place(Path(folder), environment, driver)
        transcript = Transcript(place.heading(), place.shortened())
        # Without its environment nothing else can be tried.
        for number, step in enumerate(place.steps(options.only)):
            if not transcript.run(step) and number == 0:
                break
    if options.rehearse:
        print(transcript.text())
    else:
        path = Path(__file__).with_name(f"{place.name()}.txt")
        path.write_text(transcript.text())
        print(f"written: {path.relative_to(REPOSITORY)}")
    return 1 if transcript.failed else 0


@dataclass(frozen=True)
class Place:
    """A machine profile in a folder of its own, and the commands that use it.

    Attributes:
        folder: Where its data goes.
        environment: As in a machine profile.
        driver: What nvidia-smi said.
    """

    folder: Path
    environment: str
    driver: Driver

    @property
    def on_gpu(self) -> bool:
        """Whether this is no rehearsal."""
        return self.environment != "cpu"

    @property
    def gpus(self) -> str:
        """The GPUs to use, as in CUDA_VISIBLE_DEVICES."""
        return ",".join(str(gpu.index) for gpu in self.driver.gpus) if self.on_gpu else ""

    def heading(self) -> str:
        """When, what and with what."""
        kinds = ", ".join(f"{gpu.name} ({gpu.driver})" for gpu in self.driver.gpus) or "no GPU"
        return (
            f"{date.today()}, revision {revision(REPOSITORY)}\nGPUs (driver): {kinds}\nenvironment: {self.environment}"
        )

    def name(self) -> str:
        """Of the transcript: how many of which GPU, and the environment."""
        kind = re.sub(r"[^a-z0-9]+", "-", self.driver.gpus[0].name.lower()).strip("-")
        return f"{len(self.driver.gpus)}x-{kind}-{self.environment}"

    def shortened(self) -> dict[str, str]:
        """The folders of this machine, and what stands for them."""
        return {str(self.folder): "LAB", f"{REPOSITORY}/": "", str(REPOSITORY): ".", str(Path.home()): "~"}

    def steps(self, only: str = "") -> Iterator[Step]:
        """What is run, in this order; the environment, and of the others those with `only` in their titles."""
        experiments = self._write("each", "0")
        yield self._step("the environments", self._snakemake(experiments, "environments"))
        steps = [
            self._step("what JAX sees", [*self._launch(), "python", "-c", "import jax; print(jax.devices())"]),
            self._step(
                "the doctor", [*self._python("bridgelib.doctor"), "--fail-on", "error", *self._settings(experiments)]
            ),
            self._step("a short training of each algorithm", self._snakemake(experiments, "train_all")),
        ]
        if len(self.driver.gpus) > 1 and self.on_gpu:
            together = self._write("together", self.gpus)
            steps.append(self._step("a training on all GPUs together", self._snakemake(together, "train_all")))
        devices = [sys.executable, "-c", _DEVICES, str(self.folder / "runs")]
        steps.append(self._step("what a short training computed on", devices))
        steps.append(self._step("the tests of agents and training", [*self._module("pytest"), "-q", *TESTS]))
        golden = REPOSITORY.parent / "shared" / "golden" / "jaxrl_m"
        if golden.is_dir():
            steps.append(self._step("the predecessor's numbers", [*self._module("tests.golden"), str(golden)]))
        yield from (step for step in steps if only in step.title)

    def _write(self, name: str, devices: str) -> Path:
        """A profile, and an experiments file of short trainings."""
        profile = {root: root for root in ("raw", "numpy", "tfrecord", "runs")} | {"depth": 2, "im_size": 64}
        profile |= {"environment": self.environment, "gpus": self.gpus, "deterministic": True}
        profile |= {"jax_platform": "auto" if self.on_gpu else "cpu"}
        profile["simulation"] = {"demonstrations": 8, "dated_folders": 1, "tasks": [TASK], "image_size": [96, 128]}
        (self.folder / "gpu.yaml").write_text(yaml.safe_dump(profile))
        size = 8 * len(devices.split(","))
        common = {"train_batch_size": size, "val_batch_size": size, "num_steps": 20, "cuda_visible_devices": devices}
        common |= {"log_interval": 5, "eval_interval": 10, "save_interval": 10, "name_format": f"{name}_{{algo}}"}
        common |= {"warmup_steps": 10}
        common["config_overrides"] = {"config.encoder_kwargs.num_filters": 8}
        algorithms = list(TRIED if name == "each" else TRIED[:1])
        path = self.folder / f"{name}.yaml"
        path.write_text(yaml.safe_dump({"global": common, "matrix": {"algos": algorithms, "tasks": [TASK]}}))
        return path

    def _settings(self, experiments: Path) -> list[str]:
        return ["--config", f"machine={self.folder / 'gpu.yaml'}", f"experiments={experiments}", "wandb=disabled"]

    def _snakemake(self, experiments: Path, target: str) -> list[str]:
        return [
            *self._python("snakemake"),
            "--quiet",
            "rules",
            "progress",
            "host",
            *self._settings(experiments),
            "--",
            target,
        ]

    def _python(self, module: str) -> list[str]:
        return [sys.executable, "-m", module]

    def _launch(self) -> list[str]:
        """The launcher, as a rule calls it."""
        options = ["--gpus", "1"] if self.on_gpu else ["--gpus", "0", "--platform", "cpu"]
        folder = REPOSITORY / ".venvs" / ENVIRONMENTS[self.environment]
        return [str(REPOSITORY / "envs" / "run"), str(folder), *options, "--deterministic", "--"]

    def _module(self, name: str) -> list[str]:
        return [*self._launch(), "python", "-c", _MODULE, sysconfig.get_path("purelib"), name]

    def _step(self, title: str, command: list[str]) -> Step:
        variables = {**os.environ, "BRIDGE_PYTHON": sys.executable, "BRIDGE_GPUS": self.gpus, "WANDB_MODE": "disabled"}
        return Step(title, command, REPOSITORY, variables)


def _parse_arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.gpu", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    known = [name for name in ENVIRONMENTS if name != "cpu"]
    parser.add_argument("--environment", choices=known, default="cuda12", help="whose JAX (default: cuda12)")
    parser.add_argument("--only", default="", metavar="TEXT", help="only the steps with this in their titles")
    parser.add_argument("--rehearse", action="store_true", help="on the CPU; the transcript is printed, not kept")
    return parser.parse_args(argv)


if __name__ == "__main__":
    run_program(main)
