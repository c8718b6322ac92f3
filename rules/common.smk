"""What all rules share: the plan of this call, and the functions through which rules ask it."""

import hashlib
import json
import os
import shlex
import sys

from snakemake.exceptions import WorkflowError
from snakemake.jobs import Job
from snakemake.settings.types import DeploymentMethod

sys.path.insert(0, workflow.basedir)

from bridgelib.layout import portable_path
from bridgelib.config.settings import check_files, load_settings
from bridgelib.errors import BridgeError
from bridgelib.jobs.refusals import forget_former, of_this_call, stands_in
from bridgelib.versions import MODULES, in_words
from bridgelib.capacity import available_cores
from bridgelib.workflow.claims import claim, claims_of
from bridgelib.workflow.plan import WorkflowPlan
from bridgelib.workflow.stages import Slots
from bridgelib.workflow.summary import seeds_as_words
from bridgelib.workflow.targets import makes_nothing


def slots():
    """What jobs may use at the same time, as far as Snakemake was told."""
    cores, gpus = (
        getattr(workflow.global_resources.get(key), "value", None)
        for key in ("_cores", "gpu")
    )
    elsewhere = workflow.global_resources.get("_nodes")
    return Slots(
        cores or available_cores(), gpus or 0, bool(getattr(elsewhere, "value", None))
    )


try:
    check_files(workflow.configfiles)
    PLAN = WorkflowPlan(
        load_settings(config, Path(workflow.basedir)), Path(workflow.basedir)
    )
    if workflow.is_main_process:
        os.environ |= of_this_call(Path.cwd())
        for line in PLAN.check(sys.argv[1:], slots()).splitlines():
            print(f"[forecast] {line}", file=sys.stderr)
        for line in PLAN.asides(sys.argv[1:]):
            print(f"[plan] {line}", file=sys.stderr)
except BridgeError as error:
    # Not a WorkflowError: Snakemake puts lines of this file above and below it, in which nothing is wrong.
    print(error, file=sys.stderr)
    sys.exit(2)

MACHINE = PLAN.machine
# A job on a cluster's node reads this file again: there the host's name would choose another machine.
if config["machine"] == "auto":
    os.environ.setdefault("MACHINE", MACHINE.name)
RAW, NUMPY, TFRECORD, RUNS = map(
    portable_path, (MACHINE.raw, MACHINE.numpy, MACHINE.tfrecord, MACHINE.runs)
)

# For the scripts that fill conda environments; jobs are told below.
os.environ |= {"BRIDGE": workflow.basedir, "BRIDGE_PYTHON": sys.executable}

# Where the repository and its Python are, and which devices a job may lease, must not count as a change of a rule.
shell.prefix(
    f"export BRIDGE={shlex.quote(workflow.basedir)} BRIDGE_PYTHON={shlex.quote(sys.executable)}"
    f" BRIDGE_GPUS={','.join(map(str, MACHINE.gpus))}"
    + (f" WANDB_MODE={PLAN.settings.wandb}" if PLAN.settings.wandb != "auto" else "")
    + "; set -euo pipefail; "
)


# Snakemake would start a refused job again, as often as `retries` says. This is no interface of its: where it asks
# otherwise one day, the job is started again, and its launcher refuses at once.
Job.restart_times = property(
    lambda job: 0 if stands_in(job.log, os.environ) else job.rule.restart_times
)


onstart:
    if workflow.is_main_process:
        forget_former(Path.cwd())
        try:
            jobs = (job for job in workflow.dag.needrun_jobs() if not job.is_norun)
            claim(claims_of(PLAN, ((job.output, job.input) for job in jobs)))
        except BridgeError as error:
            print(error, file=sys.stderr)
            sys.exit(2)


wildcard_constraints:
    task=r"[^/]+(/[^/]+)*",
    date=r"\d{4}-\d\d-\d\d_\d\d-\d\d-\d\d",
    experiment="|".join(map(re.escape, PLAN.settings.experiments)),


def raw_root(wildcards):
    """A params function: the raw root, which is neither input nor output as a whole."""
    return RAW


def number_of_shards(wildcards, input):
    """A params function: how many shards a job reads."""
    return len(input.shards)


def told(question):
    """An input or params function whose answer comes from the plan, and whose refusals have no traceback."""

    def answer(wildcards):
        try:
            return question(**wildcards)
        except BridgeError as error:
            raise WorkflowError(str(error)) from None

    return answer


SAID = set()


def made_as_now(step):
    """An input function without files: a result that is there but was made otherwise, as it says, is made again.

    Snakemake knows of changed settings only what it made in this folder. Inputs are asked for while the jobs are put in
    order, of none but those that targets need; a file that is forced by then is made again under any triggers.
    """

    def files(wildcards):
        if not workflow.is_main_process or makes_nothing(sys.argv[1:]):
            return []
        found = told(lambda **names: PLAN.staleness.of(step, **names))(wildcards)
        if found:
            workflow.dag.forcefiles.add(found.file)
        if found and found.kind not in SAID:
            SAID.add(found.kind)
            print(f"[stale] {found}", file=sys.stderr)
        return []

    return files


def doubled_when_repeated(question):
    """A resources function: as much as the plan says, twice that after a failed attempt."""

    def answer(wildcards, attempt):
        return min(attempt, 2) * told(question)(wildcards)

    return answer


def collection_session():
    """The raw input of a shard: its real dated folder, whose own date does not count, or the simulation's last file."""
    folder = told(PLAN.dated_folder)
    return ancient(folder) if MACHINE.simulation is None else folder


VENVS = portable_path(Path(workflow.basedir) / ".venvs")


def environment_from_elsewhere():
    """How `envs/run` names an environment from elsewhere (conda's, or Snakemake's own), or None for one of ours."""
    by_conda = DeploymentMethod.CONDA in workflow.deployment_settings.deployment_method
    return (
        "active" if by_conda else "current" if PLAN.settings.env == "current" else None
    )


def environment_stamp(name):
    """The stamp of a rule environment, an input of the rules that use it; nothing where it comes from elsewhere.

    When it was built does not count, or all results would be made again from each new clone; that its lock has changed
    does. Snakemake would notice that by `made_with`, but in the run after the one that builds the environment anew.
    """
    stamp = Path(workflow.basedir) / ".venvs" / name / ".ready"
    lock = Path(workflow.basedir) / "envs" / f"{name}.txt"
    outdated = stamp.is_file() and stamp.read_bytes() != lock.read_bytes()
    if environment_from_elsewhere():
        return []
    return portable_path(stamp) if outdated else ancient(portable_path(stamp))


def made_with(step, name):
    """A param: the versions of what a step writes, and the lock of its environment."""
    lock = Path(workflow.basedir) / "envs" / f"{name}.txt"
    parts = [in_words(step)] if step in MODULES else []
    if not environment_from_elsewhere():
        parts.append(f"lock {hashlib.sha256(lock.read_bytes()).hexdigest()[:12]}")
    return ", ".join(parts)


def environment_folder(name):
    """A params function: the first argument of `envs/run`."""

    def folder(wildcards):
        return environment_from_elsewhere() or f"{VENVS}/{name}"

    return folder


def training_environment():
    """The lock that this machine trains with."""
    return PLAN.training_environment
