"""What a command line asks for."""

import pytest

from bridgelib.errors import ConfigError
from bridgelib.workflow.targets import makes_nothing, refuse_misunderstood, targets_in


@pytest.mark.parametrize(
    ("line", "targets"),
    [
        ("-n", set()),
        ("-n --config machine=tasl train_all", {"train_all"}),
        ("-n --config machine=tasl evaluate_all", {"evaluate_all"}),
        ("numpy tfrecords --cores 8", {"numpy", "tfrecords"}),
        ("-n --quiet all --config machine=tasl -- numpy", {"numpy"}),
        ("-n -q all", set()),
        ("--quiet --cores all all", {"all"}),
        ("demo/numpy/task/2021-08-02_10-00-00.npz", set()),
    ],
)
def test_targets_among_the_words(line, targets):
    assert targets_in(line.split()) == targets


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("-n --config machine=tasl --config im_size=64", "--config more than once"),
        ("--config=machine=tasl -Cim_size=64 tfrecords", "--config more than once"),
        ("-n --config machine=tasl trian_all", "did you mean 'train_all'?"),
        ("tfrecord", "did you mean 'tfrecords'?"),
        ("--cores 8 forcast", "did you mean 'forecast'?"),
        ("-n bc_all --config machine=tasl", "ask for its file: runs/bc_all/done.json"),
        ("-n --config machine=tasl split_seed=0040 all", "write 32 or 40"),
        ("--config=im_size=1_28 -n", "write 128"),
        ("-C deterministic=yes -n", "write true"),
        ("tfrecords --config cameras=[0,012] --cores 2", "write 10 or 12"),
    ],
)
def test_what_snakemake_would_misunderstand_is_refused(line, said):
    with pytest.raises(ConfigError) as refused:
        refuse_misunderstood(line.split(), {"bc_all": "runs/bc_all/done.json"})
    assert said in str(refused.value)


@pytest.mark.parametrize(
    "line",
    [
        "-n --config machine=tasl train_all",
        "--configfile mine.yaml --config machine=tasl -- doctor",
        "--until numpy_to_tfrecord --cores all --quiet all tfrecords",
        "--forcerun train_policy --rerun-triggers mtime params --set-resources train_policy:mem_mb=64000",
        "--snakefile numpys -j 4 runs/bc_all/done.json",
        "",
    ],
)
def test_what_snakemake_understands_is_let_through(line):
    refuse_misunderstood([*line.split(), "", "all"], {"bc_all": "runs/bc_all/done.json"})


def test_what_starts_no_job_is_known():
    assert makes_nothing(["--unlock", "--config", "machine=tasl"])
    assert not makes_nothing(["-n", "--config", "machine=tasl", "train_all"])


def test_values_that_mean_one_thing_are_not_in_the_way():
    settings = "machine=~/my_1:30.yaml train_proportion=.9 gpu_memory=1e-1 cameras=[0,1]"
    refuse_misunderstood(f"-n --cores 07 --configfile=no a=no --config {settings} -- a=no b=yes".split(), {})
