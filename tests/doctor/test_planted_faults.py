"""Every fault that was planted is found under its name, with the cure that fits."""

import shutil
import socket
from dataclasses import dataclass
from pathlib import Path

import pytest

from bridgelib.doctor.check import Status
from bridgelib.formats.framing import FOOTER, HEADER, masked_crc32c
from tests.doctor.laboratory import (
    H200,
    HEALTHY,
    PACKAGED_12,
    ChosenSystem,
    Laboratory,
    healthy_cpu,
    healthy_cuda12,
    healthy_cuda13,
    healthy_seed_stack,
)
from tests.doctor.shared_objects import write_library

FAULTS = {}


@dataclass(frozen=True)
class Fault:
    plant: object
    machine: object
    check: str
    status: Status
    found: str
    cure: str


def fault(machine, check, found, cure, status=Status.ERROR):
    """A fault on a machine that is well otherwise: what the check must say, and its cure."""

    def registered(plant):
        FAULTS[plant.__name__] = Fault(plant, machine, check, status, found, cure)
        return plant

    return registered


# Packages.


@fault(healthy_cpu, "environment", "interrupted", "rm -rf .venvs/train && snakemake environments --config machine=")
def an_interrupted_environment(laboratory):
    (laboratory.environment / "bin" / "python").unlink()


@fault(healthy_cpu, "environment", "does not start", "rm -rf .venvs/train")
def a_python_that_does_not_start(laboratory):
    python = laboratory.environment / "bin" / "python"
    python.unlink()
    python.write_text("#!/bin/sh\necho 'error while loading shared libraries' >&2\nexit 127\n")
    python.chmod(0o755)


@fault(healthy_cpu, "lock", "flax 0.12.0 (locked: 0.12.8)", "rm -rf .venvs/train", Status.WARNING)
def a_package_changed_by_hand(laboratory):
    laboratory.package("flax", "0.12.0")


@fault(healthy_cpu, "origin", "jax would be imported from elsewhere", "unset PYTHONPATH")
def a_second_jax(laboratory):
    shutil.rmtree(laboratory.packages / "jax")
    (laboratory.folder / "other" / "jax").mkdir(parents=True)
    (laboratory.folder / "other" / "jax" / "__init__.py").touch()
    (laboratory.packages / "other.pth").write_text(f"{laboratory.folder / 'other'}\n")


@fault(healthy_cpu, "requirements", "optax 0.2.8 asks for numpy>=3.1", "'numpy>=3.1'", Status.WARNING)
def a_partner_that_is_too_old(laboratory):
    laboratory.package("optax", "0.2.8", ["numpy>=3.1", 'torch; extra == "tests"'])


@fault(healthy_seed_stack, "ml-dtypes", "no float8_e3m4", "uv pip install --python .venvs/users-own/bin/python 'ml-dty")
def ml_dtypes_before_float8_e3m4(laboratory):
    laboratory.package("ml-dtypes", "0.4.1")


@fault(healthy_cpu, "ml-dtypes", "no float8_e3m4", "rm -rf .venvs/train && snakemake environments")
def ml_dtypes_downgraded_in_a_locked_environment(laboratory):
    laboratory.package("ml-dtypes", "0.4.1")


@fault(healthy_seed_stack, "tfp", "does not fit tensorflow-cpu 2.15.1", "'tensorflow-probability==0.22.1'")
def probability_of_an_older_tensorflow(laboratory):
    laboratory.package("tensorflow-probability", "0.21.0")


@fault(healthy_seed_stack, "tfp", "does not fit tensorflow-cpu 2.15.1", "'tensorflow-probability==0.22.1'")
def probability_of_a_newer_tensorflow(laboratory):
    laboratory.package("tensorflow-probability", "0.25.0")


@fault(healthy_seed_stack, "scipy", "scipy 1.13.1 has no scipy.linalg.tril", "'scipy>=1.10,<1.12'")
def scipy_without_tril(laboratory):
    laboratory.package("scipy", "1.13.1")


@fault(healthy_seed_stack, "numpy", "compiled for NumPy 1, and numpy 2.0.1", "'numpy<2'")
def numpy_2_under_an_old_jaxlib(laboratory):
    laboratory.package("numpy", "2.0.1")


@fault(healthy_cuda12, "jax", "jax-cuda12-plugin 0.10.1 does not fit jaxlib 0.10.2", "'jax[cuda12]==0.10.2'")
def a_plugin_of_another_version(laboratory):
    laboratory.package("jax-cuda12-plugin", "0.10.1")


@fault(healthy_cuda12, "jax", "is for the CPU, and this machine trains with cuda12", "'jax[cuda12]==0.10.2'")
def jax_for_the_cpu_on_a_gpu_machine(laboratory):
    laboratory.remove("jax-cuda12-plugin")
    laboratory.remove("jax-cuda12-pjrt")


@fault(healthy_cuda12, "tensorflow", "tensorflow 2.21.0, which can take GPUs", "pip uninstall", Status.WARNING)
def tensorflow_beside_jax(laboratory):
    laboratory.package("tensorflow", "2.21.0")


@fault(healthy_cpu, "proprio", "joins proprio without flattening", "pip uninstall", Status.WARNING)
def an_old_jaxrl_m(laboratory):
    encoding = laboratory.packages / "jaxrl_m" / "common" / "encoding.py"
    encoding.parent.mkdir(parents=True)
    encoding.write_text("encoding = jnp.concatenate([encoding, observations['proprio']], axis=-1)\n")


# CUDA libraries and compilers.


@fault(healthy_cuda12, "cuda-packages", "missing: nvidia-cublas-cu12", "rm -rf .venvs/train-cuda12")
def a_missing_cuda_package(laboratory):
    laboratory.remove("nvidia-cublas-cu12")


@fault(healthy_cuda12, "cuda-packages", "nvidia-nccl-cu12 2.16.2", "'nvidia-nccl-cu12>=2.18.1'")
def a_cuda_package_too_old_for_the_plugin(laboratory):
    laboratory.package("nvidia-nccl-cu12", "2.16.2")


def toolkit(laboratory, *names, **options):
    """A CUDA toolkit of the system."""
    for name in names:
        write_library(laboratory.folder / "usr" / "cuda" / "lib64" / name, soname=name, **options)
    return str(laboratory.folder / "usr" / "cuda" / "lib64")


@fault(healthy_seed_stack, "cuda-origin", "LD_LIBRARY_PATH, entry 2 (", "cuda_libs=pip")
def the_systems_cudnn_in_front(laboratory):
    folder = toolkit(laboratory, "libcudnn.so.8")
    laboratory.keys["cuda_libs"] = "system"
    # Entry 1 holds nothing, entry 2 the system's cuDNN; the environment's own come after.
    own = [str(path) for path in sorted(laboratory.packages.glob("nvidia/*/lib"))]
    laboratory.environ["LD_LIBRARY_PATH"] = ":".join([str(laboratory.folder), folder, *own])


@fault(healthy_seed_stack, "cuda-origin", "libcudnn.so.8 loads from", "use_pip_cuda_libs: true")
def the_systems_libraries_chosen_by_the_experiments(laboratory):
    folder = toolkit(laboratory, *(Path(name).name for name in PACKAGED_12), "libcudnn.so.8")
    laboratory.experiments = {"global": {"use_pip_cuda_libs": False}, **laboratory.experiments}
    laboratory.environ["LD_LIBRARY_PATH"] = folder


@fault(healthy_cuda12, "cuda-origin", "put in front by the RPATH of libcusparse.so.12", "rm -rf .venvs/train-cuda12")
def a_run_path_to_another_nvjitlink(laboratory):
    folder = toolkit(laboratory, "libnvJitLink.so.12")
    name = "cusparse/lib/libcusparse.so.12"
    laboratory.library(f"nvidia/{name}", needed=["libnvJitLink.so.12"], rpath=folder)


@fault(healthy_seed_stack, "cuda-origin", "does not load", "snakemake environments")
def a_library_whose_partner_is_nowhere(laboratory):
    laboratory.library("nvidia/cublas/lib/libcublas.so.12", needed=["libcublasLt.so.12"])


@fault(healthy_cuda12, "nvjitlink", "asks for nvJitLink 12.9, and", "'nvidia-nvjitlink-cu12>=12.9'")
def an_nvjitlink_older_than_cusparse(laboratory):
    laboratory.library("nvidia/nvjitlink/lib/libnvJitLink.so.12", content=b"\0__nvJitLinkCreate_12_4\0")


@fault(healthy_cuda12, "cudnn", "nvidia-cudnn-cu12 8.9.7.29", "'nvidia-cudnn-cu12<10.0,>=9.8'")
def cudnn_8_under_a_new_jaxlib(laboratory):
    laboratory.package("nvidia-cudnn-cu12", "8.9.7.29")


@fault(healthy_seed_stack, "cudnn", "nvidia-cudnn-cu12 9.1.0.70", "'nvidia-cudnn-cu12>=8.9,<9'")
def cudnn_9_under_an_old_jaxlib(laboratory):
    laboratory.package("nvidia-cudnn-cu12", "9.1.0.70")


@fault(healthy_cuda12, "libcuda", "stubs/libcuda.so.1", "unset LD_LIBRARY_PATH")
def a_stub_of_the_driver(laboratory):
    stub = write_library(laboratory.folder / "cuda" / "stubs" / "libcuda.so.1", soname="libcuda.so.1")
    laboratory.environ["LD_LIBRARY_PATH"] = str(stub.parent)


@fault(healthy_seed_stack, "nvcc", "12.2.140 is older than 12.6.85", "'nvidia-cuda-nvcc-cu12>=12.6.85'")
def a_compiler_that_miscompiles(laboratory):
    laboratory.package("nvidia-cuda-nvcc-cu12", "12.2.140")


@fault(
    healthy_seed_stack, "ptxas", "ptxas 12.9.86 is newer than the driver's CUDA 12.2", "for CUDA 12.9", Status.WARNING
)
def a_compiler_newer_than_the_driver(laboratory):
    laboratory.experiments = {"global": {"xla_flags": ""}, **laboratory.experiments}


@fault(healthy_seed_stack, "ptxas", "ptxas of CUDA 12.4.131", "remove", Status.WARNING)
def another_compiler_on_the_path(laboratory):
    laboratory.tool("ptxas", "12.4.131")


@fault(healthy_seed_stack, "nvlink", "is of CUDA 12.4.131, the compiler of 12.9", "compilation_parallelism=1")
def a_linker_older_than_the_compiler(laboratory):
    laboratory.experiments = {"global": {"xla_flags": ""}, **laboratory.experiments}
    laboratory.tool("nvlink", "12.4.131")


@fault(healthy_cuda12, "xla-flags", "did you mean 'xla_gpu_force_compilation_parallelism'?", "`xla_flags`")
def a_misspelt_xla_flag(laboratory):
    flags = "--xla_gpu_deterministic_ops=true --xla_gpu_force_compilation_paralelism=1"
    laboratory.experiments = {"global": {"xla_flags": flags}, **laboratory.experiments}


@fault(healthy_cpu, "xla-flags", "'xla_gpu_deterministic_ops=true' in XLA_FLAGS is no flag", "unset XLA_FLAGS")
def a_flag_without_dashes(laboratory):
    laboratory.environ["XLA_FLAGS"] = "--xla_dump_to=/x xla_gpu_deterministic_ops=true"


# GPUs.


@fault(healthy_cuda12, "driver", "there is no nvidia-smi", "environment=cpu jax_platform=cpu", Status.WARNING)
def no_driver_at_all(laboratory):
    (laboratory.programs / "nvidia-smi").unlink()


@fault(healthy_cuda12, "driver", "version mismatch", "reboot")
def a_driver_half_renewed(laboratory):
    laboratory.program("nvidia-smi", "echo 'Failed to initialize NVML: Driver/library version mismatch'; exit 18")


@fault(healthy_cuda13, "driver-toolkit", "driver 570.86.10, and cuda13 needs 580", "environment=cuda12")
def a_driver_too_old_for_cuda_13(laboratory):
    laboratory.nvidia_smi(driver="570.86.10", cuda="12.8")


@fault(healthy_cuda12, "driver-toolkit", "driver 470.57.02", "install NVIDIA driver 525")
def a_driver_too_old_for_cuda_12(laboratory):
    laboratory.nvidia_smi(driver="470.57.02", cuda="11.4")


@fault(healthy_seed_stack, "compute-capability", "12.0; jaxlib 0.4.13+cuda12.cudnn89 is too old", "environment=cuda13")
def a_blackwell_gpu_under_an_old_jaxlib(laboratory):
    laboratory.nvidia_smi([{**H200, "name": "NVIDIA GeForce RTX 5090", "capability": "12.0"}])


@fault(healthy_cuda13, "compute-capability", "6.1, and cuda13 needs 7.5", "environment=cuda12")
def a_pascal_gpu_under_cuda_13(laboratory):
    laboratory.nvidia_smi([{**H200, "name": "NVIDIA GeForce GTX 1080", "capability": "6.1"}])


@fault(healthy_cuda12, "gpu-choice", "allows GPU 2, and there are only: 0,1", "gpus=0,1")
def a_gpu_that_is_not_there(laboratory):
    laboratory.keys["gpus"] = "0,2"
    laboratory.nvidia_smi([H200, H200])


@fault(healthy_cuda12, "gpu-choice", "CUDA_VISIBLE_DEVICES allows none", "unset CUDA_VISIBLE_DEVICES")
def hidden_gpus(laboratory):
    laboratory.environ["CUDA_VISIBLE_DEVICES"] = ""


@fault(healthy_cuda12, "gpu-choice", "takes 2 GPUs, and the profile's `gpus` allows 1 (0)", "gpus=0,1")
def an_experiment_that_wants_more_gpus(laboratory):
    laboratory.experiments = {"global": {"cuda_visible_devices": "0,1"}, **laboratory.experiments}
    laboratory.nvidia_smi([H200, H200])


@fault(healthy_cuda12, "gpu-memory", "held by python (process 4711)", "gpus=1", Status.WARNING)
def a_gpu_that_is_full(laboratory):
    laboratory.nvidia_smi([{**H200, "free": 900}, H200], [(0, 4711, "python", 142000)])


@fault(healthy_cuda12, "gpu-memory", "30.0 of 140.4 GiB free", "XLA_PYTHON_CLIENT_MEM_FRACTION=0.19", Status.WARNING)
def the_only_gpu_is_full(laboratory):
    laboratory.nvidia_smi([{**H200, "free": 30720}], knows_capability=False)


@fault(healthy_cuda12, "gpu-processes", "python, process 4711, 2.0 GiB", "-p 4711", Status.NOTE)
def somebody_elses_process(laboratory):
    laboratory.nvidia_smi(processes=[(0, 4711, "python", 2048)])


# Disk, memory and limits.


@fault(healthy_cpu, "disk", "needed, 1.0 MB free; most of it for", "runs=/another/disk")
def a_full_disk(laboratory):
    laboratory.system = ChosenSystem(free=10**6)


@fault(healthy_cpu, "inodes", "files needed, 3 may be made", "df -i ")
def no_file_names_left(laboratory):
    laboratory.system = ChosenSystem(free_files=3)


@fault(healthy_cpu, "memory", "train_policy takes", "snakemake --cores 1 --config machine=")
def too_little_memory(laboratory):
    laboratory.system = ChosenSystem(there=1 << 30, available=1 << 29)


@fault(healthy_cpu, "memory", "free now", "snakemake --cores 1 --config machine=", Status.WARNING)
def memory_that_others_have_taken(laboratory):
    laboratory.system = ChosenSystem(available=1 << 20)


@fault(healthy_cuda12, "shm", "0.06 GiB free, and an experiment trains on 2 GPUs", "shm-size", Status.WARNING)
def little_shared_memory(laboratory):
    laboratory.experiments = {"global": {"cuda_visible_devices": "0,1"}, **laboratory.experiments}
    laboratory.system = ChosenSystem(free=64 << 20)


@fault(healthy_cpu, "open-files", "256 files, and a training may open 514", "ulimit -n 514", Status.WARNING)
def few_open_files(laboratory):
    laboratory.system = ChosenSystem(limit=256)


@fault(healthy_cpu, "writable", "is a file", "tfrecord=/a/folder/of/yours")
def a_root_below_a_file(laboratory):
    (laboratory.folder / "occupied").touch()
    laboratory.keys["tfrecord"] = "occupied/tfrecord"


@fault(healthy_cpu, "writable", "mounted read-only", "runs=/a/folder/of/yours")
def a_root_that_cannot_be_written(laboratory):
    laboratory.system = ChosenSystem(read_only=("runs",))
    (laboratory.folder / "runs").mkdir()


@fault(healthy_cpu, "processor", "no AVX", "another host")
def a_processor_without_avx(laboratory):
    laboratory.system = ChosenSystem(flags=frozenset({"sse2"}))


# Data.


@fault(healthy_cpu, "raw-layout", "no such folder", "raw=/where")
def no_raw_folder(laboratory):
    shutil.rmtree(laboratory.raw)


@fault(healthy_cpu, "raw-layout", "an archive that was not unpacked", "unzip raw/demos_8_17.zip -d raw")
def a_download_that_was_not_unpacked(laboratory):
    shutil.rmtree(laboratory.raw)
    laboratory.raw.mkdir()
    (laboratory.raw / "demos_8_17.zip").touch()


@fault(healthy_cpu, "raw-layout", "an RLDS (TFDS) copy", "raw=/where")
def another_download(laboratory):
    shutil.rmtree(laboratory.raw)
    (laboratory.raw / "bridge" / "1.0.0").mkdir(parents=True)
    (laboratory.raw / "bridge" / "1.0.0" / "features.json").touch()


@fault(healthy_cpu, "raw-depth", "depth 3, and the dated folders lie at depth 2", "depth=2")
def a_wrong_depth(laboratory):
    laboratory.keys["depth"] = 3


@fault(healthy_cpu, "raw-content", "no actions: policy_out.pkl is missing", "policy_out.pkl")
def trajectories_without_actions(laboratory):
    for path in laboratory.raw.rglob("policy_out.pkl"):
        path.unlink()


@fault(healthy_cpu, "language", "0% of 2 trajectories", "without lc_bc")
def instructions_that_are_missing(laboratory):
    laboratory.experiments = {"matrix": {"algos": ["bc", "lc_bc"], "tasks": ["open_drawer"]}}
    for path in laboratory.raw.rglob("lang.txt"):
        path.unlink()


@fault(healthy_cpu, "tfrecords", "ends in the middle of a record", "rm tfrecord/open_drawer/train/out.tfrecord")
def a_record_cut_off(laboratory):
    task = laboratory.folder / "tfrecord" / "open_drawer"
    (task / "train").mkdir(parents=True)
    (task / "report.json").write_text("{}")
    # A record of 3 bytes: its length, the checksum of that, and only two of the three.
    length = (3).to_bytes(8, "little")
    (task / "train" / "out.tfrecord").write_bytes(HEADER.pack(3, masked_crc32c(length)) + b"ab")


@fault(healthy_cpu, "tfrecords", "made elsewhere and would be replaced", "tfrecord=/a/new/folder", Status.NOTE)
def tfrecords_of_the_predecessor(laboratory):
    folder = laboratory.folder / "tfrecord" / "open_drawer" / "val"
    folder.mkdir(parents=True)
    header = HEADER.pack(3, masked_crc32c((3).to_bytes(8, "little")))
    (folder / "out.tfrecord").write_bytes(header + b"abc" + FOOTER.pack(0))


# Settings.


@fault(healthy_cpu, "settings", "the unknown key 'im_sise'", "did you mean 'im_size'?")
def a_misspelt_key(laboratory):
    laboratory.config["im_sise"] = 64


@fault(healthy_cpu, "settings", "open_draw", "did you mean 'open_drawer'?")
def a_misspelt_task(laboratory):
    laboratory.experiments = {"matrix": {"algos": ["bc"], "tasks": ["open_draw"]}}


@fault(healthy_cuda12, "batch", "a batch of 33 on 2 GPUs", "train_batch_size: 32")
def a_batch_that_the_gpus_do_not_divide(laboratory):
    keys = {"cuda_visible_devices": "0,1", "train_batch_size": 33}
    laboratory.experiments = {"global": keys, **laboratory.experiments}


@fault(healthy_cpu, "wandb", "nobody is logged in", "bin/wandb login", Status.WARNING)
def online_without_a_login(laboratory):
    laboratory.environ["WANDB_MODE"] = "online"


@fault(healthy_cpu, "wandb", "localhost cannot be reached", "wandb=offline", Status.WARNING)
def a_server_that_cannot_be_reached(laboratory):
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = free.getsockname()[1]
    url = f"http://localhost:{port}"
    laboratory.environ |= {"WANDB_MODE": "online", "WANDB_API_KEY": "0" * 40, "WANDB_BASE_URL": url}


@fault(healthy_cpu, "wandb", "WANDB_MODE is 'off'", "unset WANDB_MODE")
def an_unknown_mode(laboratory):
    laboratory.environ["WANDB_MODE"] = "off"


@fault(healthy_cpu, "locked", "no Snakemake runs here", "snakemake --unlock --config machine=", Status.WARNING)
def a_lock_left_behind(laboratory):
    locks = laboratory.folder / ".snakemake" / "locks"
    locks.mkdir(parents=True)
    (locks / "0.input.lock").touch()


@fault(healthy_cuda12, "launcher-variables", "JAX_PLATFORMS=cpu keeps JAX from the GPU", "unset JAX_PLATFORMS")
def jax_kept_from_the_gpu(laboratory):
    laboratory.environ["JAX_PLATFORMS"] = "cpu"


@fault(healthy_cuda12, "launcher-variables", "LD_PRELOAD=", "unset LD_PRELOAD", Status.WARNING)
def a_preloaded_library(laboratory):
    laboratory.environ["LD_PRELOAD"] = "/opt/lib/libx.so"


@pytest.mark.parametrize("name", FAULTS)
def test_the_fault_is_named_with_its_cure(laboratory: Laboratory, name):
    planted = FAULTS[name]
    planted.machine(laboratory)
    assert all(finding.status < planted.status for finding in laboratory.asked(planted.check)), "not healthy before"
    planted.plant(laboratory)
    findings = [finding for finding in laboratory.asked(planted.check) if finding.status == planted.status]
    said = "\n".join(f"{finding.found}\n  -> {finding.cure}" for finding in findings)
    assert findings and planted.found in said and planted.cure in said, said or laboratory.asked(planted.check)
    assert "{" not in said


def test_enough_faults_are_planted():
    assert len(FAULTS) >= 25 and {fault.machine for fault in FAULTS.values()} == set(HEALTHY.values())
