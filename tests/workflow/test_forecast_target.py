"""`snakemake forecast`, and the head of every dry run."""

import re

import pytest

from tests import raw_trees

DATES = ("2021-08-02_10-00-00", "2021-08-03_11-30-00")


@pytest.fixture
def lab(workspace):
    for seed, date in enumerate(DATES):
        raw_trees.write_dated_folder(workspace.raw, "open_drawer", date, trajectories=3, seed=100 * seed)
    small = {"config.encoder": "resnetv1-18-bridge", "config.encoder_kwargs.num_filters": 8}
    settings = {"num_steps": 10, "warmup_steps": 1, "train_batch_size": 8, "config_overrides": small}
    matrix = {"global": settings, "matrix": {"algos": ["bc"], "tasks": ["open_drawer"]}}
    workspace.words = [f"experiments={workspace.write_experiments(matrix)}"]
    return workspace


def files_below(folder):
    return {path for path in folder.rglob("*") if ".snakemake" not in path.parts}


def test_the_target_prints_the_whole_table_and_writes_only_logs(lab):
    before = files_below(lab.folder)
    for _ in range(2):  # it runs always
        _, output = lab.snakemake("--cores=2", *lab.words, "forecast")
        assert "1 tasks, 2 dated folders, 6 trajectories, 24 frames of 32x24 pixels" in output
        assert re.search(r"^raw_to_numpy +2 +1 .*MB.* \d+:\d\d:\d\d +numpy$", output, re.MULTILINE)
        assert re.search(r"^numpy_to_tfrecord +1 +1 .*MB.* \d+:\d\d:\d\d +tfrecord$", output, re.MULTILINE)
        assert re.search(r"^train_policy +1 .* - +runs$", output, re.MULTILINE)
        assert "bc_open_drawer: 3 checkpoints of " in output and "frames/s to numpy" in output
        assert re.search("training of bc_open_drawer not measured: .*out.tfrecord: it is not there yet", output)
    new = {path.relative_to(lab.folder).as_posix() for path in files_below(lab.folder) - before}
    assert new == {"logs", "logs/forecast.log", "logs/forecast.json"}


def test_a_forecast_without_an_environment_says_how_to_get_its_times(lab):
    script = lab.repository / "workflow_scripts" / "forecast.py"
    words = [f"machine={lab.profile}", "env=current", *lab.words]
    done = lab.run(script, "--config", *words, "--environment", lab.folder / "absent")
    assert "time: conversion not measured" in done and "snakemake environments" in done


def test_where_there_are_tfrecords_training_is_timed_too(lab):
    lab.snakemake("--cores=2", *lab.words, "tfrecords")
    _, output = lab.snakemake("--cores=2", *lab.words, "forecast")
    assert re.search(r"^time: bc_open_drawer trains [\d.]+ steps/s, for \d+:\d\d:\d\d alone$", output, re.MULTILINE)
    assert re.search(r"^train_policy +1 .* \d+:\d\d:\d\d +runs$", output, re.MULTILINE)
    assert not (lab.folder / "runs").exists()


def test_the_head_of_a_dry_run_counts_what_its_targets_need(lab):
    _, head = lab.snakemake("-n", *lab.words, "numpy")
    assert "[forecast] still to be made on machine 'mine': raw_to_numpy" in head and "train_policy" not in head
    words = ["-n", "--quiet", "all", "--config", f"machine={lab.profile}", "env=current", *lab.words, "--", "numpy"]
    assert "train_policy" not in lab.snakemake(*words, machine=False)[1]
    _, head = lab.snakemake("-n", *lab.words, "train_all")
    assert "numpy_to_tfrecord" in head and re.search(r"\[forecast\] memory: .* by train_policy", head)


def test_what_cannot_fit_is_refused_at_the_dry_run_unless_told_to_warn(lab):
    content = {
        "global": {"num_steps": 10**9, "save_interval": 100, "config_overrides": {"config.keep_every": 100}},
        "matrix": {"algos": ["bc"], "tasks": ["open_drawer"]},
    }
    words = [f"experiments={lab.write_experiments(content)}", "train_all"]
    code, output = lab.snakemake("-n", *words, check=False)
    assert code != 0 and "ConfigError: machine 'mine'" in output and "keep_every" in output
    assert "Traceback" not in output
    assert lab.snakemake("-n", "forecast=warn", *words)[0] == 0
    nowhere = [f"--{environment}={lab.folder / 'absent'}" for environment in ("environment", "training-environment")]
    for then, setting in {"will be refused": "refuse", "will start all the same": "warn"}.items():
        settings = [f"machine={lab.profile}", f"forecast={setting}", words[0]]
        told = lab.run(lab.repository / "workflow_scripts" / "forecast.py", "--config", *settings, *nowhere)
        assert f"IT DOES NOT FIT, and {then}:\nConfigError: machine 'mine'" in told
    assert lab.snakemake("--delete-all-output", *words)[0] == 0  # which is how space is made
    assert lab.snakemake("-n", words[0], "tfrecords")[0] == 0  # a conversion asks for no checkpoints
