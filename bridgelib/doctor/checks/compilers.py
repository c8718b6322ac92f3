"""CUDA compilers: nvcc, ptxas and nvlink against each other and the driver, and the flags of XLA."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from bridgelib.doctor.check import Answer, check, error, not_checked, note, ok, warning
from bridgelib.doctor.checks.libraries import without_cuda
from bridgelib.doctor.elf import names_in
from bridgelib.doctor.subject import Subject
from bridgelib.doctor.versions import compared, release
from bridgelib.errors import did_you_mean

_SAFE_NVCC = "12.6.85"  # jax pull request 25091
_LINK_SERIALLY = "--xla_gpu_force_compilation_parallelism=1"
_WITH_FLAGS = 2  # of jaxlib's libraries, the largest


@check("nvcc")
def nvcc(subject: Subject) -> Iterator[Answer]:
    """Is the compiler one of those that miscompile?"""
    if answer := without_cuda(subject):
        yield answer
        return
    package = subject.installed.first("nvidia-cuda-nvcc-cu12", "nvidia-cuda-nvcc")
    found = [(f"{package}", package.version)] if package else []
    if package is None and (system := _tool_version(subject, "ptxas")):
        found.append((f"{system[0]} ({system[1]})", system[1]))
    if not found:
        yield warning("no ptxas: neither the package nvidia-cuda-nvcc nor one on the PATH", cure="{rebuild}")
    for what, version in found:
        if compared(version, _SAFE_NVCC) < 0:
            yield error(f"{what} is older than {_SAFE_NVCC} and miscompiles clamped gathers")
        else:
            yield ok(f"{what} is not older than {_SAFE_NVCC}")


@check("ptxas")
def ptxas(subject: Subject) -> Iterator[Answer]:
    """Is ptxas newer than what the driver takes, or another one on the PATH in front?"""
    if answer := without_cuda(subject):
        yield answer
        return
    package = subject.installed.first("nvidia-cuda-nvcc-cu12", "nvidia-cuda-nvcc")
    system = _tool_version(subject, "ptxas")
    if package and system and release(package.version)[:2] != release(system[1])[:2]:
        old = compared(subject.installed.version("jaxlib") or "0", "0.5") < 0
        answer = warning if old else note  # newer JAX prefers its package
        yield answer(
            f"the PATH has {system[0]} of CUDA {system[1]}, the environment {package}"
            f"{': this JAX takes the first' if old else ''}",
            cure=f"ln -s {_packaged_ptxas(subject)} {{environment}}/bin/ptxas" if old else "",
        )
    version = package.version if package else system[1] if system else None
    if version is None:
        yield not_checked("there is no ptxas")
    elif not subject.driver.cuda:
        why = subject.driver.problem or "nvidia-smi does not tell its CUDA version"
        yield not_checked(f"ptxas {version}; the driver could not be asked ({why})")
    elif release(version)[0] == release(subject.driver.cuda)[0] and compared(_minor(version), subject.driver.cuda) > 0:
        serial = _LINK_SERIALLY in subject.job_environ.get("XLA_FLAGS", "")
        found = f"ptxas {version} is newer than the driver's CUDA {subject.driver.cuda}"
        if serial:
            yield ok(f"{found}; XLA compiles serially ({_LINK_SERIALLY}), which works")
        else:
            yield warning(found, release=_minor(version))
    else:
        yield ok(f"ptxas {version}, and the driver knows CUDA {subject.driver.cuda}")


@check("nvlink")
def nvlink(subject: Subject) -> Answer:
    """Is a system nvlink older than the compiler it works with?"""
    if answer := without_cuda(subject):
        return answer
    linker, package = (
        _tool_version(subject, "nvlink"),
        subject.installed.first("nvidia-cuda-nvcc-cu12", "nvidia-cuda-nvcc"),
    )
    if linker is None:
        return ok("no nvlink on the PATH; XLA links through the driver")
    if package is None or compared(_minor(linker[1]), _minor(package.version)) >= 0:
        return ok(f"{linker[0]} of CUDA {linker[1]} is as new as the compiler")
    found = f"{linker[0]} is of CUDA {linker[1]}, the compiler of {_minor(package.version)}"
    if _LINK_SERIALLY in subject.job_environ.get("XLA_FLAGS", ""):
        return ok(f"{found}; {_LINK_SERIALLY} keeps XLA from using it")
    return error(found)


@check("xla-flags")
def xla_flags(subject: Subject) -> Iterator[Answer]:
    """Does this XLA know every flag that jobs get?"""
    if subject.not_built:
        yield not_checked(subject.not_built)
        return
    flags = subject.job_environ.get("XLA_FLAGS", "").split()
    if flags and Path(flags[0]).is_file():
        yield not_checked(f"XLA_FLAGS names a file, {flags[0]}")
        return
    folder = subject.installed.site_packages
    found = [*folder.glob("jaxlib/*.so"), *folder.glob("jax_plugins/*/*.so")]
    libraries = sorted((path for path in found if path.is_file()), key=_size, reverse=True)
    if flags and not libraries:
        yield not_checked("no library of jaxlib was found")
        return
    # The names that XLA registers stand in its libraries as they are.
    known = {name for library in libraries[:_WITH_FLAGS] for name in names_in(library, b"xla_")} if flags else set()
    wrong = False
    for flag in flags:
        name = flag.lstrip("-").partition("=")[0]
        if not flag.startswith("--") or ",--" in flag:
            wrong = True
            yield error(f"'{flag}' in XLA_FLAGS is no flag: flags are separated by blanks and begin with --")
        elif name not in known:
            wrong = True
            hint = did_you_mean(name, sorted(known))
            yield error(f"'{flag}' in XLA_FLAGS is unknown to this XLA{f'; {hint}' if hint else ''}")
    if not wrong:
        yield ok(f"{len(flags)} flags, all known" if flags else "XLA_FLAGS is empty")


def _packaged_ptxas(subject: Subject) -> str:
    """The compiler among the packages; linked into the environment's `bin` it comes first on the PATH of jobs."""
    found = next(iter(sorted(subject.installed.site_packages.glob("nvidia/*/bin/ptxas"))), None)
    return str(found) if found else f"{subject.installed.site_packages}/nvidia/cuda_nvcc/bin/ptxas"


def _tool_version(subject: Subject, tool: str) -> tuple[Path, str] | None:
    """A CUDA program on the PATH of a job and its version, such as 12.4.131."""
    program = shutil.which(tool, path=subject.job_environ.get("PATH", os.defpath))
    if program is None:
        return None
    try:
        done = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    match = re.search(r"V(\d+\.\d+\.\d+)", done.stdout) or re.search(r"release (\d+\.\d+)", done.stdout)
    return (Path(program), match[1]) if match else None


def _minor(version: str) -> str:
    """`12.9` of `12.9.86`."""
    return ".".join(map(str, release(version)[:2]))


def _size(path: Path) -> int:
    return path.stat().st_size
