"""CUDA libraries: which file really loads, what put it there, and whether the versions fit."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from bridgelib.doctor.check import Answer, check, error, not_checked, note, ok, warning
from bridgelib.doctor.elf import Library, names_in, read_library
from bridgelib.doctor.loading import STEMS, same_file
from bridgelib.doctor.subject import Subject
from bridgelib.doctor.troubles import TROUBLES
from bridgelib.doctor.versions import satisfies
from bridgelib.layout import portable_path

_JOINING = re.compile(rb"__nvJitLink\w*?_(\d+)_(\d+)")


def without_cuda(subject: Subject) -> Answer | None:
    """The answer of checks that need a CUDA build of JAX, where there is none."""
    if subject.not_built:
        return not_checked(subject.not_built)
    if subject.cuda_flavour is None:
        return ok("not needed: JAX is built for the CPU here")
    return None


@check("cuda-packages")
def cuda_packages(subject: Subject) -> Iterator[Answer]:
    """Are the CUDA packages there that the plugin asks for, in the versions it asks for?"""
    if answer := without_cuda(subject):
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
    if answer := without_cuda(subject):
        yield answer
        return
    if problem := subject.probe.get("problem"):
        yield not_checked(problem)
        return
    mapped = sorted(path for path in map(Path, subject.probe["mapped"]) if _stem(path))
    packaged = subject.loading.packaged
    requesters = [library for path in mapped if (library := read_library(path))]
    details = [_detail(subject, path, requesters) for path in mapped]
    wrong = False
    for soname, own in packaged.items():
        loaded = [path for path in mapped if _stem(path) == _stem(own)]
        foreign = [path for path in loaded if not same_file(path, own)]
        failure = next((text for name, text in subject.probe["failures"].items() if Path(name).name == soname), None)
        for path in foreign:
            wrong = True
            cause = subject.loading.cause_of(_named(path, soname), requesters)
            found = f"{soname} loads from {path}, put in front by {cause}"
            yield error(found, cure=_cure_of_origin(subject, cause), details=details)
        if not loaded and failure and "libcuda.so.1" not in failure:
            wrong = True
            yield error(f"{soname} does not load: {failure}", cure="{rebuild}")
    if not packaged:
        yield from _from_the_system(subject)
    elif not wrong:
        home = portable_path(subject.installed.site_packages / "nvidia")
        yield ok(f"{len(packaged)} libraries loaded, all from {home}", details)


def _detail(subject: Subject, path: Path, requesters: Sequence[Library]) -> str:
    """A loaded library: its file, what led there, what it asks for and where it has that looked for."""
    library = read_library(path)
    soname = library.soname if library and library.soname else path.name
    if soname in subject.loading.loaded_by_path and same_file(path, subject.loading.packaged[soname]):
        cause = "JAX's plugin, by path"
    else:
        cause = subject.loading.cause_of(_named(path, soname), requesters)
    asks = [name for name in library.needed if _stem(Path(name))] if library else []
    paths = [f"RPATH {':'.join(library.rpath)}"] if library and library.rpath else []
    paths += [f"RUNPATH {':'.join(library.runpath)}"] if library and library.runpath else []
    needs = f"; needs {', '.join(asks)}" if asks else ""
    return f"{soname}: {path}; by {cause}{needs}{''.join(f'; {entry}' for entry in paths)}"


def _cure_of_origin(subject: Subject, cause: str) -> str:
    """How to get the packaged libraries back in front."""
    if "LD_LIBRARY_PATH" not in cause and "RPATH" in cause:
        return "{rebuild}"
    if any(entry.cuda_libs == "system" for entry in subject.experiments):
        where = portable_path(subject.settings.experiments_file)
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
    if answer := without_cuda(subject):
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
    if answer := without_cuda(subject):
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
    if answer := without_cuda(subject):
        return answer
    if problem := subject.probe.get("problem"):
        return not_checked(problem)
    path = next((path for path in subject.probe["mapped"] if Path(path).name.startswith("libcuda.so")), None)
    if path is None:
        return not_checked("libcuda.so.1, which the NVIDIA driver brings, is not on this host")
    if "/stubs" in str(Path(path).parent):
        return error(f"libcuda.so.1 loads from {path}, put in front by {subject.loading.cause_of(Path(path), [])}")
    if "/compat" in str(Path(path).parent):
        return note(f"libcuda.so.1 loads from {path}, a copy for drivers older than the toolkit", cure="")
    return ok(f"libcuda.so.1 loads from {path}")


def _stem(path: Path) -> str | None:
    """`cudnn` of `/…/libcudnn.so.9.28.0`; None for what is no library of CUDA."""
    match = re.match(r"lib([A-Za-z]+)\.so(\.|$)", path.name)
    return match[1] if match and match[1] in STEMS else None


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
