"""An experiment that needs instructions is refused before anything runs, on whatever is known by then."""

import subprocess
import sys
from pathlib import Path

import pytest

from bridgelib.conversion.accounting import TaskReport
from bridgelib.errors import ConfigError
from bridgelib.files import write_json
from bridgelib.language.presence import has_language, refuse_without_language
from tests.language.experiments import experiment, write_task


def write_raw(task, *languages):
    """Trajectories of one dated folder, with a lang.txt where there is an instruction."""
    for number, text in enumerate(languages):
        folder = task / "2021-08-02_10-00-00" / "raw" / f"traj_group{number // 2}" / f"traj{number}"
        folder.mkdir(parents=True)
        if text:
            (folder / "lang.txt").write_text(f"{text}\nconfidence: 1.0\n")


def write_report(folder, instructed):
    side = {"trajectories": 3, "frames": 12, "bytes": 100}
    content = {"found": 6, "kept": 6, "instructed": instructed, "rejected": [], "passed_over": []}
    write_json(folder / "report.json", {**content, "train": side, "val": side})


@pytest.fixture
def roots(tmp_path):
    return tmp_path / "tfrecord", tmp_path / "raw"


def test_nothing_is_known_of_a_task_that_is_not_there(roots):
    tfrecords, raw = roots
    assert has_language(tfrecords / "t", raw / "t") is None
    assert has_language(tfrecords / "t", None) is None


def test_the_raw_tree_answers_where_nothing_was_converted(roots):
    tfrecords, raw = roots
    write_raw(raw / "with", "", "", "open the drawer")
    write_raw(raw / "without", "", "")
    (raw / "empty" / "2021-08-02_10-00-00").mkdir(parents=True)
    answers = {task: has_language(tfrecords / task, raw / task) for task in ("with", "without", "empty")}
    assert answers == {"with": True, "without": False, "empty": None}


def test_texts_that_say_nothing_are_no_instructions(roots):
    tfrecords, raw = roots
    write_raw(raw / "nothing", "None", "n/a", "\u200b", "-")
    write_raw(raw / "something", "None", "open the drawer")
    assert has_language(tfrecords / "nothing", raw / "nothing") is False
    assert has_language(tfrecords / "something", raw / "something") is True


def test_a_report_answers(roots):
    tfrecords, _ = roots
    write_report(tfrecords / "with", 3)
    write_report(tfrecords / "without", 0)
    assert has_language(tfrecords / "with", None) is True
    assert has_language(tfrecords / "without", None) is False
    # The report is the one that the account of the data is made of.
    assert TaskReport.read(tfrecords / "with" / "report.json", tfrecords).account.instructed == 3


def test_indices_answer_for_tfrecords_made_elsewhere(roots):
    tfrecords, _ = roots
    write_task(tfrecords / "with", [("",), ("",)], [("", "öffne")])
    write_task(tfrecords / "without", [("",), ("",)])
    write_task(tfrecords / "empty", [])
    assert has_language(tfrecords / "with", None) is True
    assert has_language(tfrecords / "without", None) is False
    assert has_language(tfrecords / "empty", None) is False


def test_instructions_that_are_newer_than_the_tfrecords_count(roots):
    tfrecords, raw = roots
    write_report(tfrecords / "t", 0)
    write_task(tfrecords / "t", [("",)])
    write_raw(raw / "t", "open the drawer")
    assert has_language(tfrecords / "t", raw / "t") is True


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"instructed": null}'])
def test_a_damaged_report_says_nothing(roots, content):
    write_report(roots[0], 1)
    (roots[0] / "report.json").write_text(content)
    assert has_language(roots[0], None) is None


@pytest.mark.parametrize("kept", [0, 30, -30])
def test_a_damaged_index_says_nothing(roots, kept):
    write_task(roots[0], [("open",)])
    for path in roots[0].glob("*/out.index.npz"):
        path.write_bytes(path.read_bytes()[:kept])
    assert has_language(roots[0], None) is None


def test_lc_bc_without_language_is_refused(roots):
    tfrecords, raw = roots
    tasks = [f"task{number}" for number in range(7)]
    for task in tasks:
        write_raw(raw / task, "", "")
    with pytest.raises(ConfigError) as raised:
        refuse_without_language(experiment(), tasks, tfrecords, raw)
    message = str(raised.value)
    assert "'lc_bc_toys'" in message and "dataset 'toys'" in message and "coverage 0 %" in message
    assert "task4 and 2 more" in message and "lang.txt" in message


@pytest.mark.parametrize("other", ["with", "unknown"])
def test_one_task_with_language_or_not_yet_known_is_enough(roots, other):
    tfrecords, raw = roots
    write_raw(raw / "with", "open the drawer")
    write_raw(raw / "without", "")
    refuse_without_language(experiment(), ["without", other], tfrecords, raw)


def test_other_algorithms_need_no_language(roots):
    tfrecords, raw = roots
    write_raw(raw / "without", "")
    refuse_without_language(experiment("gc_bc"), ["without"], tfrecords, raw)


def test_a_model_that_is_missing_is_refused_too(roots):
    wrong = experiment(text_processor="clip", text_processor_kwargs={"model": "no-such-folder"})
    with pytest.raises(ConfigError, match=r"experiment 'lc_bc_toys'[\s\S]*no-such-folder"):
        refuse_without_language(wrong, ["t"], *roots)


def test_the_look_at_the_raw_tree_stops_at_the_first_instruction(roots, monkeypatch):
    """A release has 50,000 trajectories: with instructions, a dry run must not look at each of them."""
    write_raw(roots[1] / "t", *(["open the drawer"] * 100))
    looked, exists = [], Path.exists
    monkeypatch.setattr(Path, "exists", lambda path: looked.append(path) or exists(path))
    assert has_language(roots[0] / "t", roots[1] / "t")
    assert len(looked) < 10


def test_real_demonstrations_have_language(shared, tmp_path):
    for task in (shared / "bridge-sample" / "raw").iterdir():
        assert has_language(tmp_path, task) is True


def test_snakemakes_python_needs_no_numpy(repository):
    program = "import sys; sys.modules['numpy'] = None; import bridgelib.language.presence"
    subprocess.run([sys.executable, "-c", program], cwd=repository, check=True)
