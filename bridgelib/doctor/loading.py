"""Which CUDA libraries a job loads, from where and why, in the words of the dynamic loader itself (`LD_DEBUG`)."""

import json
import mmap
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from bridgelib.doctor.installed import Installed
from bridgelib.doctor.probe import mapped_libraries
from bridgelib.doctor.unknown import NotKnown

# nvJitLink is loaded last, to see which one cuSPARSE and cuSOLVER take themselves.
STEMS = (
    "cudart", "nvrtc", "cublas", "cublasLt", "cudnn", "cufft", "cupti", "nccl", "cusparse", "cusolver", "nvJitLink",
)  # fmt: skip
OF_THE_SYSTEM = tuple(f"lib{stem}.so.{major}" for stem in ("cudart", "cublas") for major in (12, 13))
_PACKAGES = ("jax", "jaxlib", "jax_plugins", "flax", "optax", "ml_dtypes", "tensorstore", "numpy", "scipy", "wandb")
_PLUGIN = "jax_plugins/xla_cuda*/__init__.py"
_REQUESTERS = ("jax_plugins/xla_cuda*/*.so", "jaxlib/xla_extension.so")
_ACCOUNT = re.compile(r"\s*\d+:\s")  # the loader's lines begin with the process number
_SEARCH = "find library"  # begins the account of each search
_SECONDS = 20


@dataclass(frozen=True)
class Found:
    """How the loader found a library.

    Attributes:
        path: The file.
        cause: What led there: an entry of LD_LIBRARY_PATH, a run path, the system's cache.
        by_run_path: Whether the cause is a run path.
        asked_by: The name of the file that needs it.
    """

    path: Path
    cause: str
    by_run_path: bool = False
    asked_by: str = ""


@dataclass(frozen=True)
class Probe:
    """The result of loading the CUDA libraries as a job does, in a process of the environment's Python.

    Attributes:
        version: Python's version.
        mapped: The files that the kernel has mapped.
        failures: Library -> why it could not be loaded.
        packages: JAX and related packages -> where they would be imported from.
        found: Soname -> how the loader found it.
    """

    version: str
    mapped: tuple[Path, ...]
    failures: Mapping[str, str]
    packages: Mapping[str, str]
    found: Mapping[str, Found]


@dataclass(frozen=True)
class Loading:
    """The libraries of one environment, under the variables of its jobs."""

    installed: Installed
    environ: Mapping[str, str]

    @cached_property
    def packaged(self) -> dict[str, Path]:
        """Soname -> file of each CUDA library in the environment's own packages."""
        found: dict[str, Path] = {}
        for path in self._files("nvidia/*/lib/lib*.so.*"):
            if re.fullmatch(r"\w+\.so\.\d+", path.name) and stem_of(path):
                found.setdefault(path.name, path)
        return dict(sorted(found.items(), key=lambda entry: STEMS.index(str(stem_of(entry[1])))))

    @cached_property
    def loaded_by_path(self) -> tuple[str, ...]:
        """The sonames that JAX's plugin loads from the packages by path before anything else, in its order."""
        text = "".join(path.read_text(encoding="utf-8", errors="replace") for path in self._files(_PLUGIN)[:1])
        named = dict.fromkeys(re.findall(r'"(lib\w+\.so\.\d+)"', text))
        return tuple(soname for soname in named if soname in self.packaged)

    @cached_property
    def for_jax(self) -> Mapping[str, Found] | None:
        """Soname -> how JAX's own library would find it, as the loader lists it with the packaged ones preloaded.

        None where the loader gives no account: it is none of glibc's, did not answer, or cannot read JAX's library.
        """
        requester = next((path for pattern in _REQUESTERS for path in self._files(pattern)), Path(sys.executable))
        loader = next((path for path in mapped_libraries() if Path(path).name.startswith("ld-")), "")
        beside = " ".join([self.environ.get("LD_PRELOAD", ""), *(self.packaged or OF_THE_SYSTEM)])
        try:
            done = _run([loader, "--list", str(requester)], {**self.environ, "LD_PRELOAD": beside, "LD_DEBUG": "libs"})
        except (OSError, subprocess.TimeoutExpired):
            return None
        return searches(done.stderr, self.environ) if _SEARCH in done.stderr else None

    @cached_property
    def order(self) -> list[str]:
        """What to load, as a job would: by path what the plugin or a run path loads by path; the others by name."""
        order = [str(self.packaged[soname]) for soname in self.loaded_by_path]
        for soname in (name for name in self.packaged if name not in self.loaded_by_path):
            found = (self.for_jax or {}).get(soname)
            order.append(str(found.path) if found and found.by_run_path else soname)
        return [*order, "libcuda.so.1"]

    @cached_property
    def probe(self) -> Probe:
        """Load the libraries in the environment's Python, and return what it reports.

        Raises:
            NotKnown: That Python does not start, or ends before it has answered.
        """
        python, program = self.installed.environment / "bin" / "python", Path(__file__).with_name("probe.py")
        question = json.dumps({"load": self.order, "find": _PACKAGES})
        try:
            done = _run([str(python), str(program), question], {**self.environ, "LD_DEBUG": "libs,files"})
            told = json.loads(done.stdout) if done.returncode == 0 else {}
        except subprocess.TimeoutExpired:
            raise NotKnown(f"no answer within {_SECONDS} s") from None
        except (OSError, ValueError) as problem:
            raise NotKnown(str(problem)) from problem
        if not told:
            raise NotKnown(_last_line(done))
        found = {soname: entry for soname, entry in (self.for_jax or {}).items() if entry.by_run_path}
        found |= {soname: Found(self.packaged[soname], "JAX's plugin, by path") for soname in self.loaded_by_path}
        found |= searches(done.stderr, self.environ)
        return Probe(told["version"], tuple(map(Path, told["mapped"])), told["failures"], told["packages"], found)

    def cause_of(self, path: Path) -> str:
        """What made the loader take just this file, for a file that was really loaded."""
        otherwise = "LD_PRELOAD" if self.environ.get("LD_PRELOAD") else "a library loaded before it"
        found = self.probe.found.values()
        return next((entry.cause for entry in found if same_file(entry.path, path)), otherwise)

    def _files(self, pattern: str) -> list[Path]:
        return sorted(self.installed.folder.glob(pattern))


def searches(account: str, environ: Mapping[str, str]) -> dict[str, Found]:
    """Soname -> how it was found, for each library that the loader searched for and found.

    Args:
        account: The loader's output under `LD_DEBUG=libs`; under `libs,files` it also says which file asked.
        environ: The variables that the loader was started with.
    """
    entries = [entry for entry in environ.get("LD_LIBRARY_PATH", "").split(":") if entry]
    found: dict[str, Found] = {}
    asked_by = soname = place = ""
    for line in account.splitlines():
        what, _, rest = line.partition(":\t")[2].strip().partition("=")
        if what == "file":
            asked_by = Path(rest.partition(" needed by ")[2].partition(" [")[0]).name
        elif what == _SEARCH:
            soname = rest.partition(" [")[0]
        elif what in ("search path", "search cache"):
            place = rest.partition("\t\t(")[2].rstrip(")")
        elif what == "trying file" and (path := Path(rest)).is_file():  # the last of them is the one that was taken
            found[soname] = Found(path, _cause(path, place, entries), " from file " in place, asked_by)
    return found


def _cause(path: Path, place: str, entries: Sequence[str]) -> str:
    """The cause in words, from the loader's: `RPATH from file …`, `LD_LIBRARY_PATH`, empty for the system's cache."""
    if place == "LD_LIBRARY_PATH":
        entry = max((entry for entry in entries if path.is_relative_to(entry)), key=len, default="")
        return f"LD_LIBRARY_PATH, entry {[*entries, ''].index(entry) + 1} ({entry or path.parent})"
    kind, _, file = place.partition(" from file ")
    if file:
        return f"the {kind} of {Path(file).name}{', which wins over all' * (kind == 'RPATH')} ({path.parent})"
    return f"the system's folder {path.parent}" if place else "the system's cache (ldconfig)"


def stem_of(path: Path) -> str | None:
    """`cudnn` of `/…/libcudnn.so.9.28.0`; None for what is no library of CUDA."""
    match = re.match(r"lib([A-Za-z]+)\.so(\.|$)", path.name)
    return match[1] if match and match[1] in STEMS else None


def names_in(path: Path, prefix: bytes) -> set[str]:
    """Every name in a file that begins with `prefix`: letters, digits and underscores. None of an unreadable file."""
    try:
        with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as content:
            return {match[0].decode("ascii") for match in re.finditer(re.escape(prefix) + rb"[A-Za-z0-9_]*", content)}
    except (OSError, ValueError):  # an empty file cannot be mapped
        return set()


def same_file(first: Path, second: Path) -> bool:
    """Whether two paths lead to one file."""
    try:
        return first.samefile(second)
    except OSError:
        return first == second


def _run(command: Sequence[str], environ: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    # in a file that LD_DEBUG_OUTPUT names, the loader's account would be lost
    variables = {name: value for name, value in environ.items() if name != "LD_DEBUG_OUTPUT"}
    return subprocess.run(
        command, env=variables, capture_output=True, text=True, errors="replace", timeout=_SECONDS, check=False
    )


def _last_line(done: subprocess.CompletedProcess[str]) -> str:
    lines = [line for line in done.stderr.splitlines() if line.strip() and not _ACCOUNT.match(line)]
    lines = lines or done.stdout.strip().splitlines()
    return lines[-1] if lines else f"it ended with exit code {done.returncode}"
