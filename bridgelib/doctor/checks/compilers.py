"""CUDA compilers: nvcc, ptxas and nvlink against each other and the driver, and the flags of XLA."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from bridgelib.doctor.check import Answer, check, error, not_checked, note, ok, warning
from bridgelib.doctor.installed import Package, release
from bridgelib.doctor.loading import names_in
from bridgelib.doctor.needs import cuda, packages
from bridgelib.doctor.subject import Subject
from bridgelib.errors import did_you_mean

_SAFE_NVCC = "12.6.85"  # jax pull request 25091
_FIRST_WITH_ITS_OWN = "0.5"  # JAX prefers the compiler of the package to one on the PATH
_LINK_SERIALLY = "--xla_gpu_force_compilation_parallelism=1"
_WITH_FLAGS = 2  # the largest of jaxlib's libraries, in which the names of flags are looked for


@check("nvcc", needs=cuda)
def _nvcc(subject: Subject) -> Answer:
    compiler = _package(subject) or _on_path(subject, "ptxas")
    if compiler is None:
        return warning("no ptxas: neither the package nvidia-cuda-nvcc nor one on the PATH", cure="{rebuild}")
    if compiler.release < release(_SAFE_NVCC):
        return error(f"{compiler} is older than {_SAFE_NVCC} and miscompiles clamped gathers")
    return ok(f"{compiler} is not older than {_SAFE_NVCC}")


@check("ptxas", needs=cuda)
def _ptxas(subject: Subject) -> Iterator[Answer]:
    package, system = _package(subject), _on_path(subject, "ptxas")
    if package and system and _minor(package) != _minor(system):
        jaxlib = subject.installed.get("jaxlib")
        old = jaxlib is None or jaxlib.release < release(_FIRST_WITH_ITS_OWN)
        found = f"the PATH has {system.name} of CUDA {system.version}, the environment {package}"
        link = f"ln -s {_packaged_ptxas(subject)} {{environment}}/bin/ptxas"
        yield warning(f"{found}: this JAX takes the first", cure=link) if old else note(found, cure="")
    compiler, knows = package or system, subject.driver.cuda
    if compiler is None:
        yield not_checked("there is no ptxas")
    elif not knows:
        why = subject.driver.problem or "nvidia-smi does not tell its CUDA version"
        yield not_checked(f"ptxas {compiler.version}; the driver could not be asked ({why})")
    elif compiler.release.major == release(knows).major and release(_minor(compiler)) > release(knows):
        found = f"ptxas {compiler.version} is newer than the driver's CUDA {knows}"
        if _LINK_SERIALLY in subject.job_environ.get("XLA_FLAGS", ""):
            yield ok(f"{found}; XLA compiles serially ({_LINK_SERIALLY}), which works")
        else:
            yield warning(found, release=_minor(compiler))
    else:
        yield ok(f"ptxas {compiler.version}, and the driver knows CUDA {knows}")


@check("nvlink", needs=cuda)
def _nvlink(subject: Subject) -> Answer:
    linker, package = _on_path(subject, "nvlink"), _package(subject)
    if linker is None:
        return ok("no nvlink on the PATH; XLA links through the driver")
    if package is None or release(_minor(linker)) >= release(_minor(package)):
        return ok(f"{linker.name} of CUDA {linker.version} is as new as the compiler")
    found = f"{linker.name} is of CUDA {linker.version}, the compiler of {_minor(package)}"
    if _LINK_SERIALLY in subject.job_environ.get("XLA_FLAGS", ""):
        return ok(f"{found}; {_LINK_SERIALLY} keeps XLA from using it")
    return error(found)


@check("xla-flags", needs=packages)
def _xla_flags(subject: Subject) -> Iterator[Answer]:
    flags, folder = subject.job_environ.get("XLA_FLAGS", "").split(), subject.installed.folder
    if not flags:
        yield ok("XLA_FLAGS is empty")
        return
    if Path(flags[0]).is_file():
        yield not_checked(f"XLA_FLAGS names a file, {flags[0]}")
        return
    found = (path for pattern in ("jaxlib/*.so", "jax_plugins/*/*.so") for path in folder.glob(pattern))
    libraries = sorted((path for path in found if path.is_file()), key=lambda path: path.stat().st_size, reverse=True)
    if not libraries:
        yield not_checked("no library of jaxlib was found")
        return
    # The names that XLA registers stand in its libraries as they are.
    known = {name for library in libraries[:_WITH_FLAGS] for name in names_in(library, b"xla_")}
    problems = [problem for flag in flags if (problem := _problem(flag, known))]
    yield from map(error, problems)
    if not problems:
        yield ok(f"{len(flags)} flags, all known")


def _problem(flag: str, known: set[str]) -> str | None:
    """What is wrong with a flag in XLA_FLAGS; None for one that XLA knows."""
    name = flag.lstrip("-").partition("=")[0]
    if not flag.startswith("--") or ",--" in flag:
        return f"'{flag}' in XLA_FLAGS is no flag: flags are separated by blanks and begin with --"
    if name in known:
        return None
    hint = did_you_mean(name, sorted(known))
    return f"'{flag}' in XLA_FLAGS is unknown to this XLA{f'; {hint}' if hint else ''}"


def _package(subject: Subject) -> Package | None:
    return subject.installed.get("nvidia-cuda-nvcc-cu12", "nvidia-cuda-nvcc")


def _packaged_ptxas(subject: Subject) -> Path:
    """The compiler among the packages; linked into the environment's `bin` it comes first on the PATH of jobs."""
    folder = subject.installed.folder / "nvidia"
    return next(iter(sorted(folder.glob("*/bin/ptxas"))), folder / "cuda_nvcc" / "bin" / "ptxas")


def _on_path(subject: Subject, tool: str) -> Package | None:
    """A CUDA program on the PATH of a job, its path for a name, and its version, such as 12.4.131."""
    program = shutil.which(tool, path=subject.job_environ.get("PATH", os.defpath))
    if program is None:
        return None
    try:
        done = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    match = re.search(r"V(\d+\.\d+\.\d+)", done.stdout) or re.search(r"release (\d+\.\d+)", done.stdout)
    return Package(program, match[1]) if match else None


def _minor(tool: Package) -> str:
    """`12.9` of `12.9.86`."""
    return f"{tool.release.major}.{tool.release.minor}"
