"""The forecast of a training's memory, held against a real process."""

import os

import pytest
import yaml

from bridgelib.config.algorithms import ALGORITHMS, algorithm_defaults
from bridgelib.config.algorithms.encoders import ENCODERS, Architecture
from bridgelib.config.datasets import Dataset
from bridgelib.config.experiments import Experiment, load_experiments
from bridgelib.training.memory import images_per_sample, training_memory
from tests.processes import peak_memory, python_of
from tests.trajectories import make_trajectory, write_tfrecord

GB = 1 << 30


def experiment(algorithm: str, **changes) -> Experiment:
    return Experiment("run", algorithm, Dataset("d", (("d",),)), {**algorithm_defaults(algorithm), **changes})


@pytest.mark.slow
@pytest.mark.parametrize(
    ("encoder", "filters"), [("resnetv1-18-bridge", 16), ("resnetv1-18-bridge", 64), ("convnet-3", 32)]
)
def test_a_training_takes_as_much_memory_as_forecast(tmp_path, repository, encoder, filters):
    python = python_of(repository, "train")
    for side, numbers in (("train", (0, 1)), ("val", (2,))):
        (tmp_path / "task" / side).mkdir(parents=True)
        write_tfrecord(tmp_path / "task" / side / "out.tfrecord", [make_trajectory(n, 12, 64) for n in numbers])
    steps = {"num_steps": 2, "eval_interval": 2, "save_interval": 2, "log_interval": 1}
    overrides = {"config.encoder": encoder, "config.encoder_kwargs.num_filters": filters}
    run = {"algo": "bc", "task": "task", "name": "run", "config_overrides": overrides}
    file = tmp_path / "experiments.yaml"
    file.write_text(yaml.safe_dump({"global": {"train_batch_size": 16, **steps}, "runs": [run]}))
    command = [
        python,
        repository / "workflow_scripts" / "train_policy.py",
        "--experiments",
        file,
        "--experiment",
        "run",
    ]
    command += ["--data", tmp_path, "--done", tmp_path / "runs" / "run" / "done.json"]
    variables = {**os.environ, "JAX_PLATFORMS": "cpu", "WANDB_MODE": "disabled"}
    variables.pop("JAX_COMPILATION_CACHE_DIR", None)
    forecast = training_memory(load_experiments(file, {})["run"], 64, 39, on_gpu=False)
    assert forecast == pytest.approx(peak_memory(command, tmp_path, variables), rel=0.2)


def test_on_a_gpu_activations_take_no_main_memory():
    """The lab's bc on 60,000 trajectories: CUDA, a ResNet-34 with its moments, four batches of 500, the index."""
    large = experiment("bc", batch_size=500)
    on_gpu = training_memory(large, 256, 2_300_000, on_gpu=True)
    assert on_gpu == pytest.approx(4 * GB + 5 * 259e6 + 4 * 500 * 256 * 256 * 3 + 2.3e6 * 200, rel=0.02)
    assert training_memory(large, 256, 2_300_000, on_gpu=False) > 5 * on_gpu


@pytest.mark.parametrize(
    ("algorithm", "images"),
    [("bc", 1), ("gc_bc", 2), ("gc_ddpm_bc", 2 + 1), ("iql", 2), ("gc_iql", 3), ("contrastive_rl_td", 3)],
)
def test_images_of_a_sample(algorithm, images):
    assert images_per_sample(experiment(algorithm)) == images


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_the_images_are_those_that_a_batch_of_the_algorithm_needs(algorithm):
    needs, history = ALGORITHMS[algorithm].needs, algorithm_defaults(algorithm)["dataset_kwargs"]["obs_horizon"] or 1
    expected = history * (1 + ("next_observations" in needs)) + ("goals" in needs)
    assert images_per_sample(experiment(algorithm)) == expected


def test_an_encoder_of_another_depth_takes_memory_too(monkeypatch):
    monkeypatch.setitem(ENCODERS, "resnetv1-101", Architecture((3, 4, 23, 3), bottleneck=True))
    names = ("18", "18-deeper", "34", "101")
    taken = [training_memory(experiment("bc", encoder=f"resnetv1-{name}"), 64, 0, False) for name in names]
    assert taken == sorted(taken) and taken[0] < taken[-1]
