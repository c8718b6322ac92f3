"""From raw demonstrations to what the policies are worth, by one target."""

import json

from bridgelib.sim.demonstrations import write_dated_folder
from bridgelib.sim.plan import PlanEntry
from tests.workflow.conftest import SMALL_TRAINING

TASK, DATE = "put_red_cube_on_plate", "2021-08-02_10-00-00"


def test_policies_are_evaluated_where_they_are_trained(workspace):
    write_dated_folder(workspace.raw, PlanEntry(TASK, DATE, 4, image_size=(48, 64)))
    content = {"global": SMALL_TRAINING, "matrix": {"algos": ["bc"], "tasks": [TASK]}}
    experiments = f"experiments={workspace.write_experiments(content)}"
    wanted = workspace.jobs(experiments, "evaluate_all")
    assert {wanted[rule] for rule in ("train_policy", "evaluate_policy", "evaluate_all")} == {1}

    _, output = workspace.snakemake(experiments, "evaluate_all")
    name = f"bc_{TASK}"
    found = json.loads((workspace.folder / "runs" / name / "evaluation.json").read_text())
    assert (found["experiment"], found["step"]) == (name, 2)
    assert set(found["by_task"]) == {TASK} and set(found["by_dated_folder"]) == {f"{TASK}/{DATE}"}
    lines = output.splitlines()
    (row,) = (number for number, line in enumerate(lines) if line.startswith(f"{name}  policy"))
    assert [line.split()[0] for line in lines[row + 1 : row + 4]] == ["mean", "previous", "nearest"]
    assert workspace.jobs(experiments, "evaluate_all") == {"evaluate_all": 1}
