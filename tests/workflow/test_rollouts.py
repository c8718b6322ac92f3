"""Rollouts as a part of the workflow: on a machine that simulates, and nowhere else."""

import json
import os
import shutil
import signal
import subprocess
import sys

import pytest

from bridgelib import __version__
from tests.workflow.conftest import SMALL_TRAINING

PUT, PUSH = "put_red_cube_on_plate", "push_blue_cylinder_onto_green_cloth"


@pytest.fixture
def simulating(workspace):
    workspace.simulation = {"tasks": [PUT], "demonstrations": 3, "dated_folders": 1, "image_size": [48, 64]}
    workspace.write_profile(simulation=workspace.simulation, train_proportion=0.5)
    runs = [
        {"algo": "bc", "task": PUT},
        {"algo": "bc", "task": PUT, "name": "blind", "config_overrides": {"config.agent_kwargs.blind": True}},
    ]
    workspace.experiments = f"experiments={workspace.write_experiments({'global': SMALL_TRAINING, 'runs': runs})}"
    return workspace


def test_from_nothing_to_the_success_table(simulating):
    words = [simulating.experiments, "episodes=2"]
    planned = simulating.jobs(*words, "all")
    assert planned["rollout_policy"] == 2 and planned["rollout_references"] == 1 and planned["success"] == 1

    _, output = simulating.snakemake(*words, "all")
    runs = simulating.folder / "runs"
    table = (runs / "success.txt").read_text()
    assert table in output
    assert [line.split()[0] for line in table.splitlines()[1:8]] == [
        *("expert", "replay", "relabelled", "nearest", "random", "blind", f"bc_{PUT}")
    ]
    rollouts = json.loads((runs / f"bc_{PUT}" / "rollouts.json").read_text())
    assert rollouts["camera"] == [48, 64] and rollouts["tasks"][PUT]["episodes"] == 2
    pictures = sorted(path.name for path in (runs / f"bc_{PUT}" / "rollouts").glob("*.webp"))
    assert pictures == sorted(rollouts["pictures"]) and len(pictures) == 2
    assert simulating.jobs(*words, "all") == {}
    contents = [json.loads(path.read_text()) for path in simulating.folder.rglob("*.json")]
    origins = [content["origin"] for content in contents if "origin" in content]
    assert len(origins) > 8 and {origin.get("bridgelib") for origin in origins} == {__version__}

    more = {"rollout_policy": 2, "rollout_references": 1, "success": 1, "report": 1, "all": 1}
    assert simulating.jobs(simulating.experiments, "episodes=3", "all") == more

    shutil.rmtree(simulating.folder / ".snakemake")  # the results say themselves what they were made from
    assert simulating.jobs(*words, "all") == {}
    assert simulating.jobs(simulating.experiments, "episodes=3", "all") == more
    (other_seed := dict(simulating.simulation))["seed"] = 1
    simulating.write_profile(simulation=other_seed, train_proportion=0.5)
    assert simulating.jobs(*words, "raw/put_red_cube_on_plate/2021-08-02_10-00-00/collection_metadata.json") == {
        "simulate_demonstrations": 1
    }

    _kill_a_rollout(simulating, runs / f"bc_{PUT}" / "latest" / "policy")


def _kill_a_rollout(workspace, policy):
    """Killed in the middle, by hand: no result, no partial file; the next one is as if it had not been."""
    results = workspace.folder / "by_hand.json"
    script = workspace.repository / "workflow_scripts" / "rollout_policy.py"
    command = [sys.executable, script, "--policy", policy, "--task", PUT, "--json", results, "--camera", "48", "64"]

    started = subprocess.Popen([*map(str, command), "--episodes", "5000"], stderr=subprocess.PIPE, text=True)
    for line in started.stderr:
        if "episodes/s" in line:
            break
    os.kill(started.pid, signal.SIGTERM)
    started.communicate()
    assert started.returncode != 0 and list(workspace.folder.glob("*by_hand*")) == []

    written = []
    for _ in range(2):
        output = subprocess.run([*map(str, command), "--episodes", "2"], capture_output=True, text=True, check=True)
        assert "of 2 succeed" in output.stdout
        written.append(results.read_bytes())
    assert written[0] == written[1]


@pytest.mark.parametrize("target", ["success", "rollout_references"])
def test_where_nothing_is_simulated_success_is_refused_in_words(workspace, target):
    (workspace.raw / PUT / "2021-08-02_10-00-00" / "raw" / "traj_group0" / "traj0").mkdir(parents=True)
    path = workspace.write_experiments({"global": SMALL_TRAINING, "matrix": {"algos": ["bc"], "tasks": [PUT]}})
    code, output = workspace.snakemake("-n", f"experiments={path}", target, check=False)
    assert code != 0 and "whose tasks no simulator has" in output and "Traceback" not in output
    assert "rollout" not in workspace.snakemake("-n", f"experiments={path}", "all")[1]


def test_policies_of_tasks_from_elsewhere_are_left_out_and_that_is_said(simulating):
    """Who tries their own experiments file on the demo has a data_root in it, of real tasks."""
    records = [simulating.folder / "theirs" / "put_carrot" / side / "out.tfrecord" for side in ("train", "val")]
    for path in records:
        path.parent.mkdir(parents=True)
        path.touch()
    own = {"global": {**SMALL_TRAINING, "data_root": "theirs"}, "matrix": {"algos": ["bc"], "tasks": ["put_carrot"]}}
    experiments = f"experiments={simulating.write_experiments(own)}"
    _, output = simulating.snakemake("-n", experiments, "all")
    assert "'bc_put_carrot' is not rolled out, as no simulator has its tasks" in output
    planned = simulating.jobs(experiments, "all")
    assert "train_policy" in planned and not {"rollout_policy", "rollout_references", "success"} & planned.keys()
    for target in ("success", "runs/bc_put_carrot/rollouts.json"):
        code, output = simulating.snakemake("-n", experiments, target, check=False)
        assert code != 0 and "tasks that no simulator has: put_carrot" in output


@pytest.mark.parametrize(("key", "value"), [("episodes", 0), ("episodes", "many"), ("episode_seed", -1)])
def test_rollouts_that_cannot_be_are_refused_at_once(simulating, key, value):
    code, output = simulating.snakemake("-n", simulating.experiments, f"{key}={value}", "success", check=False)
    assert code != 0 and key in output and "whole number" in output and "Traceback" not in output


def test_scenes_of_other_purposes_are_refused_before_anything_is_trained(simulating):
    words = [f"episode_seed={2**47 - 1}", "episodes=2", "success"]
    code, output = simulating.snakemake("-n", simulating.experiments, *words, check=False)
    assert code != 0 and "below 2^47" in output and "Traceback" not in output
