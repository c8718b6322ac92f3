"""Measuring how fast this machine converts and trains: on its own data, in the environments that jobs run in."""

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp

from bridgelib.errors import DataError
from bridgelib.workflow.plan import WorkflowPlan
from bridgelib.workflow.stage import Probe

_LIMIT = 300  # seconds; the probes themselves read and train for five
# Settings that change how long a training lasts, but not how long one of its steps takes.
_INTERVALS = ("eval_interval", "save_interval", "log_interval")
_LENGTH = ("num_steps", *_INTERVALS, "keep_last", "keep_every", "policy_from", "seed")


def probe_conversion(plan: WorkflowPlan, environment: str, cores: int) -> Probe:
    """Convert some trajectories that the survey saw, and time it.

    Args:
        plan: The plan.
        environment: The first argument of `envs/run`.
        cores: What one job may use.

    Raises:
        DataError: There is nothing to measure with, or nothing to measure on.
    """
    samples = plan.survey.samples
    if not samples:
        raise DataError(plan.machine.raw, given="no demonstration is there yet", do="ask again when there are some")
    machine, script = plan.machine, "probe_conversion.py"
    command = ["--raw", machine.raw]
    command += ["--im_size", str(machine.im_size), "--cameras", *map(str, machine.cameras), "--gaze", machine.gaze]
    command += ["--image_encoding", machine.image_encoding, "--workers", str(min(machine.workers, cores))]
    measured = _measured(plan, environment, [], script, command, "\n".join(_shuffled(samples)))
    return Probe(**{key: measured[key] for key in Probe.__dataclass_fields__})


def alike(plan: WorkflowPlan) -> dict[str, list[str]]:
    """The experiments that are not done, in groups whose steps take equally long: one of each -> all of its group."""
    found: dict[str, list[str]] = {}
    for name in plan.waiting():
        chosen = plan.experiment(name)
        config = {key: value for key, value in chosen.config.items() if key not in _LENGTH}
        found.setdefault(json.dumps([chosen.algorithm, chosen.num_devices, config], sort_keys=True), []).append(name)
    return {names[0]: names for names in found.values()}


def probe_training(plan: WorkflowPlan, environment: str, name: str) -> dict[str, float]:
    """Train an experiment for some seconds.

    Args:
        plan: The plan.
        environment: The first argument of `envs/run`.
        name: The experiment.

    Returns:
        The fields of `bridgelib.training.training_speed.TrainingSpeed`, in seconds.

    Raises:
        DataError: There is nothing to measure with, or nothing to measure on.
    """
    needed = [*plan.records(name), *plan.language_table(name)]
    if missing := [path for path in needed if not Path(path).exists()]:
        raise DataError(
            missing[0], given="it is not there yet", do="ask again when data and instructions are converted"
        )
    launch = [*plan.launch_options(name), "--gpus", str(plan.gpus(name))]
    folder = Path(mkdtemp(prefix="forecast-"))
    plan.assignment(name).save(folder / "assignment.json")
    options = ["--assignment", str(folder / "assignment.json"), "--language", *plan.language_table(name), "--time"]
    measured = _measured(plan, environment, launch, "train_policy.py", options)
    rmtree(folder)  # not where that failed: the message names a command that reads it
    return measured


def training_seconds(plan: WorkflowPlan, name: str, speed: Mapping[str, float]) -> float:
    """How long the whole training of an experiment takes at that speed, one that begins anew."""
    config = plan.experiment(name).config
    validations = 1 + -(-config["num_steps"] // config["eval_interval"])
    return speed["start"] + config["num_steps"] * speed["step"] + validations * speed["validation"]


def _measured(
    plan: WorkflowPlan, environment: str, launch: list[str], script: str, options: list[str], given: str = ""
) -> dict[str, float]:
    """What a script prints as JSON when it is started as a job would be."""
    if environment not in ("current", "active") and not Path(environment, "bin", "python").exists():
        raise DataError(environment, given="the environment is not built yet", do="snakemake environments")
    program = plan.repository / "workflow_scripts" / script
    command = [str(plan.repository / "envs" / "run"), environment, *launch, "--", "python", str(program), *options]
    variables = {"BRIDGE_GPUS": ",".join(map(str, plan.machine.gpus)), **os.environ}
    variables.setdefault("BRIDGE_PYTHON", sys.executable)
    try:
        done = subprocess.run(command, input=given, capture_output=True, text=True, timeout=_LIMIT, env=variables)
    except subprocess.TimeoutExpired:
        raise DataError(
            script,
            given=f"a short trial took over {_LIMIT} s",
            do="look at the disk, or wait until the GPUs are free",
        ) from None
    if done.returncode:
        said = _last_words(done.stderr) or f"exit {done.returncode}"
        raise DataError(script, given=said, do=f"try it by hand: {shlex.join(command)}")
    return json.loads(done.stdout.splitlines()[-1])


def _last_words(said: str) -> str:
    """A whole refusal, which has several lines; of anything else the last line."""
    lines = said.strip().splitlines()
    refused = [number for number, line in enumerate(lines) if line.startswith(("ConfigError:", "DataError:"))]
    return " ".join(" ".join(lines[refused[-1] if refused else -1 :]).split())


def _shuffled(samples: tuple[str, ...]) -> list[str]:
    """Trajectories from all over the tree in a fixed random order, since the probe stops when its time is up."""
    step = next(number for number in (7, 11, 13, 17) if len(samples) % number)
    return [samples[number * step % len(samples)] for number in range(len(samples))]
