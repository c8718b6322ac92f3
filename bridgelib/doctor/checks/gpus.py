"""GPUs: the driver, whether JAX can use them, which of them jobs may take, and who else is on them."""

from collections import Counter
from collections.abc import Iterator

from bridgelib.doctor.check import Answer, check, error, not_checked, note, ok, warning
from bridgelib.doctor.distributions import Distribution
from bridgelib.doctor.nvidia import Gpu, Process
from bridgelib.doctor.subject import ELSEWHERE, REFUSED, Subject
from bridgelib.doctor.versions import compared, satisfies
from bridgelib.jobs.gpus import allowed_gpus
from bridgelib.jobs.variables import MEM_FRACTION, NEW_MEM_FRACTION, PREALLOCATE

# The oldest driver of a CUDA release, from its release notes.
_OLDEST_DRIVER = {"cuda11": "450.80.02", "cuda12": "525.60.13", "cuda13": "580.65.06"}
_NEEDS_535 = "0.4.34"  # as users found; its own check asks for no more than CUDA does: jax issue 24749
_OLDEST_CAPABILITY = {"cuda12": (5, 2), "cuda13": (7, 5)}
_FIRST_JAXLIB_FOR = {(10, 0): "0.4.38", (9, 0): "0.4.1", (8, 9): "0.4.1"}  # Blackwell; Hopper; Ada
_TENSOR_MEMORY, _UNSAFE_CUBLAS = (10, 11), ">=12.8,<13.2"  # JAX's own check of CUDA versions: Blackwell of data centres
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
def driver(subject: Subject) -> Iterator[Answer]:
    """Does the driver answer, where training is meant to use a GPU, and for each of the GPUs?"""
    answer = subject.driver
    if subject.machine is None:
        yield not_checked(REFUSED)
    elif subject.elsewhere:
        yield not_checked(ELSEWHERE)
    elif not subject.trains_on_gpu:
        seen = f"; it has {len(answer.gpus)} GPUs" if answer.gpus else ""
        yield ok(f"not needed: this machine trains on the CPU{seen}")
    elif not answer.present:
        yield warning(
            f"{answer.problem}, and the profile trains with {subject.machine.environment}: is this the machine?",
            cure="run the doctor on the GPU machine; to train here on the CPU: "
            "snakemake train_all {set} environment=cpu jax_platform=cpu",
        )
    elif answer.problem is not None:
        restart = "sudo reboot   # the driver was renewed while its older part is still loaded"
        mismatch = "version mismatch" in answer.problem
        yield error(f"nvidia-smi says: {answer.problem}", cure=restart if mismatch else None)
    elif not answer.gpus:
        yield error("nvidia-smi lists no GPU")
    else:
        yield from _each_gpu(subject)


def _each_gpu(subject: Subject) -> Iterator[Answer]:
    """A GPU may have failed while the driver still answers for the others."""
    answer = subject.driver
    failed = [gpu for gpu in answer.gpus if gpu.failure]
    for gpu in failed:
        reset = f"sudo nvidia-smi --gpu-reset -i {gpu.index}   # when nothing runs on it; else restart the machine"
        said = error if gpu in _usable(subject) else note
        yield said(f"{gpu} has failed: '{gpu.failure}'", cure=reset)
    for line in answer.complaints:
        yield warning(f"nvidia-smi says: {line}", cure="nvidia-smi   # a GPU that is lost comes back with a restart")
    if not failed and not answer.complaints:
        kinds = Counter(gpu.name for gpu in answer.gpus)
        told = " and ".join(f"{count} x {name}" for name, count in kinds.items())
        yield ok(f"driver {answer.version}, CUDA {answer.cuda or 'unknown'}, {told}")


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
        jaxlib = subject.installed.version("jaxlib") or _NEEDS_535
        if compared(jaxlib, _NEEDS_535) >= 0 and compared(version, "535") < 0:
            return warning(
                f"driver {version}: under the 525 series JAX {_NEEDS_535} and newer fail ('named symbol not found')",
                cure="install NVIDIA driver 535 or newer",
            )
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
        if gpu.capability[0] in _TENSOR_MEMORY and (cublas := _unsafe_cublas(subject)):
            wrong = True
            yield error(f"{gpu}: {cublas} may silently corrupt data on it, as JAX warns", flavour="cuda13")
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
    visible = subject.environ.get("CUDA_VISIBLE_DEVICES")
    allowed = _allowed(subject)
    source = "CUDA_VISIBLE_DEVICES" if visible is not None else "the profile's `gpus`"
    if not allowed:
        cure = "unset CUDA_VISIBLE_DEVICES" if visible is not None else None
        return error(f"{source} allows none, and training is meant to use one", cure=cure, gpus="0")
    if not subject.driver.gpus:
        return not_checked(f"{source} allows {', '.join(allowed)}; which there are is not known here")
    known = {str(gpu.index) for gpu in subject.driver.gpus}
    absent = [
        name for name in allowed if not _is_part(name) and not any(_named(gpu, name) for gpu in subject.driver.gpus)
    ]
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
    if any(_is_part(name) for name in _allowed(subject)):
        yield not_checked("jobs take parts of GPUs (MIG), and nvidia-smi tells the memory of whole ones only")
        return
    share, gpus = _share(subject), [gpu for gpu in _usable(subject) if gpu.total and gpu.free is not None]
    if untold := [str(gpu) for gpu in _usable(subject) if gpu not in gpus]:
        yield not_checked(f"{', '.join(untold)}: nvidia-smi does not tell its memory")
    full = [gpu for gpu in gpus if gpu.free < share * gpu.total]
    freest = max(subject.driver.gpus, key=lambda gpu: (gpu.free or 0, -gpu.index))
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
    if gpus and not full:
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


def _unsafe_cublas(subject: Subject) -> Distribution | None:
    """The environment's cuBLAS where it is one of those that free tensor memory twice."""
    cublas = subject.installed.first("nvidia-cublas-cu12", "nvidia-cublas")
    return cublas if cublas and satisfies(cublas.version, _UNSAFE_CUBLAS) else None


def _is_ours(subject: Subject, process: Process) -> bool:
    """Whether it is a training of this workflow, which keeps to its lease."""
    return _OUR_PROGRAM in subject.system.command_of(process.pid)


def _identity(subject: Subject, process: Process) -> str:
    owner = subject.system.owner_of(process.pid)
    return f"process {process.pid}{f' of {owner}' if owner else ''}"


def _usable(subject: Subject) -> list[Gpu]:
    """The GPUs that jobs may take; all where the choice names none that exists."""
    allowed = _allowed(subject)
    chosen = [gpu for gpu in subject.driver.gpus if any(_named(gpu, name) for name in allowed)]
    return chosen or list(subject.driver.gpus)


def _allowed(subject: Subject) -> list[str]:
    """What jobs may take, as in CUDA_VISIBLE_DEVICES."""
    return allowed_gpus([str(number) for number in subject.machine.gpus], subject.environ)


def _named(gpu: Gpu, name: str) -> bool:
    """Whether an entry of CUDA_VISIBLE_DEVICES means this GPU: its number, or the beginning of its UUID."""
    return name == str(gpu.index) or (name.startswith("GPU-") and gpu.uuid.startswith(name))


def _is_part(name: str) -> bool:
    """Whether an entry of CUDA_VISIBLE_DEVICES means a part of a GPU."""
    return name.startswith("MIG-")


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
