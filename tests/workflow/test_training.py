"""The whole workflow, from raw demonstrations to policies, on small data."""

import json

import pytest

from bridgelib.sim.demonstrations import write_dated_folder
from bridgelib.sim.plan import PlanEntry

SMALL = {
    "train_batch_size": 4,
    "num_steps": 3,
    "log_interval": 1,
    "eval_interval": 3,
    "save_interval": 3,
    "warmup_steps": 1,
    "config_overrides": {"config.encoder": "resnetv1-18-bridge", "config.encoder_kwargs.num_filters": 4},
}
TASK = "put_red_cube_on_plate"


def done(workspace, experiment):
    path = workspace.folder / "runs" / experiment / "done.json"
    return json.loads(path.read_text()) if path.exists() else None


def test_one_failing_experiment_does_not_stop_the_others(workspace):
    for date in ("2021-08-02_10-00-00", "2021-08-03_11-30-00"):
        write_dated_folder(workspace.raw, PlanEntry(TASK, date, 2, image_size=(48, 64)))
    relabeling = {"goal_relabeling_strategy": "delta_goals", "goal_relabeling_kwargs": {"goal_delta": [5000, 5001]}}
    broken = {"config.dataset_kwargs": relabeling}  # as far ahead as no demonstration lasts
    runs = [
        {"algo": "gc_bc", "task": TASK, "name": "broken", "config_overrides": broken},
        {"algo": "lc_bc", "task": TASK, "config_overrides": {"config.encoder": "resnetv1-34-bridge-film"}},
    ]
    experiments = f"experiments={workspace.write_experiments({'global': SMALL, 'runs': runs})}"

    code, output = workspace.snakemake(experiments, "train_all", check=False)
    assert "Trying to restart" not in output  # which cannot heal it
    assert code != 0 and "no transition to sample" in output and "Traceback" not in output
    assert done(workspace, "broken") is None
    assert done(workspace, f"lc_bc_{TASK}")["step"] == 3
    assert (workspace.folder / "runs" / f"lc_bc_{TASK}" / "latest" / "policy" / "language.npz").is_file()
    assert workspace.jobs(experiments, "train_all") == {"train_policy": 1, "train_all": 1}


def test_the_real_sample_goes_all_the_way(workspace, shared):
    workspace.write_profile(raw=str(shared / "bridge-sample" / "raw"), im_size=64)
    matrix = {"algos": ["bc", "gc_bc"], "tasks": ["all"]}
    experiments = f"experiments={workspace.write_experiments({'global': SMALL, 'matrix': matrix})}"
    _, output = workspace.snakemake(experiments, "all")
    account = next(line for line in output.splitlines() if line.startswith("whole tree")).split()
    assert account[2:5] == ["21", "21", "0"]
    for name in ("bc_all", "gc_bc_all"):
        result = done(workspace, name)
        assert result["step"] == 3 and result["validation"]["transitions"] > 0
    assert workspace.jobs(experiments, "all") == {}


def test_a_policy_that_learns_from_gaze_needs_some(workspace):
    (workspace.raw / TASK / "2021-08-02_10-00-00" / "raw" / "traj_group0" / "traj0").mkdir(parents=True)
    experiments = f"experiments={workspace.write_experiments({'matrix': {'algos': ['bc_saliency'], 'tasks': [TASK]}})}"
    code, output = workspace.snakemake("-n", experiments, "train_all", check=False)
    assert code != 0 and "has gaze: none" in output and "filter.pkl" in output and "Traceback" not in output
    assert " --gaze none " in workspace.snakemake("-n", "-p", experiments, "tfrecords")[1]
    workspace.write_profile(gaze="no_filter")
    assert " --gaze no_filter " in workspace.snakemake("-n", "-p", experiments, "train_all")[1]


@pytest.mark.parametrize("algorithm", ["lc_bc"])
def test_a_policy_of_instructions_needs_some(workspace, algorithm):
    trajectory = workspace.raw / TASK / "2021-08-02_10-00-00" / "raw" / "traj_group0" / "traj0"
    trajectory.mkdir(parents=True)
    path = workspace.write_experiments({"matrix": {"algos": [algorithm], "tasks": [TASK]}})
    code, output = workspace.snakemake("-n", f"experiments={path}", "train_all", check=False)
    assert code != 0 and "language coverage 0 %" in output and "Traceback" not in output
