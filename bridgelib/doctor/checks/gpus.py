"""GPUs: the driver, whether JAX can use them, which of them jobs may take, and who else is on them."""

from collections import Counter
from collections.abc import Iterator

from bridgelib.doctor.check import Answer, check, error, not_checked, note, ok, warning
from bridgelib.doctor.installed import release
from bridgelib.doctor.needs import gpus, training_on_gpu
from bridgelib.doctor.subject import Subject
from bridgelib.jobs.gpus import allowed_gpus
from bridgelib.jobs.nvidia import Gpu, Process
from bridgelib.jobs.variables import MEM_FRACTION, NEW_MEM_FRACTION, PREALLOCATE

# The oldest driver of a CUDA release, from its release notes.
_OLDEST_DRIVER = {"cuda11": "450.80.02", "cuda12": "525.60.13", "cuda13": "580.65.06"}
_NEEDS_535 = "0.4.34"  # found by users: JAX's own check asks only for what CUDA needs (jax issue 24749)
_OLDEST_CAPABILITY = {"cuda12": "5.2", "cuda13": "7.5"}
_FIRST_JAXLIB_FOR = {"10.0": "0.4.38", "9.0": "0.4.1", "8.9": "0.4.1"}  # Blackwell; Hopper; Ada
_TENSOR_MEMORY = (10, 11)  # Blackwell of data centres
_UNSAFE_CUBLAS = "nvidia-cublas>=12.8,<13.2"  # on those GPUs, by JAX's own check of CUDA versions
_MEMORY_SHARE = 0.75  # of a GPU's memory; what JAX takes at its start by default
_TO_BEGIN_WITH = 0.1
_PART = "MIG-"  # prefix of a part of a GPU in CUDA_VISIBLE_DEVICES
_OUR_PROGRAM = "workflow_scripts/train_policy.py"
_ON_CPU = "snakemake train_all {set} environment=cpu jax_platform=cpu"


@check("driver", needs=training_on_gpu)
def _driver(subject: Subject) -> Iterator[Answer]:
    answer = subject.driver
    if not answer.present:
        found = f"{answer.problem}, and the profile trains with {subject.machine.environment}: is this the machine?"
        yield warning(found, cure=f"run the doctor on the GPU machine; to train here on the CPU: {_ON_CPU}")
    elif answer.problem is not None:
        restart = "sudo reboot   # the driver was renewed while its older part is still loaded"
        yield error(f"nvidia-smi says: {answer.problem}", restart if "version mismatch" in answer.problem else None)
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


@check("driver-toolkit", needs=gpus)
def _driver_toolkit(subject: Subject) -> Answer:
    flavour, version = subject.cuda_flavour or subject.wanted_flavour, release(subject.driver.version)
    if flavour not in _OLDEST_DRIVER:
        return not_checked(f"{flavour} says nothing about drivers")
    oldest, found = _OLDEST_DRIVER[flavour], f"driver {subject.driver.version}"
    if version >= release(oldest):
        jaxlib = subject.installed.get("jaxlib")
        if version < release("535") and (jaxlib is None or jaxlib.release >= release(_NEEDS_535)):
            failing = f"{found}: under the 525 series JAX {_NEEDS_535} and newer fail ('named symbol not found')"
            return warning(failing, cure="install NVIDIA driver 535 or newer")
        return ok(f"{found}, and {flavour} needs {oldest}")
    found = f"{found}, and {flavour} needs {oldest} or newer"
    if flavour == "cuda13" and version >= release(_OLDEST_DRIVER["cuda12"]):
        return error(found, flavour="cuda12")
    return error(found, cure=f"install NVIDIA driver {release(oldest).major} or newer; until then: {_ON_CPU}")


@check("compute-capability", needs=gpus)
def _compute_capability(subject: Subject) -> Iterator[Answer]:
    answers = [answer for gpu in _usable(subject) for answer in _unfit(subject, gpu)]
    told = ", ".join(sorted({str(gpu.capability) for gpu in _usable(subject)}))
    yield from answers or [ok(f"compute capability {told}, which JAX knows")]


def _unfit(subject: Subject, gpu: Gpu) -> Iterator[Answer]:
    """Why this GPU and what is installed do not fit each other."""
    if gpu.capability is None:
        yield not_checked(f"{gpu}: this driver does not tell the compute capability")
        return
    jaxlib, flavour = subject.installed.get("jaxlib"), subject.cuda_flavour or subject.wanted_flavour
    cublas = subject.installed.get("nvidia-cublas-cu12", "nvidia-cublas")
    if gpu.capability.major in _TENSOR_MEMORY and cublas and cublas.meets(_UNSAFE_CUBLAS):
        yield error(f"{gpu}: {cublas} may silently corrupt data on it, as JAX warns", flavour="cuda13")
    found, oldest = f"{gpu} has compute capability {gpu.capability}", _OLDEST_CAPABILITY.get(flavour, "0")
    needed = next((since for least, since in _FIRST_JAXLIB_FOR.items() if gpu.capability >= release(least)), "0")
    if gpu.capability < release(oldest):
        key = "cuda12" if gpu.capability >= release(_OLDEST_CAPABILITY["cuda12"]) else "cpu jax_platform=cpu"
        yield error(f"{found}, and {flavour} needs {oldest}", flavour=key)
    elif jaxlib and jaxlib.release < release(needed):
        key = "cuda13" if release(subject.driver.version) >= release(_OLDEST_DRIVER["cuda13"]) else "cuda12"
        yield error(f"{found}; {jaxlib} is too old ({needed} is the first)", flavour=key)


@check("gpu-choice", needs=training_on_gpu)
def _gpu_choice(subject: Subject) -> Answer:
    visible, allowed, there = subject.environ.get("CUDA_VISIBLE_DEVICES"), _allowed(subject), subject.driver.gpus
    source = "CUDA_VISIBLE_DEVICES" if visible is not None else "the profile's `gpus`"
    unset = "unset CUDA_VISIBLE_DEVICES" if visible is not None else None
    if not allowed:
        return error(f"{source} allows none, and training is meant to use one", cure=unset, gpus="0")
    if not there:
        return not_checked(f"{source} allows {', '.join(allowed)}; which there are is not known here")
    known = ",".join(map(str, sorted(gpu.index for gpu in there)))
    absent = [name for name in allowed if not name.startswith(_PART) and not any(_named(gpu, name) for gpu in there)]
    if absent:
        found = f"{source} allows GPU {', '.join(absent)}, and there are only: {known}"
        return error(found, cure=unset, gpus=known)
    greedy = max(subject.experiments, key=lambda entry: entry.num_devices, default=None)
    if greedy and greedy.num_devices > len(allowed):
        found = f"experiment '{greedy.name}' takes {greedy.num_devices} GPUs, and {source} allows {len(allowed)}"
        return error(f"{found} ({', '.join(allowed)})", gpus=known if len(there) >= greedy.num_devices else "0,1")
    return ok(f"{source} allows {', '.join(allowed)}")


@check("gpu-memory", needs=gpus)
def _gpu_memory(subject: Subject) -> Iterator[Answer]:
    if any(name.startswith(_PART) for name in _allowed(subject)):
        yield not_checked("jobs take parts of GPUs (MIG), and nvidia-smi tells the memory of whole ones only")
        return
    share, usable = _share(subject), _usable(subject)
    told = [(gpu, gpu.free, gpu.total) for gpu in usable if gpu.total and gpu.free is not None]
    if untold := [str(gpu) for gpu in usable if not gpu.total or gpu.free is None]:
        yield not_checked(f"{', '.join(untold)}: nvidia-smi does not tell its memory")
    full = [(gpu, free, total) for gpu, free, total in told if free < share * total]
    for gpu, free, total in full:
        yield _full(subject, gpu, f"{gpu} has {_gib(free)} of {_gib(total)} GiB free", [gpu for gpu, _, _ in full])
    if told and not full:
        each = ", ".join(f"{gpu.index}: {_gib(free)} of {_gib(total)} GiB" for gpu, free, total in told)
        yield ok(f"free on GPU {each}")


def _full(subject: Subject, gpu: Gpu, found: str, full: list[Gpu]) -> Answer:
    """What to do about a GPU without the memory that a training begins with; `full` are all of these."""
    found += "" if _grows(subject) else f", and JAX takes {_share(subject):.0%} of all at its start"
    holding = [process for process in subject.driver.processes if process.gpu == gpu.uuid]
    holders = ", ".join(f"{process.name} ({_identity(subject, process)})" for process in holding)
    found += f"; held by {holders}" if holders else ""
    if holding and all(_is_ours(subject, process) for process in holding):
        return note(f"{found}; the next training waits for its lease", cure="")
    freest = max(subject.driver.gpus, key=lambda gpu: (gpu.free or 0, -gpu.index))
    if freest not in full:
        return warning(found, gpus=freest.index)
    wait = "nvidia-smi   # wait until whoever holds it is done, or ask them"
    return warning(found, cure=wait if _grows(subject) else "snakemake train_all {set} gpu_memory=grow")


@check("gpu-processes", needs=gpus)
def _gpu_processes(subject: Subject) -> Iterator[Answer]:
    by_id = {gpu.uuid: gpu for gpu in _usable(subject)}
    others = [process for process in subject.driver.processes if process.gpu in by_id]
    if not others:
        yield ok("none")
    for process in others:
        held = f", {_gib(process.memory)} GiB" if process.memory is not None else ""
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
    allowed = _allowed(subject)
    chosen = [gpu for gpu in subject.driver.gpus if any(_named(gpu, name) for name in allowed)]
    return chosen or list(subject.driver.gpus)


def _allowed(subject: Subject) -> list[str]:
    """What jobs may take, as in CUDA_VISIBLE_DEVICES."""
    return allowed_gpus([str(number) for number in subject.machine.gpus], subject.environ)


def _named(gpu: Gpu, name: str) -> bool:
    """Whether an entry of CUDA_VISIBLE_DEVICES means this GPU: its number, or the beginning of its UUID."""
    return name == str(gpu.index) or (name.startswith("GPU-") and gpu.uuid.startswith(name))


def _gib(size: int) -> str:
    return f"{size / (1 << 30):.1f}"


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
