"""The command lines that users type, and what is refused before any job starts."""

import re

import pytest

from bridgelib.workflow.targets import TARGETS


@pytest.fixture
def tree(workspace):
    """Two tasks with two dated folders each; the trajectories are empty folders, which a dry run does not open."""
    for task in ("close_drawer", "open_drawer"):
        for date in ("2021-08-02_10-00-00", "2021-08-03_11-30-00"):
            for number in range(2):
                (workspace.raw / task / date / "raw" / "traj_group0" / f"traj{number}").mkdir(parents=True)
    return workspace


@pytest.mark.parametrize(
    "words",
    [
        "-n --config machine={profile} tfrecords",
        "-n tfrecords --config machine={profile}",
        "-n --config=machine={profile} tfrecords",
        "--config machine={profile} --cores 8 -n tfrecords",
        "--cores 8 -n tfrecords --config machine={profile}",
        "-n --config machine={profile} -- tfrecords",
    ],
)
def test_every_order_of_options_and_target_means_the_same(tree, words):
    _, output = tree.snakemake(*words.format(profile=tree.profile).split(), machine=False)
    assert re.search(r"^numpy_to_tfrecord +2$", output, re.MULTILINE)
    assert re.search(r"^raw_to_numpy +4$", output, re.MULTILINE)
    assert "train_policy" not in output


def test_the_machine_is_taken_from_the_variable(tree, monkeypatch):
    monkeypatch.setenv("MACHINE", str(tree.profile))
    _, output = tree.snakemake("-n", "numpy", machine=False)
    assert re.search(r"^raw_to_numpy +4$", output, re.MULTILINE)


def test_a_fresh_clone_dry_runs_on_the_demo(workspace):
    _, output = workspace.snakemake("-n", "--config", "machine=demo", "env=current", "raw=x", "numpy=y", machine=False)
    assert "train_policy" in output and "simulate_demonstrations" in output


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["depth=3", "numpy"], ["depth 3", "allowed: 2"]),
        (["raw=/nowhere", "numpy"], ["/nowhere", "no such folder"]),
        (["im_sise=64"], ["'im_sise'", "did you mean 'im_size'?"]),
        (["im_size=large"], ["im_size", "a whole number"]),
        (["machine=tals"], ["no such profile", "tasl"]),
        (["experiments=absent.yaml", "train_all"], ["absent.yaml, and there is no file", "/absent.yaml, nor "]),
    ],
)
def test_what_cannot_work_is_refused_without_a_traceback(tree, words, said):
    code, output = tree.snakemake("-n", *words, check=False)
    assert code == 2 and "Traceback" not in output and ".smk" not in output
    assert all(text in output for text in said), output


@pytest.mark.parametrize(
    ("content", "keys", "said"),
    [
        ({"matrix": {"algos": ["bcc"], "tasks": ["open_drawer"]}}, {}, ["'bcc'", "did you mean 'bc'?"]),
        ({"matrix": {"algos": ["bc"], "tasks": ["open_draw"]}}, {}, ["open_draw", "did you mean 'open_drawer'?"]),
        (
            {
                "global": {"cuda_visible_devices": "0,1", "train_batch_size": 33},
                "matrix": {"algos": ["bc"], "tasks": ["open_drawer"]},
            },
            {"gpus": "0,1", "jax_platform": "cuda"},
            ["train_batch_size 33 on 2 devices", "take 32 or 34"],
        ),
    ],
)
def test_experiments_that_cannot_work_are_refused_at_the_dry_run(tree, content, keys, said):
    tree.write_profile(**keys)
    path = tree.write_experiments(content)
    code, output = tree.snakemake("-n", f"experiments={path}", "train_all", check=False)
    assert code != 0 and "Traceback" not in output
    assert all(text in output for text in said), output


@pytest.mark.parametrize("there", ["none", "no_filter"])
def test_gaze_boxes_that_nobody_has_are_refused_at_the_dry_run(tree, there):
    """Every trajectory would be rejected."""
    for folder in tree.raw.glob("*/*/raw/traj_group0/traj*"):
        (folder / "images0").mkdir()
        (folder / "images0" / "im_0.jpg").touch()
        (folder / f"{there}.pkl").touch()
    code, output = tree.snakemake("-n", "gaze=filter", "tfrecords", check=False)
    assert code != 0 and "of 8 trajectories looked at none has a filter.pkl" in output
    assert f"allowed: gaze: {there}, as" in output
    tree.snakemake("-n", f"gaze={there}", "tfrecords")


def test_the_latency_shift_of_the_profile_reaches_the_conversion(tree):
    assert " --latency_shift auto " in tree.snakemake("-n", "-p", "numpy")[1]
    assert " --latency_shift 0 " in tree.snakemake("-n", "-p", "latency_shift=0", "numpy")[1]
    code, output = tree.snakemake("-n", "latency_shift=2", "numpy", check=False)
    assert code != 0 and "latency_shift" in output and "auto, 0 or 1" in output and "Traceback" not in output


def test_bad_experiments_do_not_stop_a_conversion(tree):
    path = tree.write_experiments({"matrix": {"algos": ["bc"], "tasks": ["absent"]}})
    assert tree.jobs(f"experiments={path}", "tfrecords") == {"raw_to_numpy": 4, "numpy_to_tfrecord": 2, "tfrecords": 1}


def test_every_target_is_known(workspace):
    """One that is not counts as none: then everything is checked and forecast, experiments and trainings too."""
    _, output = workspace.snakemake("--list-target-rules", "--config", "machine=demo", machine=False)
    listed = re.findall(r"^(\w+) \(", output, re.MULTILINE)
    assert sorted(listed) == TARGETS, "enter it among those of bridgelib/workflow/targets.py"


def test_the_workflow_is_linted(workspace):
    _, output = workspace.snakemake("--lint", "--config", "machine=demo", machine=False)
    assert "Congratulations" in output
