"""From Snakemake's own log of a run to the logs of the jobs that failed, and to what is printed."""

import pytest

from bridgelib.doctor.failures import Failure, explanation, failures
from bridgelib.doctor.subject import ROOT_OF
from bridgelib.versions import MODULES

# As Snakemake 9.27 writes it: a failed attempt, its repetition, a job killed by a signal, and one on a cluster.
RUN = """\
Building DAG of jobs...
RuleException:
CalledProcessError in file "/lab/rules/training.smk", line 10:
Command 'set -euo pipefail;  python train.py > logs/train_policy/bc_all.log 2>&1' returned non-zero exit status 1.
[Sun Nov 22 18:44:52 2026]
Error in rule train_policy:
    message: None
    jobid: 1
    output: runs/bc_all/done.json
    log: logs/train_policy/bc_all.log (check log file(s) for error details)
    shell:
        python train.py > logs/train_policy/bc_all.log 2>&1
        (command exited with non-zero exit code)
Logfile logs/train_policy/bc_all.log:
=================================
RESOURCE_EXHAUSTED: Out of memory
=================================
Trying to restart job 1.
RuleException:
Command 'set -euo pipefail;  python convert.py > 'logs/raw_to_numpy/a b.log' 2>&1' died with <Signals.SIGKILL: 9>.
[Sun Nov 22 18:44:53 2026]
Error in rule raw_to_numpy:
    message: None
    jobid: 2
    output: numpy/a b.npz
    log: logs/raw_to_numpy/a b.log (check log file(s) for error details)
Command 'set -euo pipefail;  python train.py > logs/train_policy/bc_all.log 2>&1' returned non-zero exit status 137.
[Sun Nov 22 18:44:54 2026]
Error in rule train_policy:
    message: None
    jobid: 1
    output: runs/bc_all/done.json
    log: logs/train_policy/bc_all.log (check log file(s) for error details)
[Sun Nov 22 18:44:55 2026]
Error in rule numpy_to_tfrecord:
    message: SLURM-job '12' failed, SLURM status is: 'TIMEOUT'. For further error details see the job log.
    jobid: 3
    output: tfrecord/a/train/out.tfrecord
    log: logs/numpy_to_tfrecord/a.log (check log file(s) for error details), /lab/slurm/12.log (check log file(s) for error details)
Error in rule doctor:
    message: None
    jobid: 0
    log: logs/doctor.log (check log file(s) for error details)
Exiting because a job execution failed. Look above for error messages
"""  # noqa: E501


def test_failed_jobs_are_found_with_their_logs_and_the_last_exit_code():
    found = failures(RUN)
    assert [(entry.rule, entry.logs, entry.exit_code) for entry in found] == [
        ("train_policy", ("logs/train_policy/bc_all.log",), 137),
        ("raw_to_numpy", ("logs/raw_to_numpy/a b.log",), 137),
        ("numpy_to_tfrecord", ("logs/numpy_to_tfrecord/a.log", "/lab/slurm/12.log"), None),
        ("doctor", ("logs/doctor.log",), None),
    ]
    assert isinstance(found[0], Failure)
    assert failures("Nothing to be done.\n") == []


def test_a_job_whose_next_attempt_succeeded_did_not_fail():
    recovered = RUN + "[Sun Nov 22 18:44:59 2026]\nFinished jobid: 1 (Rule: train_policy)\n2 of 4 steps (50%) done\n"
    assert [entry.rule for entry in failures(recovered)] == ["raw_to_numpy", "numpy_to_tfrecord", "doctor"]
    # Finished before it failed: that was another job of this number, or the run was started again in one log.
    assert len(failures("Finished jobid: 1 (Rule: train_policy)\n" + RUN)) == 4


def test_a_doctor_that_stumbles_hides_nothing(laboratory, run, monkeypatch):
    monkeypatch.setattr("bridgelib.doctor.failures.recognised", lambda *_: 1 / 0)
    assert (
        explanation([run], laboratory.subject)
        == "\nThe doctor cannot explain it: ZeroDivisionError: division by zero\n"
    )


@pytest.fixture
def run(laboratory):
    path = laboratory.folder / "run.log"
    path.write_text(RUN)
    for folder in ("train_policy", "raw_to_numpy", "numpy_to_tfrecord"):
        (laboratory.folder / "logs" / folder).mkdir(parents=True)
    return path


def test_each_failed_job_is_explained(laboratory, run):
    (laboratory.folder / "logs/train_policy/bc_all.log").write_text("start\nDNN library initialization failed\n")
    (laboratory.folder / "logs/raw_to_numpy/a b.log").write_text("12 of 400 trajectories\n")
    said = explanation([run], laboratory.subject)
    training, conversion, tfrecord = (part for part in said.split("\n\n") if "why:" in part)
    assert "logs/train_policy/bc_all.log" in training and "gpu-memory: DNN library" in training and "gpus=" in training
    assert "logs/raw_to_numpy/a b.log" in conversion and "exit code 137" in conversion and "--cores" in conversion
    assert "logs/numpy_to_tfrecord/a.log" in tfrecord and "interrupted" in tfrecord and "TIMEOUT" in tfrecord
    assert "doctor.log" not in said and "snakemake doctor --config machine=" in said


def test_jobs_that_failed_for_one_reason_are_told_once(laboratory, run):
    names = ("train_policy/bc_all", "raw_to_numpy/a b", "numpy_to_tfrecord/a")
    for name in names:
        (laboratory.folder / f"logs/{name}.log").write_text("no attribute 'float8_e3m4'\n")
    said = explanation([run], laboratory.subject)
    assert said.count("why:") == 1 and all(f"  logs/{name}.log\n" in said for name in names)


def test_the_folder_that_a_job_wrote_to_is_named(laboratory, run):
    (laboratory.folder / "logs/raw_to_numpy/a b.log").write_text("OSError: [Errno 28] No space left on device\n")
    said = explanation([run], laboratory.subject)
    assert "free space in numpy, or name another folder" in said and "numpy=/another/disk" in said


def test_of_every_step_it_is_known_which_root_it_fills():
    assert ROOT_OF.keys() == {*MODULES, "train_policy", "embed_language_with_muse"}


def test_what_is_not_known_is_not_guessed(laboratory, run):
    run.write_text(RUN[: RUN.index("RuleException:\nCommand")].replace("exit status 1.", "exit status 3."))
    (laboratory.folder / "logs/train_policy/bc_all.log").write_text("something new\n")
    said = explanation([run], laboratory.subject)
    assert "nothing in it that the doctor knows" in said and "why:" not in said


def test_nothing_is_said_where_no_job_failed(laboratory, run):
    run.write_text("Nothing to be done.\n")
    assert explanation([run, laboratory.folder / "absent.log"], laboratory.subject) == ""
    run.write_text("")  # as with `--quiet all`
    assert "--explain logs/RULE/NAME.log" in explanation([run], laboratory.subject)
