"""How the dynamic loader finds a CUDA library in a job, and what put which file in front."""

import re
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from bridgelib.doctor.distributions import Installed
from bridgelib.doctor.elf import Library, read_library

# nvJitLink is loaded last, to see which one cuSPARSE and cuSOLVER take themselves.
STEMS = (
    "cudart",
    "nvrtc",
    "cublas",
    "cublasLt",
    "cudnn",
    "cufft",
    "cupti",
    "nccl",
    "cusparse",
    "cusolver",
    "nvJitLink",
)
_NAME = re.compile(r"lib([A-Za-z]+)\.so\.(\d+)")
_SYSTEM_FOLDERS = ("/lib64", "/usr/lib64", "/lib", "/usr/lib", "/lib/x86_64-linux-gnu", "/usr/lib/x86_64-linux-gnu")
_PLUGIN = "jax_plugins/xla_cuda*/__init__.py"
_REQUESTERS = ("jax_plugins/xla_cuda*/*.so", "jaxlib/xla_extension.so")


@dataclass(frozen=True)
class Origin:
    """Where the loader takes a library from.

    Attributes:
        path: The file; None where it finds none.
        cause: What made it so: an entry of LD_LIBRARY_PATH, a run path, the system's cache.
        kind: `variable`, `run path`, `cache`, `system folder` or `nowhere`.
    """

    path: Path | None
    cause: str
    kind: str


@dataclass(frozen=True)
class Loading:
    """The loader's rules, applied to one environment and the variables of its jobs.

    Source: ld.so(8), "Rpath token expansion" and the search order above it.
    """

    installed: Installed
    environ: Mapping[str, str]

    @cached_property
    def packaged(self) -> dict[str, Path]:
        """Soname -> file of each CUDA library in the environment's own packages."""
        found: dict[str, Path] = {}
        if self.installed.site_packages is None:
            return found
        for path in sorted(self.installed.site_packages.glob("nvidia/*/lib/lib*.so.*")):
            match = _NAME.fullmatch(path.name)
            if match and match[1] in STEMS:
                found.setdefault(path.name, path)
        return dict(sorted(found.items(), key=lambda item: STEMS.index(_NAME.fullmatch(item[0])[1])))

    @cached_property
    def requester(self) -> Library | None:
        """The library of JAX that asks for them."""
        if self.installed.site_packages is None:
            return None
        for pattern in _REQUESTERS:
            for path in sorted(self.installed.site_packages.glob(pattern)):
                if library := read_library(path):
                    return library
        return None

    @cached_property
    def loaded_by_path(self) -> tuple[str, ...]:
        """The sonames that JAX's plugin loads from the packages by path before anything else, in its order."""
        plugin = next(iter(sorted(self.installed.site_packages.glob(_PLUGIN))), None) if self.packaged else None
        if plugin is None:
            return ()
        text = plugin.read_text(encoding="utf-8", errors="replace")
        named = dict.fromkeys(re.findall(r'"(lib\w+\.so\.\d+)"', text))
        return tuple(soname for soname in named if soname in self.packaged)

    @cached_property
    def variable(self) -> tuple[str, ...]:
        """The entries of LD_LIBRARY_PATH."""
        return tuple(entry for entry in self.environ.get("LD_LIBRARY_PATH", "").split(":") if entry)

    @cached_property
    def cache(self) -> dict[str, str]:
        """Soname -> file in the system's cache (`ldconfig -p`)."""
        program = shutil.which("ldconfig", path=f"{self.environ.get('PATH', '')}:/sbin:/usr/sbin")
        if program is None:
            return {}
        try:
            done = subprocess.run([program, "-p"], capture_output=True, text=True, timeout=10, check=False)
        except (OSError, subprocess.TimeoutExpired):
            return {}
        entries: dict[str, str] = {}
        for name, path in re.findall(r"^\s*(\S+) \(.*\) => (\S+)$", done.stdout, re.MULTILINE):
            entries.setdefault(name, path)
        return entries

    def origin(self, soname: str, requester: Library | None = None) -> Origin:
        """Where the loader will find a library that `requester` (JAX, if None) asks for."""
        requester = requester or self.requester
        rpath = requester.rpath if requester and not requester.runpath else ()
        runpath = requester.runpath if requester else ()
        for folders, kind, cause in (
            (rpath, "run path", f"the RPATH of {requester.path.name if requester else ''}, which wins over all"),
            (self.variable, "variable", "LD_LIBRARY_PATH"),
            (runpath, "run path", f"the RUNPATH of {requester.path.name if requester else ''}"),
        ):
            for number, folder in enumerate(folders, 1):
                if (path := Path(folder) / soname).is_file():
                    entry = f"{cause}, entry {number} ({folder})" if kind == "variable" else f"{cause} ({folder})"
                    return Origin(path, entry, kind)
        if soname in self.cache:
            return Origin(Path(self.cache[soname]), "the system's cache (ldconfig)", "cache")
        for folder in _SYSTEM_FOLDERS:
            if (path := Path(folder) / soname).is_file():
                return Origin(path, f"the system's folder {folder}", "system folder")
        return Origin(None, "it is nowhere the loader looks", "nowhere")

    def cause_of(self, path: Path, requesters: Iterable[Library]) -> str:
        """What made the loader take just this file, for a file that was really loaded."""
        for requester in requesters:
            origin = self.origin(path.name, requester)
            if origin.path is not None and same_file(origin.path, path):
                return origin.cause
        origin = self.origin(path.name)
        if origin.path is not None and same_file(origin.path, path):
            return origin.cause
        return "LD_PRELOAD" if self.environ.get("LD_PRELOAD") else "a library loaded before it"


def load_order(loading: Loading) -> list[str]:
    """What to load, as a job would: by path what the plugin loads so, or where JAX's run path leads; else by name."""
    order = [str(loading.packaged[soname]) for soname in loading.loaded_by_path]
    for soname in (name for name in loading.packaged if name not in loading.loaded_by_path):
        origin = loading.origin(soname)
        order.append(str(origin.path) if origin.kind == "run path" and origin.path else soname)
    return [*order, "libcuda.so.1"]


def same_file(first: Path, second: Path) -> bool:
    """Whether two paths lead to one file."""
    try:
        return first.samefile(second)
    except OSError:
        return first == second
