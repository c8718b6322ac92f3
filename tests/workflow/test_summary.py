"""The table of training runs, with the means over seeds."""

import json

from bridgelib.config.experiments import load_experiments
from bridgelib.workflow.summary import runs_as_text, seeds_as_words


def done(runs, name, **errors):
    path = runs / name / "done.json"
    path.parent.mkdir(parents=True)
    if errors:
        scores = {which: {"mse": error, "mse_of_mean_action": 2.0} for which, error in errors.items()}
        path.write_text(json.dumps({"step": 1000, "seconds": 60, "validation": scores}))
    return path


def test_the_mean_over_seeds_stands_below_them(tmp_path):
    """0.3 and 0.1: mean 0.2, deviation 0.1414, so 12.706 x 0.1414 / sqrt(2) to either side."""
    files = [
        done(tmp_path, "x_s0", first=1.0, last=0.3, best=0.2),
        done(tmp_path, "x_s1", first=1.0, last=0.1, best=0.1),
        done(tmp_path, "x_s2"),
        done(tmp_path, "other"),
    ]
    text = runs_as_text(files, {"x": ["x_s0", "x_s1", "x_s2"]})
    names = [line.split("  ")[0] for line in text.splitlines()[2:7]]
    assert names == ["x_s0", "x_s1", "x_s2", "x, mean", "other"]
    (line,) = [line for line in text.splitlines() if line.startswith("x, mean")]
    assert "1.000 ± 0.000  0.200 ± 1.271  0.150 ± 0.635" in line and line.endswith("2 of 3 seeds done")
    assert "Student's t" in text


def test_of_one_seed_there_is_no_mean(tmp_path):
    files = [done(tmp_path, "x_s0", first=1.0, last=0.3, best=0.2), done(tmp_path, "x_s1")]
    line = runs_as_text(files, {"x": ["x_s0", "x_s1"]}).splitlines()[4]
    assert line.split() == ["x,", "mean", *"------", "1", "of", "2", "seeds", "done"]


def test_scripts_are_told_of_seeds_in_words(tmp_path):
    path = tmp_path / "experiments.yaml"
    path.write_text("matrix: {algos: [bc, iql], tasks: [t], seeds: [0, 1]}")
    assert seeds_as_words(load_experiments(path, {})) == ["bc_t=bc_t_s0,bc_t_s1", "iql_t=iql_t_s0,iql_t_s1"]
    path.write_text("matrix: {algos: [bc, iql], tasks: [t]}")
    assert seeds_as_words(load_experiments(path, {})) == []
