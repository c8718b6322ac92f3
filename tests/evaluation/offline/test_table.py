"""The table of evaluations."""

import json
import subprocess
import sys

import pytest

from bridgelib.evaluation.offline.table import evaluations_as_text

DIMENSIONS = [{"name": "x", "unit": "m"}, {"name": "yaw", "unit": "rad"}, {"name": "gripper", "unit": "1 is open"}]


def score(x: float, f1: float | None) -> dict:
    values = {"x": x, "yaw": 0.5, "gripper": 0.25}
    gripper = {"accuracy": {"value": 0.9}, "change_f1": {"value": f1}}
    return {"error": {name: {"value": value} for name, value in values.items()}, "gripper": gripper}


@pytest.fixture
def files(tmp_path):
    predictors = ("policy", "mean_action", "previous_action", "nearest_neighbour")
    overall = {who: score(0.001 * place, 0.5 if place else None) for place, who in enumerate(predictors, 1)}
    overall["previous_action"]["gripper"]["change_f1"]["value"] = None
    contents = {"good": overall, "bare": None}
    paths = [tmp_path / name / "evaluation.json" for name in ("good", "bare", "absent")]
    for path in paths[:2]:
        path.parent.mkdir()
        path.write_text(json.dumps({"dimensions": DIMENSIONS, "overall": contents[path.parent.name]}))
    return paths


EXPECTED = """\
experiment  predicted by            x mm  yaw mrad  gripper  accuracy  F1 of changes
----------  ----------------------  ----  --------  -------  --------  -------------
good        policy                     1       500     0.25      0.90           0.50
            mean action                2       500     0.25      0.90           0.50
            previous action            3       500     0.25      0.90              -
            nearest neighbour          4       500     0.25      0.90           0.50
bare        nothing to validate on     -         -        -         -              -
absent      not evaluated              -         -        -         -              -
"""


def test_errors_stand_beside_those_of_the_baselines(files):
    assert evaluations_as_text(files) == EXPECTED


def test_the_script_prints_it(files, repository):
    script = repository / "workflow_scripts" / "summarise_evaluations.py"
    printed = subprocess.run([sys.executable, script, *files], capture_output=True, text=True, check=True).stdout
    assert printed == EXPECTED


def test_the_mean_over_seeds_has_a_line(tmp_path, repository):
    """2 and 4 mm: mean 3, 12.706 x 1.414 / 1.414 to either side; a number that one seed lacks has no mean."""
    paths = [tmp_path / name / "evaluation.json" for name in ("x_s0", "x_s1")]
    for path, x, f1 in zip(paths, (0.002, 0.004), (0.5, None), strict=True):
        path.parent.mkdir()
        overall = dict.fromkeys(("policy", "mean_action", "previous_action", "nearest_neighbour"), score(x, f1))
        path.write_text(json.dumps({"dimensions": DIMENSIONS, "overall": overall}))
    script = repository / "workflow_scripts" / "summarise_evaluations.py"
    command = [sys.executable, script, *paths, "--seeds", "x=x_s0,x_s1,x_s2"]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    line = printed.splitlines()[-3]
    assert line.split("  ")[0] == "x, mean" and "policy, 2 seeds" in line
    assert "3 ± 13" in line and "500 ± 0" in line and "0.9 ± 0" in line and line.endswith(" -")
    assert "interval of the mean over seeds" in printed


def test_nothing_evaluated_at_all(tmp_path):
    assert "not evaluated" in evaluations_as_text([tmp_path / "a" / "evaluation.json"])
