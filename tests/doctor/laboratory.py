"""A laboratory of fake machines: environments of metadata and tiny libraries, a fake `nvidia-smi`, chosen variables."""

import errno
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml

from bridgelib.capacity import Disk, disk_of
from bridgelib.doctor.check import Finding
from bridgelib.doctor.checks import CHECKS, examined
from bridgelib.doctor.installed import locked_versions
from bridgelib.doctor.subject import Subject, examine
from bridgelib.doctor.system import System
from tests.doctor.shared_objects import write_library

H200 = {"name": "NVIDIA H200", "total": 143771, "free": 143000, "capability": "9.0"}
KNOWN_FLAGS = b"\0xla_gpu_force_compilation_parallelism\0xla_gpu_deterministic_ops\0xla_dump_to\0"


@dataclass(frozen=True)
class ChosenSystem(System):
    """A host whose answers are chosen; a roomy one where nothing is. The fixture puts its disk and memory in place."""

    free: int = 1 << 50
    free_files: int = 1 << 30
    there: int = 1 << 40
    processors: int = 4
    available: int | None = 1 << 40
    limit: int = 1 << 20
    hard_limit: int = 1 << 20
    flags: frozenset = frozenset({"avx"})
    read_only: tuple[str, ...] = ()
    has_locks: bool = True

    def disk(self, folder):
        return Disk(1, disk_of(folder).folder, self.free, self.free_files)

    def cores(self):
        return self.processors

    def memory(self):
        return self.there

    def available_memory(self):
        return self.available

    def open_files(self):
        return self.limit, self.hard_limit

    def processor_flags(self):
        return self.flags

    def lock_a_file_in(self, folder):
        if not self.has_locks:
            raise OSError(errno.ENOLCK, "No locks available")

    def is_read_only(self, folder):
        return folder.name in self.read_only


@dataclass
class Laboratory:
    """One fake machine. What is not set up here is healthy."""

    folder: Path
    repository: Path
    keys: dict[str, Any] = field(default_factory=dict)
    config: dict[str, Any] = field(default_factory=dict)
    experiments: Mapping[str, Any] = field(
        default_factory=lambda: {"matrix": {"algos": ["bc"], "tasks": ["open_drawer"]}}
    )
    environ: dict[str, str] = field(default_factory=dict)
    system: System = field(default_factory=ChosenSystem)
    environment_name: str = "train"
    elsewhere: bool = False

    def __post_init__(self):
        self.programs.mkdir(parents=True)
        self.environ = {"PATH": str(self.programs), "HOME": str(self.folder), "WANDB_MODE": "disabled", **self.environ}
        self.program("ldconfig", "exit 0")

    @property
    def programs(self) -> Path:
        return self.folder / "bin"

    @property
    def raw(self) -> Path:
        return self.folder / "raw"

    @property
    def environment(self) -> Path:
        return self.folder / ".venvs" / self.environment_name

    @property
    def packages(self) -> Path:
        return self.environment / "lib" / f"python3.{sys.version_info[1]}" / "site-packages"

    # What a machine is made of.

    def build(self):
        """The Python of the training environment."""
        self.packages.mkdir(parents=True)
        (self.environment / "bin").mkdir()
        base = Path(sys._base_executable).resolve()
        (self.environment / "bin" / "python").symlink_to(base)
        (self.environment / "pyvenv.cfg").write_text(f"home = {base.parent}\ninclude-system-site-packages = false\n")

    def package(self, name: str, version: str, requires: Sequence[str] = (), module: str | None = None):
        """Install metadata, and an empty module where one is named; another version of it goes."""
        stem = name.replace("-", "_")
        for old in self.packages.glob(f"{stem}-*.dist-info"):
            (old / "METADATA").unlink()
            old.rmdir()
        lines = [f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}"]
        lines += [f"Requires-Dist: {entry}" for entry in requires]
        info = self.packages / f"{stem}-{version}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("\n".join(lines) + "\n\nText.\n")
        if module:
            (self.packages / module).mkdir(exist_ok=True)
            (self.packages / module / "__init__.py").touch()

    def remove(self, name: str):
        for info in self.packages.glob(f"{name.replace('-', '_')}-*.dist-info"):
            (info / "METADATA").unlink()
            info.rmdir()

    def library(self, relative: str, **options) -> Path:
        """A library in site-packages, named as its file."""
        path = self.packages / relative
        return write_library(path, soname=path.name, **options)

    def program(self, name: str, script: str):
        path = self.programs / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)

    def nvidia_smi(self, gpus=(H200,), processes=(), driver="580.95.05", cuda="13.0", knows_capability=True, before=""):
        """A driver and its GPUs; processes are (GPU number, process number, name, MiB); `before`: its first line."""
        rows = [
            f"{number}, GPU-{number}, {gpu['name']}, {driver}, {gpu['total']}, {gpu['free']}"
            for number, gpu in enumerate(gpus)
        ]
        full = [before, *(f"{row}, {gpu['capability']}" for row, gpu in zip(rows, gpus, strict=True))]
        apps = [f"GPU-{gpu}, {number}, {name}, {memory}" for gpu, number, name, memory in processes]
        unknown = 'echo "Field \\"compute_cap\\" is not a valid field to query."; exit 2'
        answer = "cat <<'END'\n{}\nEND"
        script = (
            'case "$1" in\n'
            f"*compute_cap*) {answer.format(chr(10).join(full)) if knows_capability else unknown}\n;;\n"
            f"--query-gpu=*) {answer.format(chr(10).join(rows))}\n;;\n"
            f"--query-compute-apps=*) {answer.format(chr(10).join(apps))}\n;;\n"
            f"*) echo '| NVIDIA-SMI {driver}    Driver Version: {driver}    CUDA Version: {cuda}  |' ;;\n"
            "esac"
        )
        # `cat` must be found though the PATH holds only the fake programs.
        self.program("nvidia-smi", f"PATH=/usr/bin:/bin\n{script}")

    def tool(self, name: str, version: str, folder: Path | None = None):
        """A CUDA program that tells its version."""
        release = ".".join(version.split(".")[:2])
        self.program(name, f"echo 'Cuda compilation tools, release {release}, V{version}'")

    def trajectory(self, name: str, parts=("images0", "obs_dict.pkl", "policy_out.pkl", "lang.txt")):
        folder = self.raw / name
        folder.mkdir(parents=True)
        for part in parts:
            (folder / part).mkdir() if part.startswith("images") else (folder / part).write_text("open the drawer\n")

    # What the doctor says of it.

    @property
    def subject(self) -> Subject:
        profile = self.folder / "mine.yaml"
        roots = {root: root for root in ("raw", "numpy", "tfrecord", "runs")}
        profile.write_text(yaml.safe_dump({**roots, "depth": 2, **self.keys}))
        experiments = self.folder / "experiments.yaml"
        experiments.write_text(yaml.safe_dump(dict(self.experiments)))
        given = {"machine": str(profile), "experiments": str(experiments), **self.config}
        made = examine(self.repository, given, given, self.environment)
        return replace(made, environ=self.environ, system=self.system, elsewhere=self.elsewhere)

    def asked(self, check: str) -> list[Finding]:
        return CHECKS[check].run(self.subject)

    def findings(self) -> Sequence[Finding]:
        return examined(self.subject)


def healthy_data(laboratory: Laboratory):
    for date in ("2021-08-02_10-00-00", "2021-08-03_11-30-00"):
        laboratory.trajectory(f"open_drawer/{date}/raw/traj_group0/traj0")


def _install_lock(laboratory: Laboratory, lock: str):
    laboratory.build()
    for name, version in locked_versions((laboratory.repository / "envs" / lock).read_text()).items():
        module = name.replace("-", "_")
        is_imported = name in ("jax", "jaxlib", "flax", "numpy", "scipy", "ml-dtypes", "tensorstore", "wandb", "optax")
        laboratory.package(name, version, module=module if is_imported else None)
    laboratory.library("jaxlib/libjax_common.so", content=KNOWN_FLAGS)
    healthy_data(laboratory)


def healthy_cpu(laboratory: Laboratory):
    laboratory.keys |= {"environment": "cpu", "jax_platform": "cpu"}
    _install_lock(laboratory, "train.txt")


PACKAGED_12 = {
    "cuda_runtime/lib/libcudart.so.12": {},
    "cuda_nvrtc/lib/libnvrtc.so.12": {},
    "cublas/lib/libcublas.so.12": {"needed": ["libcublasLt.so.12"], "runpath": "$ORIGIN"},
    "cublas/lib/libcublasLt.so.12": {},
    "cudnn/lib/libcudnn.so.9": {},
    "cufft/lib/libcufft.so.11": {},
    "cuda_cupti/lib/libcupti.so.12": {},
    "nccl/lib/libnccl.so.2": {},
    "cusparse/lib/libcusparse.so.12": {
        "needed": ["libnvJitLink.so.12"],
        "runpath": "$ORIGIN/../../nvjitlink/lib",
        "content": b"\0__nvJitLinkCreate_12_9\0",
    },
    "cusolver/lib/libcusolver.so.11": {"needed": ["libcusparse.so.12"], "runpath": "$ORIGIN/../../cusparse/lib"},
    "nvjitlink/lib/libnvJitLink.so.12": {"content": b"\0__nvJitLinkCreate_12_0\0__nvJitLinkCreate_12_9\0"},
}
_RPATH_12 = ":".join(f"$ORIGIN/../../nvidia/{name.split('/')[0]}/lib" for name in PACKAGED_12)


def healthy_cuda12(laboratory: Laboratory):
    """The modern stack: its plugin asks for CUDA packages and finds them through its RPATH."""
    laboratory.keys |= {"environment": "cuda12", "gpus": "0"}
    laboratory.environment_name = "train-cuda12"
    _install_lock(laboratory, "train-cuda12.txt")
    asked = ["nvidia-cublas-cu12>=12.1.3.1", "nvidia-cuda-nvcc-cu12>=12.6.85", "nvidia-cudnn-cu12<10.0,>=9.8"]
    asked += ["nvidia-cusparse-cu12>=12.1.0.106", "nvidia-nvjitlink-cu12>=12.1.105", "nvidia-nccl-cu12>=2.18.1"]
    requires = ["jax-cuda12-pjrt==0.10.2"]
    requires += [f"{entry}; sys_platform == 'linux' and extra == 'with-cuda'" for entry in asked]
    laboratory.package("jax-cuda12-plugin", "0.10.2", requires)
    laboratory.package("jax", "0.10.2", ["jaxlib<=0.10.2,>=0.10.1", "ml_dtypes>=0.5.0"])
    for name, options in PACKAGED_12.items():
        laboratory.library(f"nvidia/{name}", **options)
    plugin = laboratory.library("jax_plugins/xla_cuda12/xla_cuda_plugin.so", rpath=_RPATH_12, content=KNOWN_FLAGS)
    # What it loads by path, in its order; cuSPARSE before nvJitLink, which is not in the list.
    by_path = ("libcudart.so.12", "libnvrtc.so.12", "libcusparse.so.12", "libcusolver.so.11", "libcudnn.so.9")
    plugin.with_name("__init__.py").write_text("".join(f'_load("x", ["{name}"])\n' for name in by_path))
    laboratory.nvidia_smi()


def healthy_cuda13(laboratory: Laboratory):
    """CUDA 13 keeps most libraries in one folder."""
    laboratory.keys |= {"environment": "cuda13", "gpus": "0"}
    laboratory.environment_name = "train-cuda13"
    _install_lock(laboratory, "train-cuda13.txt")
    asked = ["nvidia-cublas>=13.0.0.19", "nvidia-cudnn-cu13>=9.12.0.46,<10.0", "nvidia-cuda-nvcc>=13.0.48"]
    requires = [f"{entry} ; sys_platform == 'linux' and extra == 'with-cuda'" for entry in asked]
    laboratory.package("jax-cuda13-plugin", "0.10.2", requires)
    joined = {
        "cu13/lib/libcudart.so.13": {},
        "cu13/lib/libcublas.so.13": {},
        "cu13/lib/libcusparse.so.12": {"needed": ["libnvJitLink.so.13"], "runpath": "$ORIGIN"},
        "cu13/lib/libnvJitLink.so.13": {"content": b"\0__nvJitLinkCreate_13_0\0"},
        "cudnn/lib/libcudnn.so.9": {},
    }
    for name, options in joined.items():
        laboratory.library(f"nvidia/{name}", **options)
    laboratory.library("jax_plugins/xla_cuda13/xla_cuda_plugin.so", rpath="$ORIGIN/../../nvidia/cu13/lib")
    laboratory.nvidia_smi()


def healthy_seed_stack(laboratory: Laboratory):
    """The users' verified stack: one jaxlib for CUDA 12 and cuDNN 8.9, and TensorFlow 2.15 beside it."""
    laboratory.keys |= {"environment": "cuda12", "gpus": "0"}
    laboratory.environment_name = "users-own"
    _install_lock(laboratory, "seed-stack.txt")
    laboratory.package("jaxlib", "0.4.13+cuda12.cudnn89", ["scipy>=1.7", "numpy>=1.21", "ml-dtypes>=0.1.0"])
    # Only under conditions, as it was then: what jaxlib must be, no condition says.
    laboratory.package("jax", "0.4.13", ["ml-dtypes>=0.1.0", "scipy>=1.7", 'jaxlib==0.4.11; extra == "minimum-jaxlib"'])
    laboratory.package("tensorflow-cpu", "2.15.1", ["ml-dtypes~=0.3.1", "numpy<2.0.0,>=1.23.5"])
    versions = {"cuda-runtime": "12.2.140", "cublas": "12.2.5.6", "cudnn": "8.9.7.29", "cusolver": "11.5.2.141"}
    versions |= {"cusparse": "12.1.2.141", "nvjitlink": "12.9.86", "cuda-nvcc": "12.9.86"}
    for name, version in versions.items():
        laboratory.package(f"nvidia-{name}-cu12", version)
    old = {
        "cuda_runtime/lib/libcudart.so.12": {},
        "cublas/lib/libcublas.so.12": {},
        "cudnn/lib/libcudnn.so.8": {},
        "cusparse/lib/libcusparse.so.12": {
            "needed": ["libnvJitLink.so.12"],
            "content": b"\0__nvJitLinkCreate_12_2\0",
        },
        "nvjitlink/lib/libnvJitLink.so.12": {"content": b"\0__nvJitLinkCreate_12_2\0__nvJitLinkCreate_12_9\0"},
    }
    for name, options in old.items():
        laboratory.library(f"nvidia/{name}", **options)
    laboratory.library("jaxlib/xla_extension.so", content=KNOWN_FLAGS)
    laboratory.nvidia_smi(driver="535.104.05", cuda="12.2")


HEALTHY = {
    "cpu": healthy_cpu,
    "cuda12": healthy_cuda12,
    "cuda13": healthy_cuda13,
    "seed stack": healthy_seed_stack,
}
