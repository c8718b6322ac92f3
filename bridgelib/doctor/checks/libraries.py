"""CUDA libraries and compilers: which file really loads, what put it there, and whether the versions fit."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from bridgelib.config.machines import shown
from bridgelib.doctor.check import Answer, check, error, not_checked, note, ok, warning
from bridgelib.doctor.elf import names_in, read_library
from bridgelib.doctor.loading import STEMS, same_file
from bridgelib.doctor.subject import Subject
from bridgelib.doctor.troubles import TROUBLES
from bridgelib.doctor.versions import compared, release, satisfies
from bridgelib.errors import did_you_mean

_SAFE_NVCC = "12.6.85"  # jax pull request 25091
_LINK_SERIALLY = "--xla_gpu_force_compilation_parallelism=1"
_JOINING = re.compile(rb"__nvJitLink\w*?_(\d+)_(\d+)")
_WITH_FLAGS = 2  # of jaxlib's libraries, the largest
_STUB_FOLDERS = ("/stubs", "/compat")


def _without_cuda(subject: Subject) -> Answer | None:
    """The answer of checks that need a CUDA build of JAX, where there is none."""
    if subject.not_built:
        return not_checked(subject.not_built)
    if subject.cuda_flavour is None:
        return ok("not needed: JAX is built for the CPU here")
    return None


@check("cuda-packages")
def cuda_packages(subject: Subject) -> Iterator[Answer]:
    """Are the CUDA packages there that the plugin asks for, in the versions it asks for?"""
    if answer := _without_cuda(subject):
        yield answer
        return
    plugin = subject.installed.get(f"jax-{subject.cuda_flavour}-plugin")
    asked = [entry for entry in plugin.requires if "with-cuda" in entry.condition] if plugin else []
    missing = [entry.name for entry in asked if subject.installed.get(entry.name) is None]
    old = [
        (entry, subject.installed.version(entry.name))
        for entry in asked
        if entry.name not in missing and not satisfies(subject.installed.version(entry.name), entry.specifier)
    ]
    if not asked and not subject.loading.packaged:
        yield warning("JAX is built for CUDA, and no CUDA package is installed beside it: the system's will be used")
    elif missing and subject.launch.cuda_libs == "pip":
        yield error(f"missing: {', '.join(missing)}")
    elif missing:
        yield note(f"missing, and taken from the system: {', '.join(missing)}", cure="")
    for entry, version in old:
        if not entry.name.startswith(("nvidia-cudnn", "nvidia-cuda-nvcc")):  # they have checks of their own
            yield error(
                f"{entry.name} {version}, and JAX asks for {entry.specifier}",
                cure=f"{{install}} '{entry.name}{entry.specifier}'",
            )
    if not missing and not old:
        count = len(asked) or len(subject.loading.packaged)
        yield ok(f"{count} CUDA packages are installed, each in a version that JAX accepts")


@check("cuda-origin")
def cuda_origin(subject: Subject) -> Iterator[Answer]:
    """Which file does each CUDA library load from, in a job, and why?"""
    if answer := _without_cuda(subject):
        yield answer
        return
    if problem := subject.probe.get("problem"):
        yield not_checked(problem)
        return
    mapped = [Path(path) for path in subject.probe["mapped"] if _stem(Path(path))]
    packaged = subject.loading.packaged
    requesters = [library for path in mapped if (library := read_library(path))]
    wrong = False
    for soname, own in packaged.items():
        loaded = [path for path in mapped if _stem(path) == _stem(own)]
        foreign = [path for path in loaded if not same_file(path, own)]
        failure = next((text for name, text in subject.probe["failures"].items() if Path(name).name == soname), None)
        for path in foreign:
            wrong = True
            yield _foreign(subject, soname, path, subject.loading.cause_of(_named(path, soname), requesters))
        if not loaded and failure and "libcuda.so.1" not in failure:
            wrong = True
            yield error(f"{soname} does not load: {failure}", cure="{rebuild}")
    if not packaged:
        yield from _from_the_system(subject)
    elif not wrong:
        yield ok(f"{len(packaged)} libraries loaded, all from {shown(subject.installed.site_packages / 'nvidia')}")


def _foreign(subject: Subject, soname: str, path: Path, cause: str) -> Answer:
    """A library that is packaged, and comes from elsewhere."""
    return error(f"{soname} loads from {path}, put in front by {cause}", cure=_cure_of_origin(subject, cause))


def _cure_of_origin(subject: Subject, cause: str) -> str:
    """How to get the packaged libraries back in front."""
    if "LD_LIBRARY_PATH" not in cause and "RPATH" in cause:
        return "{rebuild}"
    if any(entry.cuda_libs == "system" for entry in subject.experiments):
        where = shown(subject.settings.experiments_file)
        return f"set `use_pip_cuda_libs: true` in {where}, or: unset LD_LIBRARY_PATH"
    if subject.launch.cuda_libs == "pip":
        return "unset LD_LIBRARY_PATH LD_PRELOAD"
    return TROUBLES["cuda-origin"].cure


def _from_the_system(subject: Subject) -> Iterator[Answer]:
    """Without packages: what the loader would find for JAX."""
    major = {"cuda13": 13}.get(subject.cuda_flavour, 12)
    for soname in (f"libcudart.so.{major}", f"libcublas.so.{major}"):
        origin = subject.loading.origin(soname)
        if origin.path is None:
            yield error(f"{soname}: {origin.cause}", cure="{rebuild}")
        else:
            yield note(f"{soname} will load from {origin.path}, by {origin.cause}", cure="")


@check("nvjitlink")
def nvjitlink(subject: Subject) -> Iterator[Answer]:
    """Does the nvJitLink that is loaded have the symbols that cuSPARSE and cuSOLVER ask for?"""
    if answer := _without_cuda(subject):
        yield answer
        return
    files = _loaded_or_packaged(subject)
    provider = files.get("nvJitLink")
    users = [files[stem] for stem in ("cusparse", "cusolver") if stem in files]
    if provider is None or not users:
        yield not_checked("nvJitLink, or what uses it, is not there")
        return
    has = _joining_versions(provider)
    wrong = False
    for user in users:
        asks = _joining_versions(user)
        if has and asks and max(asks) > max(has):
            wrong = True
            need, given = (".".join(map(str, max(versions))) for versions in (asks, has))
            package = "nvidia-nvjitlink" if subject.cuda_flavour == "cuda13" else "nvidia-nvjitlink-cu12"
            cure = f"{{install}} '{package}>={need}'"
            if any(not same_file(own, provider) for own in _packaged(subject, "nvJitLink")):
                cause = subject.loading.cause_of(provider, [library] if (library := read_library(user)) else [])
                cure = _cure_of_origin(subject, cause)
            yield error(f"{user.name} asks for nvJitLink {need}, and {provider} is of {given}", cure=cure)
    if not wrong:
        yield ok(f"{provider.name} has what {' and '.join(user.name for user in users)} ask for")


def _joining_versions(path: Path) -> set[tuple[int, int]]:
    """The versions in the names of nvJitLink's functions: `__nvJitLinkComplete_12_4` is (12, 4)."""
    matches = (_JOINING.fullmatch(name.encode()) for name in names_in(path, b"__nvJitLink"))
    return {(int(match[1]), int(match[2])) for match in matches if match}


@check("cudnn")
def cudnn(subject: Subject) -> Answer:
    """Is cuDNN of the version that jaxlib was built for?"""
    if answer := _without_cuda(subject):
        return answer
    jaxlib, plugin = subject.installed.get("jaxlib"), subject.installed.get(f"jax-{subject.cuda_flavour}-plugin")
    asked = (
        next((entry for entry in plugin.requires if entry.name.startswith("nvidia-cudnn")), None) if plugin else None
    )
    if asked is not None:
        name, specifier, builder = asked.name, asked.specifier, str(plugin)
    else:
        built = re.search(r"cudnn(\d)(\d*)", jaxlib.version)  # 0.4.13+cuda12.cudnn89
        major, minor = (built[1], built[2] or "0") if built else ("8", "9")
        name, specifier = f"nvidia-cudnn-cu{subject.cuda_flavour[4:]}", f">={major}.{minor},<{int(major) + 1}"
        builder = str(jaxlib)
    version = subject.installed.version(name)
    if version is None:
        loaded = _loaded_or_packaged(subject).get("cudnn")
        return not_checked(f"{name} is not installed; {loaded or 'no other cuDNN was found'}")
    if not satisfies(version, specifier):
        return error(f"{name} {version}, and {builder} needs {specifier}", requirement=f"{name}{specifier}")
    return ok(f"{name} {version}, as {builder} needs ({specifier})")


@check("libcuda")
def libcuda(subject: Subject) -> Answer:
    """Is the driver's library the real one?"""
    if answer := _without_cuda(subject):
        return answer
    if problem := subject.probe.get("problem"):
        return not_checked(problem)
    path = next((path for path in subject.probe["mapped"] if Path(path).name.startswith("libcuda.so")), None)
    if path is None:
        return not_checked("libcuda.so.1, which the NVIDIA driver brings, is not on this host")
    if any(part in str(Path(path).parent) for part in _STUB_FOLDERS):
        return error(f"libcuda.so.1 loads from {path}, put in front by {subject.loading.cause_of(Path(path), [])}")
    return ok(f"libcuda.so.1 loads from {path}")


@check("nvcc")
def nvcc(subject: Subject) -> Iterator[Answer]:
    """Is the compiler one of those that miscompile?"""
    if answer := _without_cuda(subject):
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
    if answer := _without_cuda(subject):
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
        yield not_checked(f"ptxas {version}; the driver could not be asked ({subject.driver.problem})")
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
    if answer := _without_cuda(subject):
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
    libraries = sorted([*folder.glob("jaxlib/*.so"), *folder.glob("jax_plugins/*/*.so")], key=_size, reverse=True)
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


def _stem(path: Path) -> str | None:
    """`cudnn` of `/…/libcudnn.so.9.28.0`; None for what is no library of CUDA."""
    match = re.match(r"lib([A-Za-z]+)\.so(\.|$)", path.name)
    return match[1] if match and match[1] in STEMS else None


def _packaged_ptxas(subject: Subject) -> str:
    """The compiler among the packages; linked into the environment's `bin` it comes first on the PATH of jobs."""
    found = next(iter(sorted(subject.installed.site_packages.glob("nvidia/*/bin/ptxas"))), None)
    return str(found) if found else f"{subject.installed.site_packages}/nvidia/cuda_nvcc/bin/ptxas"


def _packaged(subject: Subject, stem: str) -> list[Path]:
    return [path for path in subject.loading.packaged.values() if _stem(path) == stem]


def _named(path: Path, soname: str) -> Path:
    """The name the loader looked for, beside a mapped file whose name has the full version."""
    beside = path.with_name(soname)
    return beside if beside.exists() else path


def _loaded_or_packaged(subject: Subject) -> dict[str, Path]:
    """Stem -> file: as really loaded, where that is known, else as packaged."""
    files = {_stem(path): path for path in subject.loading.packaged.values()}
    for path in map(Path, subject.probe.get("mapped", ())):
        if stem := _stem(path):
            files[stem] = path
    return files


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
