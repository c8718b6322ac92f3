"""Measuring how fast this machine converts: a few of its own trajectories, in the conversion's own environment."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from bridgelib.errors import DataError
from bridgelib.workflow.stages import Probe

if TYPE_CHECKING:
    from bridgelib.workflow.plan import WorkflowPlan

_LIMIT = 300  # seconds; the probe itself reads for five


def probe_conversion(plan: "WorkflowPlan", environment: str, cores: int) -> Probe:
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
    if environment not in ("current", "active") and not Path(environment, "bin", "python").exists():
        raise DataError(environment, given="the environment is not built yet", do="snakemake environments")
    machine, script = plan.machine, plan.repository / "workflow_scripts" / "probe_conversion.py"
    command = [str(plan.repository / "envs" / "run"), environment, "--", "python", str(script), "--raw", machine.raw]
    command += ["--im_size", str(machine.im_size), "--cameras", *map(str, machine.cameras), "--gaze", machine.gaze]
    command += ["--image_encoding", machine.image_encoding, "--workers", str(min(machine.workers, cores))]
    variables = {**os.environ, "BRIDGE_PYTHON": os.environ.get("BRIDGE_PYTHON", sys.executable)}
    try:
        done = subprocess.run(
            command, input="\n".join(_shuffled(samples)), capture_output=True, text=True, timeout=_LIMIT, env=variables
        )
    except subprocess.TimeoutExpired:
        raise DataError(
            machine.raw, given=f"reading some trajectories took over {_LIMIT} s", do="look at its disk"
        ) from None
    if done.returncode:
        said = done.stderr.strip().splitlines() or [f"exit {done.returncode}"]
        raise DataError(script.name, given=said[-1], do=f"try it by hand: {script} --help")
    measured = json.loads(done.stdout.splitlines()[-1])
    return Probe(**{key: measured[key] for key in Probe.__dataclass_fields__})


def _shuffled(samples: tuple[str, ...]) -> list[str]:
    """From all over the tree, the same each time: the probe stops when its time is up."""
    step = next(number for number in (7, 11, 13, 17) if len(samples) % number)
    return [samples[number * step % len(samples)] for number in range(len(samples))]
