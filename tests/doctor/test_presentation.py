"""What is printed, and the exit code; the command line itself."""

import json
import subprocess
import sys

import pytest

from bridgelib.commands.doctor import main
from bridgelib.doctor.check import Check, Finding, Status, ok
from bridgelib.doctor.presentation import as_json, as_text, exit_code, summary
from bridgelib.doctor.troubles import TROUBLES
from bridgelib.errors import DataError
from tests.doctor.laboratory import healthy_cpu


def finding(status, trouble="numpy", found="it is so", cure=""):
    return Finding(TROUBLES[trouble], status, found, cure)


@pytest.mark.parametrize(
    ("statuses", "code"),
    [
        ([], 0),
        ([Status.OK, Status.NOTE, Status.NOT_CHECKED], 0),
        ([Status.WARNING, Status.NOTE], 1),
        ([Status.OK, Status.ERROR, Status.WARNING], 2),
    ],
)
def test_the_exit_code_is_that_of_the_worst(statuses, code):
    findings = [finding(status) for status in statuses]
    assert exit_code(findings) == code == json.loads(as_json(findings))["exit_code"]


def test_the_text_has_a_line_each_and_the_cure_whole():
    long = "a " * 100 + "end"
    findings = [
        finding(Status.OK, "ml-dtypes", "fine"),
        finding(Status.NOT_CHECKED, "scipy", "not built"),
        finding(Status.NOT_CHECKED, "numpy", "not built"),
        finding(Status.ERROR, "disk", "full", cure=long),
        finding(Status.NOTE, "tfrecords", "foreign", cure="move them"),
    ]
    text = as_text(findings, "Doctor: here")
    assert text.startswith("Doctor: here\n\nPackages of the training environment\n  ok           ml-dtypes  fine\n")
    assert "  not checked  scipy, numpy: not built\n" in text  # neighbours that say the same are one line
    assert f"cure: {long}\n" in text and TROUBLES["disk"].why in text
    assert "cure: move them" in text and TROUBLES["tfrecords"].why not in text  # a note needs no reason
    assert text.endswith("\n1 ok, 1 note, 0 warnings, 1 error, 2 not checked\n")
    assert summary([]) == "0 ok, 0 notes, 0 warnings, 0 errors, 0 not checked"


def test_a_check_that_fails_itself_hides_nothing(laboratory):
    def broken(subject):
        raise ZeroDivisionError("by zero")

    def refused(subject):
        yield ok("so far")
        raise DataError("raw", given="cannot be read", do="look")

    trouble = TROUBLES["raw-layout"]
    found = Check(trouble, broken).run(laboratory.subject)
    assert [entry.status for entry in found] == [Status.NOT_CHECKED] and "by zero" in found[0].found
    found = Check(trouble, refused).run(laboratory.subject)
    assert (found[-1].status, found[-1].cure) == (Status.ERROR, "look")


def test_two_calls_say_the_same(laboratory):
    healthy_cpu(laboratory)
    assert as_json(laboratory.findings()) == as_json(laboratory.findings())


def doctor(laboratory, *options):
    profile, experiments = laboratory.folder / "mine.yaml", laboratory.folder / "experiments.yaml"
    settings = ["--machine", str(profile), "--config", f"experiments={experiments}", "wandb=disabled"]
    environment = ["--environment", str(laboratory.environment)]
    command = [sys.executable, "-m", "bridgelib.doctor", *settings, *options, *environment]
    return subprocess.run(command, cwd=laboratory.repository, capture_output=True, text=True)


def test_the_command_line(laboratory):
    healthy_cpu(laboratory)
    # Small enough for the real memory and disk of any host.
    laboratory.experiments = {
        "global": {"train_batch_size": 2, "num_steps": 3, "warmup_steps": 1},
        **laboratory.experiments,
    }
    laboratory.keys["im_size"] = 32
    _ = laboratory.subject  # writes the profile
    done = doctor(laboratory, "--json", "--fail-on", "error")
    assert done.returncode == 0, done.stdout + done.stderr
    content = json.loads(done.stdout)
    assert {entry["check"] for entry in content["findings"]} >= {"ml-dtypes", "disk", "wandb"}
    assert content["exit_code"] in (0, 1)
    done = doctor(laboratory, "depth=3")
    assert done.returncode == 2 and "ERROR        raw-depth" in done.stdout and "depth=2" in done.stdout


def test_a_call_that_is_wrong_says_so(tmp_path, repository):
    with pytest.raises(SystemExit) as ended:
        main(["--nonsense"])
    assert ended.value.code == 2
    done = subprocess.run(
        [sys.executable, "-m", "bridgelib.doctor", "--config", "im_size"],
        cwd=repository,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2 and "write it as KEY=VALUE" in done.stderr and "Traceback" not in done.stderr
    done = subprocess.run(
        [sys.executable, "-m", "bridgelib.doctor", "--explain", str(tmp_path / "absent.log")],
        cwd=repository,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2 and "no such log" in done.stderr


def test_a_log_is_explained_by_hand(tmp_path, capsys):
    log = tmp_path / "a.log"
    log.write_text("nvlink fatal : Input file 'x' newer than toolkit (129 vs 124)\n")
    assert main(["--explain", str(log)]) == 0
    assert "nvlink: nvlink fatal" in capsys.readouterr().out
    log.write_text("all is well\n")
    assert main(["--explain", str(log)]) == 1
