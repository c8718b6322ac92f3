"""The variables a job starts with."""

import json
import os
import subprocess
import sys

from bridgelib.jobs.variables import applied, job_variables

KINDS = ("pip", "system", "clean")


def environment(folder, *libraries):
    for library in libraries:
        (folder / "lib" / "python3.11" / "site-packages" / "nvidia" / library / "lib").mkdir(parents=True)
    return folder


def folders(environment, *libraries):
    site = environment / "lib" / "python3.11" / "site-packages" / "nvidia"
    return [str(site / library / "lib") for library in libraries]


def test_the_wheels_libraries_come_first_in_a_fixed_order(tmp_path):
    venv = environment(tmp_path, "cudnn", "cublas", "nccl")
    variables = job_variables(venv, cuda_libs="pip", inherited={"LD_LIBRARY_PATH": "/usr/local/cuda/lib64"})
    assert variables["LD_LIBRARY_PATH"].split(":") == [
        *folders(venv, "cublas", "cudnn", "nccl"),
        "/usr/local/cuda/lib64",
    ]


def test_the_wheels_compilers_come_before_those_of_a_clusters_module(tmp_path):
    """JAX looks into CUDA_ROOT first."""
    venv, inherited = environment(tmp_path, "cuda_nvcc"), {"CUDA_ROOT": "/opt/cuda-12.2", "CUDA_HOME": "/opt/cuda-12.2"}
    chosen = {kind: applied(job_variables(venv, cuda_libs=kind, inherited=inherited), inherited) for kind in KINDS}
    assert [kind for kind in KINDS if "CUDA_ROOT" in chosen[kind]] == ["system", "clean"]
    assert all(variables["CUDA_HOME"] == "/opt/cuda-12.2" for variables in chosen.values())


def test_without_wheels_no_empty_library_path_is_set(tmp_path):
    assert "LD_LIBRARY_PATH" not in job_variables(environment(tmp_path), cuda_libs="pip", inherited={})


def test_system_leaves_the_library_path_alone_and_clean_removes_it(tmp_path):
    venv = environment(tmp_path, "cudnn")
    inherited = {"LD_LIBRARY_PATH": "/opt/lib", "HOME": "/home/me"}
    untouched = applied(job_variables(venv, cuda_libs="system", inherited=inherited), inherited)
    removed = applied(job_variables(venv, cuda_libs="clean", inherited=inherited), inherited)
    assert untouched["LD_LIBRARY_PATH"] == "/opt/lib"
    assert "LD_LIBRARY_PATH" not in removed and removed["HOME"] == "/home/me"


def test_the_environment_comes_first_and_foreign_python_paths_go(tmp_path):
    inherited = {"PATH": "/usr/bin", "PYTHONPATH": "/elsewhere", "PYTHONHOME": "/x"}
    complete = applied(job_variables(tmp_path, inherited=inherited), inherited)
    assert complete["PATH"] == f"{tmp_path}/bin:/usr/bin"
    assert "PYTHONPATH" not in complete and "PYTHONHOME" not in complete and complete["PYTHONNOUSERSITE"] == "1"


def test_the_active_environment_is_left_alone():
    assert job_variables(None, inherited={"PYTHONPATH": "/elsewhere"}) == {}


def test_platform_flags_and_devices():
    variables = job_variables(None, platform="cpu", xla_flags="--xla_x=1", devices=[], inherited={})
    assert variables == {"JAX_PLATFORMS": "cpu", "XLA_FLAGS": "--xla_x=1", "CUDA_VISIBLE_DEVICES": ""}


def test_a_job_with_gpus_computes_on_them_or_fails():
    """By itself JAX trains on the CPU where a GPU does not start, for days and without a word."""

    def chosen(devices=("2",), **inherited):
        variables = job_variables(None, platform="auto", devices=list(devices), inherited=inherited)
        return applied(variables, inherited).get("JAX_PLATFORMS")

    assert chosen() == chosen(JAX_PLATFORMS="") == "cuda"
    assert chosen(JAX_PLATFORMS="cpu") == "cpu"  # the caller's own wish
    assert chosen(devices=()) is None


def test_gpus_are_numbered_as_nvidia_smi_does():
    def order(devices=("0",), **inherited):
        variables = job_variables(None, devices=list(devices), inherited=inherited)
        return applied(variables, inherited).get("CUDA_DEVICE_ORDER")

    assert order() == "PCI_BUS_ID" and order(devices=()) is None
    assert order(CUDA_DEVICE_ORDER="FASTEST_FIRST") == "FASTEST_FIRST"


def test_a_gpu_is_taken_piece_by_piece_unless_the_caller_or_the_profile_says_else():
    def chosen(gpu_memory, devices=("0",), **inherited):
        variables = job_variables(None, devices=list(devices), gpu_memory=gpu_memory, inherited=inherited)
        complete = applied(variables, inherited)
        return {name.removeprefix("XLA_PYTHON_CLIENT_"): complete[name] for name in complete if "CLIENT" in name}

    new = {"XLA_CLIENT_MEM_FRACTION": ".5"}

    assert chosen("auto") == {"PREALLOCATE": "false"}
    assert chosen("auto", XLA_PYTHON_CLIENT_MEM_FRACTION=".5") == {"MEM_FRACTION": ".5"}
    assert chosen("grow", XLA_PYTHON_CLIENT_MEM_FRACTION=".5") == {"PREALLOCATE": "false"}
    assert chosen("0.9", XLA_PYTHON_CLIENT_PREALLOCATE="false") == {"PREALLOCATE": "true", "MEM_FRACTION": "0.9"}
    # Newer JAX refuses to start with the fraction under both of its names.
    assert chosen("auto", **new) == new and chosen("grow", **new) == {"PREALLOCATE": "false"}
    assert chosen("0.9", **new) == {"PREALLOCATE": "true", "MEM_FRACTION": "0.9"}
    assert chosen("0.9", devices=()) == {}  # on the CPU


def test_deterministic_adds_its_flag_once_to_those_there_are():
    def flags(xla_flags="", **inherited):
        return job_variables(None, xla_flags=xla_flags, deterministic=True, inherited=inherited).get("XLA_FLAGS")

    assert flags() == "--xla_gpu_deterministic_ops=true"
    assert flags("--xla_x=1") == "--xla_x=1 --xla_gpu_deterministic_ops=true"
    assert flags(XLA_FLAGS="--xla_y=2") == "--xla_y=2 --xla_gpu_deterministic_ops=true"
    assert flags("--xla_gpu_deterministic_ops=false") == "--xla_gpu_deterministic_ops=false"


def test_the_program_starts_with_the_variables_and_its_log_begins_with_them(repository):
    """A real process, started as rules start it; it prints what the training would record."""
    program = (
        "import json, sys; sys.path.insert(0, sys.argv[1]);"
        "from bridgelib.training.provenance import variables; print(json.dumps(variables()))"
    )
    command = [
        str(repository / "envs" / "run"),
        "current",
        "--platform=cpu",
        "--xla-flags=--xla_x=1",
        "--deterministic",
    ]
    command += ["--gpus=0", "--", "python", "-c", program, str(repository)]
    environ = {**os.environ, "BRIDGE_PYTHON": sys.executable, "LD_LIBRARY_PATH": "/somewhere/lib"}
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=True)
    recorded = json.loads(done.stdout)
    expected = {
        "LD_LIBRARY_PATH": "/somewhere/lib",
        "XLA_FLAGS": "--xla_x=1 --xla_gpu_deterministic_ops=true",
        "JAX_PLATFORMS": "cpu",
        "CUDA_VISIBLE_DEVICES": "",
    }
    assert {name: recorded[name] for name in expected} == expected
    for name, value in expected.items():
        assert f"[job] {name}={value}\n" in done.stderr


def test_the_wheels_of_the_active_environment_count_too(tmp_path):
    conda = environment(tmp_path, "cudnn")
    variables = job_variables(None, inherited={"CONDA_PREFIX": str(conda)})
    assert variables == {"LD_LIBRARY_PATH": folders(conda, "cudnn")[0]}


def test_jobs_on_the_cpu_share_its_cores_unless_the_caller_says_otherwise():
    assert job_variables(None, platform="cpu", threads="2", inherited={})["NPROC"] == "2"
    assert "NPROC" not in job_variables(None, platform="cpu", threads="2", inherited={"NPROC": "7"})
    assert "NPROC" not in job_variables(None, platform="cpu", inherited={})
    for platform in ("auto", "cuda"):
        assert "NPROC" not in job_variables(None, platform=platform, threads="2", devices=["0"], inherited={})
