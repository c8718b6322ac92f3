"""How a training's process is started: the machine's settings, and the experiment's over them."""

import pytest
import yaml

from bridgelib.config.settings import load_settings
from bridgelib.errors import ConfigError
from bridgelib.workflow.plan import WorkflowPlan
from tests.workflow.conftest import admit


def planned(tmp_path, repository, settings=None, **keys) -> WorkflowPlan:
    """The plan of one experiment, of a file with these `global:` settings, on a machine with these keys."""
    (tmp_path / "raw" / "task" / "2021-08-02_10-00-00").mkdir(parents=True, exist_ok=True)
    profile = {**{root: root for root in ("raw", "numpy", "tfrecord", "runs")}, "gpus": "0,1", **keys}
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump(profile))
    content = {"global": settings or {}, "runs": [{"algo": "bc", "task": "task", "name": "run"}]}
    (tmp_path / "experiments.yaml").write_text(yaml.safe_dump(content))
    chosen = {"machine": str(tmp_path / "mine.yaml"), "experiments": str(tmp_path / "experiments.yaml")}
    return WorkflowPlan(load_settings({**chosen, "forecast": "warn"}, repository, environ={}), repository)


def launch(*arguments, **keys) -> list[str]:
    """The options of `envs/run` for that experiment."""
    return planned(*arguments, **keys).launch_options("run")


def test_what_is_not_set_is_no_option(tmp_path, repository):
    """A new option would make every finished training stale."""
    options = ["--cuda-libs=pip", "--platform=auto", "--xla-flags=--xla_gpu_force_compilation_parallelism=1"]
    assert launch(tmp_path, repository) == options


def test_memory_and_determinism_are_the_machine_s(tmp_path, repository):
    options = launch(tmp_path, repository, gpu_memory=0.9, deterministic=True)
    assert options[-2:] == ["--gpu-memory=0.9", "--deterministic"]
    on_cpu = launch(tmp_path, repository, gpu_memory=0.9, deterministic=True, jax_platform="cpu")
    assert on_cpu == ["--cuda-libs=pip", "--platform=cpu"]


def test_the_experiment_wins_over_the_machine(tmp_path, repository):
    settings = {"xla_flags": "--xla_x=1", "use_pip_cuda_libs": False, "jax_platform_name": "gpu"}
    options = launch(tmp_path, repository, settings, cuda_libs="clean", xla_flags="--xla_y=1")
    assert options == ["--cuda-libs=system", "--platform=cuda", "--xla-flags=--xla_x=1"]


def test_a_profile_that_says_nothing_of_gpus_trains_on_the_cpu(tmp_path, repository):
    """It used to convert everything, then fail for want of a GPU that nobody had spoken of."""
    assert launch(tmp_path, repository, gpus=None) == ["--cuda-libs=pip", "--platform=cpu"]
    assert "--platform=auto" in launch(tmp_path, repository, gpus=None, environment="cuda12")
    assert "--platform=cuda" in launch(tmp_path, repository, {"jax_platform_name": "gpu"}, gpus=None)


def test_gpus_without_an_environment_for_them_are_refused_at_the_dry_run(tmp_path, repository):
    """JAX's CPU wheels would find none, hours later."""
    with pytest.raises(ConfigError, match="environment: cuda12 or cuda13") as refused:
        admit(planned(tmp_path, repository), ["-n"])
    assert "it takes 1 GPU, and" in refused.value.given and "jax_platform=cpu" in refused.value.do
    for keys in ({"environment": "cuda12"}, {"jax_platform": "cpu"}, {"gpus": None}):
        admit(planned(tmp_path, repository, **keys), ["-n"])
    admit(planned(tmp_path, repository), ["-n", "tfrecords"])


def test_threads_are_the_machine_s_and_of_the_cpu_alone(tmp_path, repository):
    assert launch(tmp_path, repository, threads=2, jax_platform="cpu")[-1] == "--threads=2"
    assert "--threads" not in " ".join(launch(tmp_path, repository, threads=2))
    with pytest.raises(ConfigError, match="1 or more"):
        launch(tmp_path, repository, threads=0)
