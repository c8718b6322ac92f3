"""The page of laboratories that were made up: what it says, that it stays small, and that nothing stands in its way."""

import json
import re
import subprocess
import sys

import pytest

from bridgelib.commands.report import parse_arguments
from bridgelib.report.origin import origin_in_page
from bridgelib.report.reading import read_facts
from bridgelib.report.runs import failure_in
from bridgelib.report.sections.attention import findings
from bridgelib.workflow.plan import WorkflowPlan
from bridgelib.workflow.reporting import subject_of
from tests.conftest import REPOSITORY
from tests.report.laboratory import PLATE, Size, write_data, write_laboratory, write_machine

EXPERIMENTS = {"global": {"num_steps": 1000}, "matrix": {"algos": ["bc", "gc_bc"], "tasks": ["all"], "seeds": [0, 1]}}


def facts_of(settings):
    return read_facts(subject_of(WorkflowPlan(settings, REPOSITORY), {}))


def made(folder, *words, check=True):
    """The page that the program makes, in a folder with mine.yaml and experiments.yaml."""
    script = REPOSITORY / "workflow_scripts" / "report.py"
    command = [sys.executable, script, "--config", "machine=mine.yaml", "experiments=experiments.yaml", *words]
    done = subprocess.run([*map(str, command)], cwd=folder, capture_output=True, text=True)
    assert not check or done.returncode == 0, done.stderr
    return (folder / "runs" / "report" / "index.html").read_text(encoding="utf-8")


def told(facts):
    """Every finding as plain English, its grade before it."""
    texts = []
    for finding in findings(facts):
        english = re.sub(r'<span class="zh".*?</span>', "", f"{finding.text} {finding.details}")
        texts.append(f"{finding.grade}: {re.sub('<[^>]+>', '', english)}")
    return texts


def test_a_whole_laboratory(tmp_path):
    write_laboratory(tmp_path, Size(), EXPERIMENTS)
    page = made(tmp_path)
    assert "4 of 4 experiments are trained" in page and page.count("<section") == 7
    assert "alert(1)" in page and "<script>alert" not in page
    origin = origin_in_page(tmp_path / "runs" / "report" / "index.html")
    assert set(origin["experiments"]) == {"bc_all_s0", "bc_all_s1", "gc_bc_all_s0", "gc_bc_all_s1"}
    plan = WorkflowPlan(write_machine(tmp_path, EXPERIMENTS), REPOSITORY)
    assert origin == plan.staleness.origin_of_report()
    (tmp_path / "runs" / "bc_all_s0" / "evaluation.json").unlink()
    assert origin != WorkflowPlan(write_machine(tmp_path, EXPERIMENTS), REPOSITORY).staleness.origin_of_report()


def test_times_are_beside_those_that_were_forecast(tmp_path, monkeypatch):
    settings = write_laboratory(tmp_path, Size(), EXPERIMENTS)
    monkeypatch.chdir(tmp_path)
    assert {each.seconds for each in facts_of(settings).subject.expected} == {None}
    timed = {name: 60.0 + place for place, name in enumerate(settings.experiments)}
    speeds = {"raw_to_numpy": 50.0, "numpy_to_tfrecord": 400.0, "jpeg_frame": 9000.0}
    (tmp_path / "logs").mkdir(exist_ok=True)
    (tmp_path / "logs" / "forecast.json").write_text(json.dumps({"conversion": speeds, "trainings": timed}))
    expected = {each.step: each.seconds for each in facts_of(settings).subject.expected}
    assert expected["train_policy"] == 60 + 61 + 62 + 63
    assert expected["raw_to_numpy"] == 8 * expected["numpy_to_tfrecord"]
    (tmp_path / "logs" / "forecast.json").write_text("[]")
    assert {each.seconds for each in facts_of(settings).subject.expected} == {None}


def test_settings_may_be_none():
    """`snakemake report` as it is typed: the rule hands on the settings that were given."""
    assert parse_arguments(["--config", "--output", "page.html"]).config == {}


def test_nothing_at_all(tmp_path):
    write_machine(tmp_path, EXPERIMENTS)
    page = made(tmp_path)
    assert "0 of 4 experiments are trained" in page and "There is no data report" in page


def test_nothing_but_remarks(tmp_path):
    """Every trajectory that is kept has one, some have two; every task has one on itself."""
    settings = write_machine(tmp_path, EXPERIMENTS)
    write_data(tmp_path, [PLATE], Size())
    report = tmp_path / "tfrecord" / PLATE / "report.json"
    content = json.loads(report.read_text())
    places = [f"{PLATE}/2021-08-02_10-00-00/raw/traj_group0/traj{number}" for number in range(8)]
    kinds = ("traj_not_ok", "time_jumps", "of_a_later_release")
    content["remarks"] = [
        {"trajectory": place, "remark": kind, "detail": "<i>"} for kind in kinds for place in (*places, None)
    ]
    report.write_text(json.dumps(content))
    facts = facts_of(settings)
    assert all(set(shown.remarks) == set(kinds) for shown in facts.tasks[0].shown)
    found = told(facts)
    assert any(text.startswith("warn: agent_data.pkl says traj_ok: False") for text in found)
    assert any(text.startswith("note: of_a_later_release (9)") for text in found)
    assert "<i></code>" not in made(tmp_path)


def test_everything_failed(tmp_path):
    """Damaged results, logs of failures, a task that cannot be read: each is told, and the page is made."""
    settings = write_laboratory(tmp_path, Size(), EXPERIMENTS)
    runs = tmp_path / "runs"
    for name in ("bc_all_s0", "bc_all_s1"):
        (runs / name / "done.json").unlink()
    (tmp_path / "logs" / "train_policy").mkdir(parents=True)
    log = (
        "training  5/9 steps\nDataError: training, between step 3 and step 4\n  given:   loss is nan\n  to do:   look\n"
    )
    (tmp_path / "logs" / "train_policy" / "bc_all_s0.log").write_text(log)
    (runs / "gc_bc_all_s0" / "evaluation.json").write_text("{")
    (runs / "gc_bc_all_s0" / "rollouts.json").write_text('{"tasks": 3}')
    (runs / "gc_bc_all_s1" / "latest" / "metrics.jsonl").write_text("no\n")
    (runs / "references.json").write_text("[]")
    (tmp_path / "tfrecord" / PLATE / "train" / "out.tfrecord").write_bytes(b"x" * 100)
    (tmp_path / "tfrecord" / "task_000" / "report.json").unlink()
    page = made(tmp_path)
    assert "2 of 4 experiments are trained" in page
    for words in (
        "loss is nan",
        "evaluation.json",
        "rollouts.json",
        "metrics.jsonl",
        "references.json",
        "out.tfrecord",
    ):
        assert words in page, words
    found = told(facts_of(settings))
    assert any(text.startswith("bad: Tasks that are not converted (1)") and "task_000" in text for text in found)
    assert any(text.startswith("bad: What could not be read") for text in found)


def test_what_deserves_attention_is_found(tmp_path):
    settings = write_laboratory(tmp_path, Size(), EXPERIMENTS)
    run = tmp_path / "runs" / "bc_all_s0"
    lines = (run / "latest" / "metrics.jsonl").read_text().splitlines()
    little = {"mse": 9.0, "transitions": 35.0}
    worse = [{**line, **(little if line["kind"] == "validation" else {})} for line in map(json.loads, lines)]
    (run / "latest" / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in worse))
    found = told(facts_of(settings))
    for start in (
        "bad: Policies that predict no better than the mean action (",
        "warn: Trainings that were validated on few transitions, or on none: their errors say little (1)",
        "note: Trainings that were resumed, from these steps (1)",
        "warn: frames that are black (1)",
        "warn: Policies that were made from something else",
    ):
        assert any(text.startswith(start) for text in found), (start, found)


@pytest.mark.parametrize(
    ("log", "failure"),
    [
        ("", ""),
        ("fine\n", ""),
        ("ValueError: first\nDataError: last\n  given: x\n", "DataError: last\n  given: x"),
    ],
)
def test_the_last_error_of_a_log(tmp_path, log, failure):
    (tmp_path / "log").write_text(log)
    assert failure_in(tmp_path / "log") == failure
    assert failure_in(tmp_path / "absent") == ""


@pytest.mark.slow
def test_how_large_it_becomes_does_not_depend_on_the_data(tmp_path):
    """500 tasks with 60,000 trajectories, and 200 experiments: under 15 MB, and under 500 MB of memory."""
    tasks = ["all", *(f"task_{number:03d}" for number in range(19))]
    content = {"global": {}, "matrix": {"algos": ["bc", "gc_bc"], "tasks": tasks, "seeds": [0, 1, 2, 3, 4]}}
    settings = write_laboratory(tmp_path, Size(500, 120, 38, 64, 500), content)
    assert len(settings.experiments) == 200
    # Not ru_maxrss: that begins with what the process had that started this one, here all that other tests took.
    program = "from pathlib import Path; from bridgelib.commands.report import main; main();"
    program += "print(Path('/proc/self/status').read_text().split('VmHWM:')[1].split()[0])"
    words = ["--config", "machine=mine.yaml", "experiments=experiments.yaml"]
    told = subprocess.check_output([sys.executable, "-c", program, *words], cwd=tmp_path, text=True)
    assert int(told.split()[-1]) < 500_000  # kB
    page = (tmp_path / "runs" / "report" / "index.html").read_text(encoding="utf-8")
    assert 2_000_000 < len(page.encode()) < 15_000_000 and page.count("<details") > 500
