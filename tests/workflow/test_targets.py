"""What a command line asks for."""

import pytest

from bridgelib.workflow.targets import makes_nothing, targets_in


@pytest.mark.parametrize(
    ("line", "targets"),
    [
        ("-n", set()),
        ("-n --config machine=tasl train_all", {"train_all"}),
        ("numpy tfrecords --cores 8", {"numpy", "tfrecords"}),
        ("-n --quiet all --config machine=tasl -- numpy", {"numpy"}),
        ("-n -q all", set()),
        ("--quiet --cores all all", {"all"}),
        ("demo/numpy/task/2021-08-02_10-00-00.npz", set()),
    ],
)
def test_targets_among_the_words(line, targets):
    assert targets_in(line.split()) == targets


def test_what_starts_no_job_is_known():
    assert makes_nothing(["--unlock", "--config", "machine=tasl"])
    assert not makes_nothing(["-n", "--config", "machine=tasl", "train_all"])
