"""Faults of the training environment: packages, CUDA libraries, compilers."""

import shutil
from pathlib import Path

import pytest

from bridgelib.doctor.check import Status
from tests.doctor.laboratory import (
    PACKAGED_12,
    healthy_cpu,
    healthy_cuda12,
    healthy_seed_stack,
)
from tests.doctor.planted import Faults, must_be_named_with_its_cure
from tests.doctor.shared_objects import write_library

FAULTS = Faults()


# Packages.


@FAULTS.on(healthy_cpu, "environment", "interrupted", "rm -rf .venvs/train && snakemake environments --config machine=")
def an_interrupted_environment(laboratory):
    (laboratory.environment / "bin" / "python").unlink()


@FAULTS.on(
    healthy_cpu, "environment", "/gone/bin/python, is gone, or another user's", "rm -rf .venvs/train && snakemake"
)
def a_python_of_another_user(laboratory):
    python = laboratory.environment / "bin" / "python"
    python.unlink()
    python.symlink_to("/gone/bin/python")


@FAULTS.on(healthy_cpu, "environment", "does not start", "rm -rf .venvs/train")
def a_python_that_does_not_start(laboratory):
    python = laboratory.environment / "bin" / "python"
    python.unlink()
    python.write_text("#!/bin/sh\necho 'error while loading shared libraries' >&2\nexit 127\n")
    python.chmod(0o755)


@FAULTS.on(healthy_cpu, "lock", "flax 0.12.0 (locked: 0.12.8)", "rm -rf .venvs/train", Status.WARNING)
def a_package_changed_by_hand(laboratory):
    laboratory.package("flax", "0.12.0")


@FAULTS.on(healthy_cpu, "origin", "jax would be imported from elsewhere", "rm -rf .venvs/train && snakemake")
def a_second_jax(laboratory):
    shutil.rmtree(laboratory.packages / "jax")
    (laboratory.folder / "other" / "jax").mkdir(parents=True)
    (laboratory.folder / "other" / "jax" / "__init__.py").touch()
    (laboratory.packages / "other.pth").write_text(f"{laboratory.folder / 'other'}\n")


@FAULTS.on(healthy_cpu, "requirements", "optax 0.2.8 asks for numpy>=3.1", "'numpy>=3.1'", Status.WARNING)
def a_partner_that_is_too_old(laboratory):
    laboratory.package("optax", "0.2.8", ["numpy>=3.1", 'torch; extra == "tests"'])


@FAULTS.on(
    healthy_seed_stack, "ml-dtypes", "no float8_e3m4", "uv pip install --python .venvs/users-own/bin/python 'ml-dty"
)
def ml_dtypes_before_float8_e3m4(laboratory):
    laboratory.package("ml-dtypes", "0.4.1")


@FAULTS.on(healthy_cpu, "ml-dtypes", "no float8_e3m4", "rm -rf .venvs/train && snakemake environments")
def ml_dtypes_downgraded_in_a_locked_environment(laboratory):
    laboratory.package("ml-dtypes", "0.4.1")


@FAULTS.on(healthy_seed_stack, "ml-dtypes", "is here without ml-dtypes", "'ml-dtypes>=0.5.0'")
def tensorstore_without_ml_dtypes(laboratory):
    laboratory.remove("ml-dtypes")


@FAULTS.on(healthy_seed_stack, "tfp", "does not fit tensorflow-cpu 2.15.1", "'tensorflow-probability==0.22.1'")
def probability_of_an_older_tensorflow(laboratory):
    laboratory.package("tensorflow-probability", "0.21.0")


@FAULTS.on(healthy_seed_stack, "tfp", "wants TensorFlow 2.18", "'tensorflow-probability==0.22.1'", Status.WARNING)
def probability_of_a_newer_tensorflow(laboratory):
    laboratory.package("tensorflow-probability", "0.25.0")


@FAULTS.on(healthy_seed_stack, "scipy", "scipy 1.13.1 has no scipy.linalg.tril", "'scipy>=1.10,<1.12'")
def scipy_without_tril(laboratory):
    laboratory.package("scipy", "1.13.1")


@FAULTS.on(healthy_seed_stack, "numpy", "compiled for NumPy 1, and numpy 2.0.1", "'numpy<2'")
def numpy_2_under_an_old_jaxlib(laboratory):
    laboratory.package("numpy", "2.0.1")


@FAULTS.on(healthy_cuda12, "jax", "jax-cuda12-plugin 0.10.1 does not fit jaxlib 0.10.2", "rm -rf .venvs/train-cuda12")
def a_plugin_of_another_version(laboratory):
    laboratory.package("jax-cuda12-plugin", "0.10.1")


@FAULTS.on(healthy_cuda12, "jax", "is for the CPU, and this machine trains with cuda12", "rm -rf .venvs/train-cuda12")
def jax_for_the_cpu_on_a_gpu_machine(laboratory):
    laboratory.remove("jax-cuda12-plugin")
    laboratory.remove("jax-cuda12-pjrt")


@FAULTS.on(healthy_cuda12, "tensorflow", "tensorflow 2.21.0, which can take GPUs", "pip uninstall", Status.WARNING)
def tensorflow_beside_jax(laboratory):
    laboratory.package("tensorflow", "2.21.0")


# CUDA libraries and compilers.


@FAULTS.on(healthy_cuda12, "cuda-packages", "missing: nvidia-cublas-cu12", "rm -rf .venvs/train-cuda12")
def a_missing_cuda_package(laboratory):
    laboratory.remove("nvidia-cublas-cu12")


@FAULTS.on(healthy_cuda12, "cuda-packages", "nvidia-nccl-cu12 2.16.2", "'nvidia-nccl-cu12>=2.18.1'")
def a_cuda_package_too_old_for_the_plugin(laboratory):
    laboratory.package("nvidia-nccl-cu12", "2.16.2")


def toolkit(laboratory, *names, **options):
    """A CUDA toolkit of the system."""
    for name in names:
        write_library(laboratory.folder / "usr" / "cuda" / "lib64" / name, soname=name, **options)
    return str(laboratory.folder / "usr" / "cuda" / "lib64")


@FAULTS.on(healthy_seed_stack, "cuda-origin", "LD_LIBRARY_PATH, entry 2 (", "cuda_libs=pip")
def the_systems_cudnn_in_front(laboratory):
    folder = toolkit(laboratory, "libcudnn.so.8")
    laboratory.keys["cuda_libs"] = "system"
    # Entry 1 holds nothing, entry 2 the system's cuDNN; the environment's own come after.
    own = [str(path) for path in sorted(laboratory.packages.glob("nvidia/*/lib"))]
    laboratory.environ["LD_LIBRARY_PATH"] = ":".join([str(laboratory.folder), folder, *own])


@FAULTS.on(healthy_seed_stack, "cuda-origin", "libcudnn.so.8 loads from", "use_pip_cuda_libs: true")
def the_systems_libraries_chosen_by_the_experiments(laboratory):
    folder = toolkit(laboratory, *(Path(name).name for name in PACKAGED_12), "libcudnn.so.8")
    laboratory.experiments = {"global": {"use_pip_cuda_libs": False}, **laboratory.experiments}
    laboratory.environ["LD_LIBRARY_PATH"] = folder


@FAULTS.on(
    healthy_cuda12, "cuda-origin", "put in front by the RPATH of libcusparse.so.12", "rm -rf .venvs/train-cuda12"
)
def a_run_path_to_another_nvjitlink(laboratory):
    folder = toolkit(laboratory, "libnvJitLink.so.12")
    name = "cusparse/lib/libcusparse.so.12"
    laboratory.library(f"nvidia/{name}", needed=["libnvJitLink.so.12"], rpath=folder)


@FAULTS.on(healthy_cuda12, "cuda-origin", "libnvJitLink.so.12 loads from", "machine=")
def an_nvjitlink_that_a_run_path_cannot_beat(laboratory):
    """The plugin loads cuSPARSE by path; what that needs is still searched in LD_LIBRARY_PATH before its run path."""
    laboratory.keys["cuda_libs"] = "system"
    laboratory.environ["LD_LIBRARY_PATH"] = toolkit(
        laboratory, "libnvJitLink.so.12", "libcudnn.so.9", "libcudart.so.12"
    )


@FAULTS.on(healthy_cuda12, "nvjitlink", "usr/cuda/lib64/libnvJitLink.so.12 is of 12.4", "cuda_libs=pip")
def an_old_nvjitlink_from_the_system(laboratory):
    laboratory.keys["cuda_libs"] = "system"
    folder = toolkit(laboratory, "libnvJitLink.so.12", content=b"\0__nvJitLinkCreate_12_4\0")
    laboratory.environ["LD_LIBRARY_PATH"] = folder


@FAULTS.on(healthy_seed_stack, "cuda-origin", "does not load", "make .venvs/users-own anew from its lock")
def a_library_whose_partner_is_nowhere(laboratory):
    laboratory.library("nvidia/cublas/lib/libcublas.so.12", needed=["libcublasXt.so.12"])


@FAULTS.on(healthy_cuda12, "nvjitlink", "asks for nvJitLink 12.9, and", "'nvidia-nvjitlink-cu12>=12.9'")
def an_nvjitlink_older_than_cusparse(laboratory):
    laboratory.library("nvidia/nvjitlink/lib/libnvJitLink.so.12", content=b"\0__nvJitLinkCreate_12_4\0")


@FAULTS.on(healthy_cuda12, "cudnn", "nvidia-cudnn-cu12 8.9.7.29", "'nvidia-cudnn-cu12<10.0,>=9.8'")
def cudnn_8_under_a_new_jaxlib(laboratory):
    laboratory.package("nvidia-cudnn-cu12", "8.9.7.29")


@FAULTS.on(healthy_seed_stack, "cudnn", "nvidia-cudnn-cu12 9.1.0.70", "'nvidia-cudnn-cu12>=8.9,<9'")
def cudnn_9_under_an_old_jaxlib(laboratory):
    laboratory.package("nvidia-cudnn-cu12", "9.1.0.70")


@FAULTS.on(healthy_cuda12, "libcuda", "stubs/libcuda.so.1", "unset LD_LIBRARY_PATH")
def a_stub_of_the_driver(laboratory):
    stub = write_library(laboratory.folder / "cuda" / "stubs" / "libcuda.so.1", soname="libcuda.so.1")
    laboratory.environ["LD_LIBRARY_PATH"] = str(stub.parent)


@FAULTS.on(healthy_cuda12, "libcuda", "compat/libcuda.so.1, a copy for drivers older", "", Status.NOTE)
def a_compatibility_copy_of_the_driver(laboratory):
    copy = write_library(laboratory.folder / "cuda" / "compat" / "libcuda.so.1", soname="libcuda.so.1")
    laboratory.environ["LD_LIBRARY_PATH"] = str(copy.parent)


@FAULTS.on(healthy_seed_stack, "nvcc", "12.2.140 is older than 12.6.85", "'nvidia-cuda-nvcc-cu12>=12.6.85'")
def a_compiler_that_miscompiles(laboratory):
    laboratory.package("nvidia-cuda-nvcc-cu12", "12.2.140")


@FAULTS.on(
    healthy_seed_stack, "ptxas", "ptxas 12.9.86 is newer than the driver's CUDA 12.2", "for CUDA 12.9", Status.WARNING
)
def a_compiler_newer_than_the_driver(laboratory):
    laboratory.experiments = {"global": {"xla_flags": ""}, **laboratory.experiments}


@FAULTS.on(
    healthy_seed_stack,
    "ptxas",
    "ptxas of CUDA 12.4.131",
    "cuda_nvcc/bin/ptxas .venvs/users-own/bin/ptxas",
    Status.WARNING,
)
def another_compiler_on_the_path(laboratory):
    laboratory.tool("ptxas", "12.4.131")


@FAULTS.on(healthy_seed_stack, "nvlink", "is of CUDA 12.4.131, the compiler of 12.9", "compilation_parallelism=1")
def a_linker_older_than_the_compiler(laboratory):
    laboratory.experiments = {"global": {"xla_flags": ""}, **laboratory.experiments}
    laboratory.tool("nvlink", "12.4.131")


@FAULTS.on(healthy_cuda12, "xla-flags", "did you mean 'xla_gpu_force_compilation_parallelism'?", "`xla_flags`")
def a_misspelt_xla_flag(laboratory):
    flags = "--xla_gpu_deterministic_ops=true --xla_gpu_force_compilation_paralelism=1"
    laboratory.experiments = {"global": {"xla_flags": flags}, **laboratory.experiments}


@FAULTS.on(healthy_cpu, "xla-flags", "'--xla_gpu_deterministic' in XLA_FLAGS is unknown", "unset XLA_FLAGS")
def the_beginning_of_a_flag(laboratory):
    laboratory.environ["XLA_FLAGS"] = "--xla_gpu_deterministic"


@FAULTS.on(healthy_cpu, "xla-flags", "separated by blanks", "unset XLA_FLAGS")
def flags_joined_by_commas(laboratory):
    laboratory.environ["XLA_FLAGS"] = "--xla_gpu_deterministic_ops=true,--xla_dump_to=/x"


@FAULTS.on(healthy_cpu, "xla-flags", "'xla_gpu_deterministic_ops=true' in XLA_FLAGS is no flag", "unset XLA_FLAGS")
def a_flag_without_dashes(laboratory):
    laboratory.environ["XLA_FLAGS"] = "--xla_dump_to=/x xla_gpu_deterministic_ops=true"


@pytest.mark.parametrize("name", FAULTS)
def test_the_fault_is_named_with_its_cure(laboratory, name):
    must_be_named_with_its_cure(laboratory, FAULTS[name])
