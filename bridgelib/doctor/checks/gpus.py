"""GPUs: the driver, whether JAX can use them, which of them jobs may take, and who else is on them."""

from collections.abc import Iterator

from bridgelib.doctor.check import Answer, check, error, not_checked, note, ok, warning
from bridgelib.doctor.nvidia import Gpu, Process
from bridgelib.doctor.subject import ELSEWHERE, REFUSED, Subject
from bridgelib.doctor.versions import compared
from bridgelib.jobs.gpus import allowed_gpus
from bridgelib.jobs.variables import MEM_FRACTION, NEW_MEM_FRACTION, PREALLOCATE

# The oldest driver of a CUDA release, from its release notes.
_OLDEST_DRIVER = {"cuda11": "450.80.02", "cuda12": "525.60.13", "cuda13": "580.65.06"}
_OLDEST_CAPABILITY = {"cuda12": (5, 2), "cuda13": (7, 5)}
_FIRST_JAXLIB_FOR = {(10, 0): "0.4.38", (9, 0): "0.4.1", (8, 9): "0.4.1"}  # Blackwell; Hopper; Ada
_MEMORY_SHARE = 0.75  # what JAX takes at its start, unless it is told otherwise
_TO_BEGIN_WITH = 0.1
_GIB = 1 << 30
_OUR_PROGRAM = "workflow_scripts/train_policy.py"


def _without_gpus(subject: Subject) -> Answer | None:
    """The answer of checks that need GPUs."""
    if subject.machine is None:
        return not_checked(REFUSED)
    if subject.elsewhere:
        return not_checked(ELSEWHERE)
    if not subject.trains_on_gpu:
        return ok("not needed: this machine trains on the CPU")
    if subject.driver.problem is not None:
        return not_checked(subject.driver.problem)
    if not subject.driver.gpus:
        return not_checked("nvidia-smi lists no GPU")
    return None


@check("driver")
def driver(subject: Subject) -> Answer:
    """Does the driver answer, where training is meant to use a GPU?"""
    answer = subject.driver
    if subject.machine is None:
        return not_checked(REFUSED)
    if subject.elsewhere:
        return not_checked(ELSEWHERE)
    if not subject.trains_on_gpu:
        seen = f"; it has {len(answer.gpus)} GPUs" if answer.gpus else ""
        return ok(f"not needed: this machine trains on the CPU{seen}")
    if not answer.present:
        return warning(
            f"{answer.problem}, and the profile trains with {subject.machine.environment}: is this the machine?",
            cure="run the doctor on the GPU machine; to train here on the CPU: "
            "snakemake train_all {set} environment=cpu jax_platform=cpu",
        )
    if answer.problem is not None:
        restart = "sudo reboot   # the driver was renewed while its older part is still loaded"
        mismatch = "version mismatch" in answer.problem
        return error(f"nvidia-smi says: {answer.problem}", cure=restart if mismatch else None)
    if not answer.gpus:
        return error("nvidia-smi lists no GPU")
    names = sorted({gpu.name for gpu in answer.gpus})
    return ok(f"driver {answer.version}, CUDA {answer.cuda or 'unknown'}, {len(answer.gpus)} x {', '.join(names)}")


@check("driver-toolkit")
def driver_toolkit(subject: Subject) -> Answer:
    """Is the driver new enough for the CUDA of the training environment?"""
    if answer := _without_gpus(subject):
        return answer
    flavour = subject.cuda_flavour or subject.wanted_flavour
    oldest, version = _OLDEST_DRIVER.get(flavour), subject.driver.version
    if oldest is None:
        return not_checked(f"{flavour} says nothing about drivers")
    if compared(version, oldest) >= 0:
        return ok(f"driver {version}, and {flavour} needs {oldest}")
    if flavour == "cuda13" and compared(version, _OLDEST_DRIVER["cuda12"]) >= 0:
        return error(f"driver {version}, and {flavour} needs {oldest} or newer", flavour="cuda12")
    return error(
        f"driver {version}, and {flavour} needs {oldest} or newer",
        cure=f"install NVIDIA driver {oldest.split('.')[0]} or newer; until then: "
        "snakemake train_all {set} environment=cpu jax_platform=cpu",
    )


@check("compute-capability")
def compute_capability(subject: Subject) -> Iterator[Answer]:
    """Has this jaxlib code for these GPUs?"""
    if answer := _without_gpus(subject):
        yield answer
        return
    jaxlib, flavour = subject.installed.version("jaxlib"), subject.cuda_flavour or subject.wanted_flavour
    wrong = False
    for gpu in _usable(subject):
        if gpu.capability is None:
            yield not_checked(f"{gpu}: this driver does not tell the compute capability")
            wrong = True
            continue
        shown = "{}.{}".format(*gpu.capability)
        oldest = _OLDEST_CAPABILITY.get(flavour, (0, 0))
        needed = next((since for least, since in _FIRST_JAXLIB_FOR.items() if gpu.capability >= least), "0")
        if gpu.capability < oldest:
            wrong = True
            key = "cuda12" if gpu.capability >= _OLDEST_CAPABILITY["cuda12"] else "cpu jax_platform=cpu"
            least = "{}.{}".format(*oldest)
            yield error(f"{gpu} has compute capability {shown}, and {flavour} needs {least}", flavour=key)
        elif jaxlib and compared(jaxlib, needed) < 0:
            wrong = True
            key = "cuda13" if compared(subject.driver.version, _OLDEST_DRIVER["cuda13"]) >= 0 else "cuda12"
            yield error(
                f"{gpu} has compute capability {shown}; jaxlib {jaxlib} is too old ({needed} is the first)",
                flavour=key,
            )
    if not wrong:
        told = ", ".join(sorted({"{}.{}".format(*gpu.capability) for gpu in _usable(subject)}))
        yield ok(f"compute capability {told}, which jaxlib {jaxlib or '(not built yet)'} for {flavour} knows")


@check("gpu-choice")
def gpu_choice(subject: Subject) -> Answer:
    """Do the GPUs exist that jobs may take, and are they enough for each experiment?"""
    if subject.machine is None:
        return not_checked(REFUSED)
    if subject.elsewhere:
        return not_checked(ELSEWHERE)
    if not subject.trains_on_gpu:
        return ok("not needed: this machine trains on the CPU")
    configured = [str(number) for number in subject.machine.gpus]
    visible = subject.environ.get("CUDA_VISIBLE_DEVICES")
    allowed = allowed_gpus(configured, subject.environ)
    source = "CUDA_VISIBLE_DEVICES" if visible is not None else "the profile's `gpus`"
    if not allowed:
        cure = "unset CUDA_VISIBLE_DEVICES" if visible is not None else None
        return error(f"{source} allows none, and training is meant to use one", cure=cure, gpus="0")
    if not subject.driver.gpus:
        return not_checked(f"{source} allows {', '.join(allowed)}; which there are is not known here")
    known = {str(gpu.index) for gpu in subject.driver.gpus}
    absent = [name for name in allowed if name.isdecimal() and name not in known]
    if absent:
        there = ",".join(sorted(known, key=int))
        cure = "unset CUDA_VISIBLE_DEVICES" if visible is not None else None
        return error(f"{source} allows GPU {', '.join(absent)}, and there are only: {there}", cure=cure, gpus=there)
    most = max((entry.devices for entry in subject.experiments), default=1)
    if most > len(allowed):
        greedy = next(entry.name for entry in subject.experiments if entry.devices == most)
        return error(
            f"experiment '{greedy}' takes {most} GPUs, and {source} allows {len(allowed)} ({', '.join(allowed)})",
            gpus=",".join(sorted(known, key=int)) if len(known) >= most else "0,1",
        )
    return ok(f"{source} allows {', '.join(allowed)}")


@check("gpu-memory")
def gpu_memory(subject: Subject) -> Iterator[Answer]:
    """Is enough memory free on the GPUs that jobs may take for what JAX takes at its start?"""
    if answer := _without_gpus(subject):
        yield answer
        return
    share, gpus = _share(subject), _usable(subject)
    full = [gpu for gpu in gpus if gpu.total and gpu.free < share * gpu.total]
    freest = max(subject.driver.gpus, key=lambda gpu: (gpu.free, -gpu.index))
    for gpu in full:
        holding = [process for process in subject.driver.processes if process.gpu == gpu.uuid]
        holders = ", ".join(f"{process.name} ({_identity(subject, process)})" for process in holding)
        taken = "" if _grows(subject) else f", and JAX takes {share:.0%} of all at its start"
        found = f"{gpu} has {gpu.free / _GIB:.1f} of {gpu.total / _GIB:.1f} GiB free{taken}"
        found += f"; held by {holders}" if holders else ""
        if holding and all(_is_ours(subject, process) for process in holding):
            yield note(f"{found}; the next training waits for its lease", cure="")
        elif freest not in full:
            yield warning(found, gpus=freest.index)
        elif _grows(subject):
            yield warning(found, cure="nvidia-smi   # wait until whoever holds it is done, or ask them")
        else:
            yield warning(found, cure="snakemake train_all {set} gpu_memory=grow")
    if not full:
        told = ", ".join(f"{gpu.index}: {gpu.free / _GIB:.1f} of {gpu.total / _GIB:.1f} GiB" for gpu in gpus)
        yield ok(f"free on GPU {told}")


@check("gpu-processes")
def gpu_processes(subject: Subject) -> Iterator[Answer]:
    """Who else computes on the GPUs that jobs may take?"""
    if answer := _without_gpus(subject):
        yield answer
        return
    by_id = {gpu.uuid: gpu for gpu in _usable(subject)}
    others = [process for process in subject.driver.processes if process.gpu in by_id]
    if not others:
        yield ok("none")
    for process in others:
        held = f", {process.memory / _GIB:.1f} GiB" if process.memory is not None else ""
        found = f"{by_id[process.gpu]}: {process.name}, {_identity(subject, process)}{held}"
        if _is_ours(subject, process):
            yield ok(f"{found}, a training of this workflow")
        else:
            yield note(found, pids=process.pid)


def _is_ours(subject: Subject, process: Process) -> bool:
    """Whether it is a training of this workflow, which keeps to its lease."""
    return _OUR_PROGRAM in subject.system.command_of(process.pid)


def _identity(subject: Subject, process: Process) -> str:
    owner = subject.system.owner_of(process.pid)
    return f"process {process.pid}{f' of {owner}' if owner else ''}"


def _usable(subject: Subject) -> list[Gpu]:
    """The GPUs that jobs may take; all where the choice names none that exists."""
    allowed = allowed_gpus([str(number) for number in subject.machine.gpus], subject.environ)
    chosen = [gpu for gpu in subject.driver.gpus if str(gpu.index) in allowed or gpu.uuid in allowed]
    return chosen or list(subject.driver.gpus)


def _grows(subject: Subject) -> bool:
    """Whether JAX takes memory as it needs it, not much of it at its start."""
    return subject.job_environ.get(PREALLOCATE, "").lower() in ("false", "0")


def _share(subject: Subject) -> float:
    """The share of a GPU's memory that should be free: what JAX takes at its start, or some to begin with."""
    if _grows(subject):
        return _TO_BEGIN_WITH
    try:
        given = subject.job_environ
        return min(1.0, float(given.get(MEM_FRACTION) or given.get(NEW_MEM_FRACTION) or ""))
    except ValueError:
        return _MEMORY_SHARE
