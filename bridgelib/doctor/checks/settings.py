"""Settings of the workflow, and what the caller's shell and working directory add to them."""

import importlib.util
import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from bridgelib.doctor.check import Answer, check, error, not_checked, note, ok, warning
from bridgelib.doctor.subject import REFUSED, Subject
from bridgelib.errors import BridgeError
from bridgelib.jobs.variables import COMPILERS, DEVICE_ORDER, MEM_FRACTION, NEW_MEM_FRACTION
from bridgelib.layout import portable_path
from bridgelib.training.tracking import resolved_mode

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
def settings(subject: Subject) -> Iterator[Answer]:
    """Can profile, datasets and experiments be used, and does each experiment find its tasks?"""
    if subject.refusal is not None:
        yield _refused(subject.refusal)
        return
    try:
        _ = subject.plan.dated_folders
    except BridgeError as problem:
        if subject.machine.simulation is not None:  # no data is missing, then: what to simulate is written wrongly
            yield _refused(problem)
            return
        yield not_checked("they can be read; which tasks the experiments find cannot be told without the raw data")
        return
    wrong = False
    for experiment in subject.experiments:
        try:
            subject.plan.tasks(experiment.name)
        except BridgeError as problem:
            wrong = True
            yield error(f"experiment '{experiment.name}', {problem.where}: {problem.given}", cure=problem.do)
    if not wrong:
        where = portable_path(subject.settings.experiments_file)
        yield ok(f"machine {subject.machine.name}; {len(subject.experiments)} experiments in {where}")


def _refused(problem: BridgeError) -> Answer:
    """A refusal in its own words."""
    told = f"{problem.where}: {problem.given}" + (f" (allowed: {problem.allowed})" if problem.allowed else "")
    return error(told, cure=problem.do)


@check("batch")
def batch(subject: Subject) -> Iterator[Answer]:
    """Do the GPUs of each experiment divide its batches?"""
    if subject.settings is None:
        yield not_checked(REFUSED)
        return
    wrong = False
    for experiment in subject.experiments:
        size, devices = experiment.config["batch_size"], experiment.devices
        if subject.trains_on_gpu and size % devices:
            wrong = True
            nearest = size // devices * devices or devices
            yield error(f"experiment '{experiment.name}': a batch of {size} on {devices} GPUs", size=nearest)
    if not wrong:
        sizes = sorted({(entry.config["batch_size"], entry.devices) for entry in subject.experiments})
        told = ", ".join(f"{size} on {devices} device{'s' if devices > 1 else ''}" for size, devices in sizes)
        yield ok(f"batches of {told}" if told else "no experiments")


@check("wandb")
def wandb(subject: Subject) -> Answer:
    """Will W&B work as it is set?"""
    configured = subject.settings.wandb if subject.settings else "auto"
    try:
        mode = resolved_mode(configured, subject.environ)
    except BridgeError as problem:
        return error(
            f"{problem.where} is '{problem.given}' (allowed: {problem.allowed})", cure=f"unset {problem.where}"
        )
    if mode == "disabled":
        return ok("not wanted")
    logged_in = resolved_mode("auto", {**subject.environ, "WANDB_MODE": ""}) == "online"
    if mode == "offline":
        return ok(
            "offline" if logged_in else "not logged in, so runs are kept offline; `wandb sync` uploads them later"
        )
    if not logged_in:
        return warning("it is to be online, and nobody is logged in: each training waits for it, then stays offline")
    server = urlsplit(subject.environ.get("WANDB_BASE_URL", "https://api.wandb.ai"))
    try:
        port = server.port or (80 if server.scheme == "http" else 443)
        socket.create_connection((server.hostname, port), timeout=_REACHABLE_WITHIN).close()
    except OSError as problem:
        return warning(
            f"{server.hostname} cannot be reached from here ({problem})", cure="snakemake train_all {set} wandb=offline"
        )
    return ok(f"logged in, {server.hostname} answers")


@check("locked")
def locked(subject: Subject) -> Answer:
    """Was a lock left behind here by a Snakemake that is gone?"""
    locks = sorted(Path(".snakemake", "locks").glob("*.lock"))
    if not locks:
        return ok("no locks")
    holder = _running_snakemake(subject)
    if holder is not None:
        return ok(f"held by a running Snakemake (process {holder})")
    return warning(f"{len(locks)} locks in {locks[0].parent}, and no Snakemake runs here")


@check("interpreter")
def interpreter(subject: Subject) -> Answer:
    """Can this Python build the environments?"""
    version = ".".join(map(str, sys.version_info[:3]))
    if subject.settings is not None and subject.settings.env == "current":
        return ok(f"Python {version}; jobs run in this environment")
    if importlib.util.find_spec("uv") is None:
        return error(f"{sys.executable} (Python {version}) has no uv, which builds the environments", cure="make setup")
    if sys.version_info[:2] != _LOCKED_FOR:
        return note(f"Python {version}; the locks were made and tested with {'.'.join(map(str, _LOCKED_FOR))}", cure="")
    return ok(f"Python {version}, with uv")


@check("launcher-variables")
def launcher_variables(subject: Subject) -> Iterator[Answer]:
    """Does the caller's shell hold variables that change how jobs run?"""
    given = {name: subject.environ[name] for name in _MEDDLING if subject.environ.get(name)}
    for name, value in given.items():
        yield warning(f"{name}={value} {_MEDDLING[name]}", variables=name)
    wrong = bool(given)
    order = subject.environ.get(DEVICE_ORDER, "PCI_BUS_ID")
    if subject.trains_on_gpu and order != "PCI_BUS_ID" and len({gpu.name for gpu in subject.driver.gpus}) > 1:
        wrong = True
        found = f"{DEVICE_ORDER}={order} numbers the GPUs, which are of several kinds, in another order than nvidia-smi"
        yield warning(found, variables=DEVICE_ORDER)
    if subject.trains_on_gpu and all(subject.job_environ.get(name) for name in (MEM_FRACTION, NEW_MEM_FRACTION)):
        wrong = True
        yield error(f"{MEM_FRACTION} and {NEW_MEM_FRACTION} are both set, and JAX refuses that", variables=MEM_FRACTION)
    if subject.trains_on_gpu and (root := subject.job_environ.get(COMPILERS)):
        wrong = True
        yield warning(f"{COMPILERS}={root}: JAX takes ptxas and libdevice from there", variables=COMPILERS)
    platforms = subject.environ.get("JAX_PLATFORMS", "")
    hidden = subject.trains_on_gpu and subject.launch.platform == "auto" and platforms and "cuda" not in platforms
    if hidden and "gpu" not in platforms:
        yield error(f"JAX_PLATFORMS={platforms} keeps JAX from the GPU", variables="JAX_PLATFORMS")
    elif not wrong:
        yield ok("none that matters")


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
