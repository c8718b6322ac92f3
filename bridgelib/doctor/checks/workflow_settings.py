"""Settings of the workflow, and what the caller's shell and working directory add to them."""

import importlib.util
import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from bridgelib.doctor.check import Answer, check, error, not_checked, note, ok, refused, warning
from bridgelib.doctor.subject import Subject
from bridgelib.errors import BridgeError
from bridgelib.jobs.variables import COMPILERS, DEVICE_ORDER, MEM_FRACTION, NEW_MEM_FRACTION
from bridgelib.layout import portable_path
from bridgelib.training.tracking import resolved_mode
from bridgelib.workflow.admission import taken_seeds, unfit_boxes
from bridgelib.workflow.experiment_checks import experiment_refusals, undivided_batch

_LOCKED_FOR = (3, 11)
_REACHABLE_WITHIN = 2.0  # seconds
# Inherited by every job, and seldom meant for it.
_MEDDLING = {
    "LD_PRELOAD": "puts libraries in front of all others",
    "JAX_DISABLE_JIT": "makes training a hundred times slower",
    "JAX_ENABLE_X64": "doubles memory, and the weights differ",
    "JAX_SKIP_CUDA_CONSTRAINTS_CHECK": "hides libraries that are too old",
    "CUDA_LAUNCH_BLOCKING": "makes training slow",
    "XLA_PYTHON_CLIENT_ALLOCATOR": "changes how GPU memory is taken",
}


@check("settings")
def _settings(subject: Subject) -> Iterator[Answer]:
    if subject.refusal is not None:
        yield refused(subject.refusal)
        return
    plan = subject.plan
    try:
        _ = plan.dated_folders
    except BridgeError as problem:
        if subject.machine.simulation is not None:  # then no data is missing: the simulation's settings are wrong
            yield refused(problem)
        else:
            yield not_checked("they can be read; which tasks the experiments find cannot be told without the raw data")
        return
    told: list[BridgeError] = [refusal for refusal in (taken_seeds(plan), unfit_boxes(plan)) if refusal]
    for name in plan.settings.experiments:
        own = str(undivided_batch(plan, name))  # the next check reports that
        told += [refusal for refusal in experiment_refusals(plan, name) if str(refusal) != own]
    yield from map(refused, told)
    if not told:
        where = portable_path(plan.settings.experiments_file)
        yield ok(f"machine {subject.machine.name}; {len(subject.experiments)} experiments in {where}")


@check("batch")
def _batch(subject: Subject) -> Iterator[Answer]:
    plan = subject.plan
    found = [undivided_batch(plan, entry.name) for entry in subject.experiments]
    sizes = sorted({(entry.config["batch_size"], entry.num_devices) for entry in subject.experiments})
    told = ", ".join(f"{size} on {devices} device{'s' * (devices > 1)}" for size, devices in sizes)
    yield from map(refused, filter(None, found))
    if not any(found):
        yield ok(f"batches of {told}" if told else "no experiments")


@check("wandb")
def _wandb(subject: Subject) -> Answer:
    configured = subject.settings.wandb if subject.settings else "auto"
    try:
        mode = resolved_mode(configured, subject.environ)
    except BridgeError as problem:
        found = f"{problem.where} is '{problem.given}' (allowed: {problem.allowed})"
        return error(found, cure=f"unset {problem.where}")
    if mode == "disabled":
        return ok("not wanted")
    logged_in = resolved_mode("auto", {**subject.environ, "WANDB_MODE": ""}) == "online"
    if mode == "offline":
        later = "not logged in, so runs are kept offline; `wandb sync` uploads them later"
        return ok("offline" if logged_in else later)
    if not logged_in:
        return warning("it is to be online, and nobody is logged in: each training waits for it, then stays offline")
    server = urlsplit(subject.environ.get("WANDB_BASE_URL", "https://api.wandb.ai"))
    try:
        port = server.port or (80 if server.scheme == "http" else 443)
        socket.create_connection((server.hostname or "", port), timeout=_REACHABLE_WITHIN).close()
    except OSError as problem:
        found = f"{server.hostname} cannot be reached from here ({problem})"
        return warning(found, cure="snakemake train_all {set} wandb=offline")
    return ok(f"logged in, {server.hostname} answers")


@check("locked")
def _locked(subject: Subject) -> Answer:
    locks = sorted(Path(".snakemake", "locks").glob("*.lock"))
    if not locks:
        return ok("no locks")
    if holder := _running_snakemake(subject):
        return ok(f"held by a running Snakemake (process {holder})")
    return warning(f"{len(locks)} locks in {locks[0].parent}, and no Snakemake runs here")


@check("interpreter")
def _interpreter(subject: Subject) -> Answer:
    version = ".".join(map(str, sys.version_info[:3]))
    if subject.settings is not None and subject.settings.env == "current":
        return ok(f"Python {version}; jobs run in this environment")
    if importlib.util.find_spec("uv") is None:
        return error(f"{sys.executable} (Python {version}) has no uv, which builds the environments", cure="make setup")
    if sys.version_info[:2] != _LOCKED_FOR:
        return note(f"Python {version}; the locks were made and tested with {'.'.join(map(str, _LOCKED_FOR))}", cure="")
    return ok(f"Python {version}, with uv")


@check("launcher-variables")
def _launcher_variables(subject: Subject) -> Iterator[Answer]:
    answers = [*_meddling(subject), *(_meddling_with_gpus(subject) if subject.trains_on_gpu else ())]
    yield from answers or [ok("none that matters")]


def _meddling(subject: Subject) -> Iterator[Answer]:
    for name, what in _MEDDLING.items():
        if value := subject.environ.get(name):
            yield warning(f"{name}={value} {what}", variables=name)


def _meddling_with_gpus(subject: Subject) -> Iterator[Answer]:
    given, job = subject.environ, subject.job_environ
    order, kinds = given.get(DEVICE_ORDER, "PCI_BUS_ID"), {gpu.name for gpu in subject.driver.gpus}
    if order != "PCI_BUS_ID" and len(kinds) > 1:
        found = f"{DEVICE_ORDER}={order} numbers the GPUs, which are of several kinds, in another order than nvidia-smi"
        yield warning(found, variables=DEVICE_ORDER)
    if job.get(MEM_FRACTION) and job.get(NEW_MEM_FRACTION):
        yield error(f"{MEM_FRACTION} and {NEW_MEM_FRACTION} are both set, and JAX refuses that", variables=MEM_FRACTION)
    if root := job.get(COMPILERS):
        yield warning(f"{COMPILERS}={root}: JAX takes ptxas and libdevice from there", variables=COMPILERS)
    platforms = given.get("JAX_PLATFORMS", "")
    if platforms and subject.launch.platform == "auto" and not any(name in platforms for name in ("cuda", "gpu")):
        yield error(f"JAX_PLATFORMS={platforms} keeps JAX from the GPU", variables="JAX_PLATFORMS")


def _running_snakemake(subject: Subject) -> int | None:
    """The process number of a Snakemake whose working directory is this one."""
    here = Path.cwd()
    for number in subject.system.processes():
        folder = subject.system.proc / str(number)
        try:
            words = (folder / "cmdline").read_bytes().split(b"\0")[:3]  # `python -m snakemake`, or the program itself
            if any(Path(os.fsdecode(word)).name == "snakemake" for word in words) and (folder / "cwd").samefile(here):
                return number
        except OSError:  # it is another user's, or has ended
            continue
    return None
