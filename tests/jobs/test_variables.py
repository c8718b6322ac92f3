"""The variables a job starts with."""

from bridgelib.jobs.conda import conda_file
from bridgelib.jobs.variables import applied, job_variables


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


def test_conda_files_hold_exactly_the_pins_of_their_locks(repository):
    locks = sorted((repository / "envs").glob("*.yaml"))
    assert locks
    for path in locks:
        assert path.read_text() == conda_file(path.with_suffix(".txt").read_text()), "run: make locks"
