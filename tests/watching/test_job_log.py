"""What the end of a log says."""

from bridgelib.watching.job_log import JobLog

TRAINING = """\
[job] XLA_FLAGS=--xla
runs/bc: training from the start
training  100/8500 steps  12.5 steps/s  ETA 0:11:12  actor_loss 0.52, waiting for data 3% of the time
validation after step 200: mse 0.532, mse_of_mean_action 0.9
training  210/8500 steps  12.4 steps/s  ETA 0:11:08  actor_loss 0.41, waiting for data 2% of the time
"""


def test_of_a_training_progress_validation_and_the_last_words_are_read():
    said = JobLog.of(TRAINING)
    assert (said.progress.done, said.progress.rate, said.progress.remaining) == (210, 12.4, "0:11:08")
    assert said.validation == "mse 0.532 (step 200)"
    assert said.last == "runs/bc: training from the start"


def test_redrawn_lines_and_control_characters_leave_no_trace():
    said = JobLog.of(
        "\r\x1b[Kx  1/2 files  3.0 files/s  ETA 0:00:01\r\x1b[Kx  2/2 files  3.0 files/s  ETA 0:00:00\n\x1b[31mred\x07"
    )
    assert said.progress.done == 2 and said.last == "red"


def test_a_log_that_is_not_there_says_nothing_and_a_long_one_is_read_from_its_end(tmp_path):
    assert JobLog.read(tmp_path / "none.log") == JobLog()
    path = tmp_path / "long.log"
    path.write_bytes(b"\xff first\n" * 100_000 + b"the end\n")
    said = JobLog.read(path)
    assert said.last == "the end" and said.changed == path.stat().st_mtime


def test_the_success_of_a_policy_is_that_in_all_tasks_and_not_of_other_words():
    said = JobLog.of(
        "put  50/50 episodes  1.3 episodes/s  ETA 0:00:00  40 succeeded\n"
        "put: 40 of 50 succeed (95 % interval 67% to 89%)\npush: 44 of 50 succeed (95 % interval 76% to 94%)\n"
        "put, other words: 3 of 50 succeed (95 % interval 1% to 16%)\n"
    )
    assert said.success == "84 of 100 succeeded"
    assert JobLog.of("expert, put: 50 of 50\n").success == ""
