"""CUDA libraries: which file really loads, what put it there, and whether the versions fit."""

import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from packaging.requirements import Requirement

from bridgelib.doctor.check import Answer, check, error, not_checked, note, ok, warning
from bridgelib.doctor.loading import OF_THE_SYSTEM, names_in, same_file, stem_of
from bridgelib.doctor.needs import cuda
from bridgelib.doctor.subject import Subject
from bridgelib.doctor.troubles import TROUBLES
from bridgelib.doctor.unknown import NotKnown
from bridgelib.layout import portable_path

_JOINING = re.compile(r"__nvJitLink\w*?_(\d+)_(\d+)")


@check("cuda-packages", needs=cuda)
def _cuda_packages(subject: Subject) -> Iterator[Answer]:
    asked = [entry for entry in _asked_by_plugin(subject) if "with-cuda" in str(entry.marker)]
    there = {entry.name: subject.installed.get(entry.name) for entry in asked}
    missing = [name for name, package in there.items() if package is None]
    old = [entry for entry in asked if (package := there[entry.name]) and not package.meets(entry)]
    if not asked and not subject.loading.packaged:
        yield warning("JAX is built for CUDA, and no CUDA package is installed beside it: the system's will be used")
    elif missing and subject.launch.cuda_libs == "pip":
        yield error(f"missing: {', '.join(missing)}")
    elif missing:
        yield note(f"missing, and taken from the system: {', '.join(missing)}", cure="")
    for entry in old:
        if not entry.name.startswith(("nvidia-cudnn", "nvidia-cuda-nvcc")):  # they have checks of their own
            found = f"{there[entry.name]}, and JAX asks for {entry.specifier}"
            yield error(found, cure=f"{{install}} '{entry.name}{entry.specifier}'")
    if not missing and not old:
        count = len(asked) or len(subject.loading.packaged)
        yield ok(f"{count} CUDA packages are installed, each in a version that JAX accepts")


@check("cuda-origin", needs=cuda)
def _cuda_origin(subject: Subject) -> Iterator[Answer]:
    loading, probe = subject.loading, subject.loading.probe
    mapped = [path for path in probe.mapped if stem_of(path)]
    details = sorted(
        f"{soname}: {found.path}; by {found.cause}{f', for {found.asked_by}' if found.asked_by else ''}"
        for soname, found in probe.found.items()
        if stem_of(found.path) and any(same_file(found.path, path) for path in mapped)
    )
    wrong = False
    for soname, own in loading.packaged.items():
        loaded = [path for path in mapped if stem_of(path) == stem_of(own)]
        failure = next((text for name, text in probe.failures.items() if Path(name).name == soname), None)
        for path in (path for path in loaded if not same_file(path, own)):
            wrong, cause = True, loading.cause_of(path)
            found = f"{soname} loads from {path}, put in front by {cause}"
            yield error(found, _cure_of_origin(subject, cause), details)
        if not loaded and failure and "libcuda.so.1" not in failure:
            wrong = True
            yield error(f"{soname} does not load: {failure}", cure="{rebuild}")
    if not loading.packaged:
        yield from _from_the_system(subject)
    elif not wrong:
        home = portable_path(next(iter(loading.packaged.values())).parents[2])
        yield ok(f"{len(loading.packaged)} libraries loaded, all from {home}", details=details)


def _cure_of_origin(subject: Subject, cause: str) -> str:
    """How to get the packaged libraries back in front."""
    if "LD_LIBRARY_PATH" not in cause and "RPATH" in cause:
        return "{rebuild}"
    if any(entry.cuda_libs == "system" for entry in subject.experiments):
        where = portable_path(subject.plan.settings.experiments_file)
        return f"set `use_pip_cuda_libs: true` in {where}, or: unset LD_LIBRARY_PATH"
    if subject.launch.cuda_libs == "pip":
        return "unset LD_LIBRARY_PATH LD_PRELOAD"
    return TROUBLES["cuda-origin"].cure


def _from_the_system(subject: Subject) -> Iterator[Answer]:
    """Without packages: what the loader would find for JAX."""
    major, found_for_jax = ".13" if subject.cuda_flavour == "cuda13" else ".12", subject.loading.for_jax
    if found_for_jax is None:
        raise NotKnown("the loader does not tell what it would find for JAX")
    for soname in (name for name in OF_THE_SYSTEM if name.endswith(major)):
        if found := found_for_jax.get(soname):
            yield note(f"{soname} will load from {found.path}, by {found.cause}", cure="")
        else:
            yield error(f"{soname}: it is nowhere the loader looks", cure="{rebuild}")


@check("nvjitlink", needs=cuda)
def _nvjitlink(subject: Subject) -> Iterator[Answer]:
    files = _loaded_or_packaged(subject)
    provider = files.get("nvJitLink")
    users = [files[stem] for stem in ("cusparse", "cusolver") if stem in files]
    if provider is None or not users:
        yield not_checked("nvJitLink, or what uses it, is not there")
        return
    has = _joining_version(provider)
    own = [path for path in subject.loading.packaged.values() if stem_of(path) == "nvJitLink"]
    wrong = False
    for user in users:
        asks = _joining_version(user)
        if asks > has > (0, 0):
            wrong = True
            need, given = (".".join(map(str, version)) for version in (asks, has))
            package = "nvidia-nvjitlink" if subject.cuda_flavour == "cuda13" else "nvidia-nvjitlink-cu12"
            cure = f"{{install}} '{package}>={need}'"
            if any(not same_file(path, provider) for path in own):
                cure = _cure_of_origin(subject, subject.loading.cause_of(provider))
            yield error(f"{user.name} asks for nvJitLink {need}, and {provider} is of {given}", cure=cure)
    if not wrong:
        yield ok(f"{provider.name} has what {' and '.join(user.name for user in users)} ask for")


def _joining_version(path: Path) -> tuple[int, int]:
    """The newest in the names of nvJitLink's functions: `__nvJitLinkComplete_12_4` is (12, 4); (0, 0) without any."""
    matches = map(_JOINING.fullmatch, names_in(path, b"__nvJitLink"))
    return max(((int(match[1]), int(match[2])) for match in matches if match), default=(0, 0))


def _loaded_or_packaged(subject: Subject) -> dict[str, Path]:
    """Stem of a library -> its file: as really loaded, where that is known, else as packaged."""
    files = [*subject.loading.packaged.values()]
    with suppress(NotKnown):
        files += subject.loading.probe.mapped
    return {stem: path for path in files if (stem := stem_of(path))}


@check("cudnn", needs=cuda)
def _cudnn(subject: Subject) -> Answer:
    jaxlib, flavour = subject.installed.get("jaxlib"), subject.cuda_flavour or ""
    asked = next((entry for entry in _asked_by_plugin(subject) if entry.name.startswith("nvidia-cudnn")), None)
    if asked is not None:
        name, needed, builder = asked.name, str(asked.specifier), subject.installed.get(f"jax-{flavour}-plugin")
    else:  # jaxlib 0.4.13+cuda12.cudnn89
        built = re.search(r"cudnn(\d)(\d*)", str(jaxlib))
        major, minor = (int(built[1]), built[2] or "0") if built else (8, "9")
        name, needed, builder = f"nvidia-cudnn-cu{flavour[4:]}", f">={major}.{minor},<{major + 1}", jaxlib
    package = subject.installed.get(name)
    if package is None:
        loaded = _loaded_or_packaged(subject).get("cudnn")
        return not_checked(f"{name} is not installed; {loaded or 'no other cuDNN was found'}")
    if not package.meets(f"{name}{needed}"):
        return error(f"{package}, and {builder} needs {needed}", requirement=f"{name}{needed}")
    return ok(f"{package}, as {builder} needs ({needed})")


def _asked_by_plugin(subject: Subject) -> tuple[Requirement, ...]:
    """The requirements of JAX's plugin for CUDA; none of an older JAX, which has no plugin."""
    plugin = subject.installed.get(f"jax-{subject.cuda_flavour}-plugin")
    return plugin.requires if plugin else ()


@check("libcuda", needs=cuda)
def _libcuda(subject: Subject) -> Answer:
    path = next((path for path in subject.loading.probe.mapped if path.name.startswith("libcuda.so")), None)
    if path is None:
        return not_checked("libcuda.so.1, which the NVIDIA driver brings, is not on this host")
    if "/stubs" in str(path.parent):
        return error(f"libcuda.so.1 loads from {path}, put in front by {subject.loading.cause_of(path)}")
    if "/compat" in str(path.parent):
        return note(f"libcuda.so.1 loads from {path}, a copy for drivers older than the toolkit", cure="")
    return ok(f"libcuda.so.1 loads from {path}")
