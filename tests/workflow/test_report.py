"""The report in the workflow: of what there is, made anew when that changes; and Snakemake's own report."""

import shutil

from tests.report.laboratory import Size, write_laboratory

EXPERIMENTS = {
    "global": {"num_steps": 1000, "warmup_steps": 10},
    "matrix": {"algos": ["bc"], "tasks": ["all"], "seeds": [0, 1]},
}
WORDS = ("experiments=experiments.yaml", "report")


def test_it_waits_for_nothing_and_is_made_anew_when_a_result_changes(workspace):
    write_laboratory(workspace.folder, Size(), EXPERIMENTS)
    (workspace.folder / "runs" / "bc_all_s1" / "done.json").unlink()
    _, output = workspace.snakemake(*WORDS)
    assert "The report is in runs/report/index.html" in output
    assert workspace.jobs(*WORDS) == {}
    shutil.rmtree(workspace.folder / ".snakemake")
    assert workspace.jobs(*WORDS) == {}
    (workspace.folder / "runs" / "bc_all_s0" / "evaluation.json").unlink()
    assert workspace.jobs(*WORDS) == {"report": 1}


def test_it_is_made_where_there_is_nothing_at_all(workspace):
    workspace.raw.rmdir()
    workspace.write_experiments(EXPERIMENTS)
    workspace.snakemake(*WORDS)
    page = (workspace.folder / "runs" / "report" / "index.html").read_text(encoding="utf-8")
    assert "0 of 2 experiments are trained" in page and "no such folder" in page


def test_what_else_is_asked_for_comes_first(workspace):
    write_laboratory(workspace.folder, Size(), EXPERIMENTS)
    shutil.rmtree(workspace.folder / "runs")
    wanted = workspace.jobs("experiments=experiments.yaml", "train_all", "report")
    assert wanted["train_policy"] == 2 and wanted["report"] == 1 and "evaluate_policy" not in wanted
    assert workspace.jobs("experiments=experiments.yaml", "all")["evaluate_policy"] == 2
    assert workspace.jobs(*WORDS) == {"report": 1}


def test_snakemake_makes_its_own_report(workspace):
    write_laboratory(workspace.folder, Size(), EXPERIMENTS)
    workspace.snakemake(*WORDS)
    workspace.snakemake("--report=own.html", *WORDS)
    assert "Everything on one page" in (workspace.folder / "own.html").read_text(encoding="utf-8")
