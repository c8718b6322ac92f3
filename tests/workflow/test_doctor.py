"""The doctor as a target of the real Snakefile, and what it says when jobs fail."""

import shutil

import pytest

DATES = ("2021-08-02_10-00-00", "2021-08-03_11-30-00")
# Read by every Python of the run; it acts in the launcher of a conversion only.
SABOTAGE = f"""
import os, sys
words = " ".join(sys.orig_argv)
if "raw_to_numpy.py" in words and "{DATES[0]}" in words:
    os.kill(os.getpid(), 9)
if "raw_to_numpy.py" in words and "{DATES[1]}" in words:
    print("OSError: [Errno 28] No space left on device", file=sys.stderr)
    os._exit(1)
"""


@pytest.fixture
def lab(workspace):
    for date in DATES:
        trajectory = workspace.raw / "open_drawer" / date / "raw" / "traj_group0" / "traj0"
        (trajectory / "images0").mkdir(parents=True)
        for part in ("obs_dict.pkl", "policy_out.pkl", "lang.txt"):
            (trajectory / part).touch()
    small = {"train_batch_size": 4, "num_steps": 3, "save_interval": 3, "warmup_steps": 1}
    runs = [{"algo": "bc", "task": "open_drawer"}]
    workspace.experiments = f"experiments={workspace.write_experiments({'global': small, 'runs': runs})}"
    return workspace


def test_a_healthy_machine_is_green_every_time(lab):
    for _ in range(2):  # it has no output, so it is never up to date
        code, output = lab.snakemake("doctor", lab.experiments, check=False)
        assert code == 0, output
        assert "Doctor: machine mine, environment" in output and ", 0 errors," in output
        assert "raw-layout" in output and "1 tasks, 2 dated folders" in output


def test_it_diagnoses_what_stops_every_other_target(lab):
    shutil.rmtree(lab.raw)
    code, output = lab.snakemake("-n", "tfrecords", check=False)
    assert code != 0
    code, output = lab.snakemake("doctor", lab.experiments, check=False)
    assert code != 0 and "Traceback" not in output
    assert "ERROR" in output and "raw: no such folder" in output
    _, quiet = lab.snakemake("doctor", "--quiet=all", lab.experiments, check=False)  # `all` is no target there
    assert "raw: no such folder" in quiet
    assert f"snakemake --config machine={lab.profile}" in output and "raw=/where/the/raw/data/lies" in output
    assert "Why it failed" not in output and "marked ERROR above" in output


def test_the_chosen_settings_reach_it(lab):
    _, output = lab.snakemake("doctor", lab.experiments, "depth=3", "gpus=0,1", check=False)
    assert "the profile says depth 3, and the dated folders lie at depth 2" in output
    assert f"machine={lab.profile} env=current wandb=disabled" in output and " gpus=0,1 depth=2\n" in output


def test_jobs_that_fail_are_explained_below_snakemakes_own_error(lab, monkeypatch):
    (lab.folder / "sabotage").mkdir()
    (lab.folder / "sabotage" / "sitecustomize.py").write_text(SABOTAGE)
    monkeypatch.setenv("PYTHONPATH", str(lab.folder / "sabotage"))
    code, output = lab.snakemake("numpy", lab.experiments, check=False)
    assert code != 0
    assert "Why it failed" in output, output
    explained = output[output.index("Why it failed") :]
    parts = [part for part in explained.split("\n\n") if "why:" in part]
    killed, full = (next(part for part in parts if date in part) for date in DATES)
    assert f"logs/raw_to_numpy/open_drawer/{DATES[0]}.log" in killed and "killed: it ended with exit code 137" in killed
    assert f"logs/raw_to_numpy/open_drawer/{DATES[1]}.log" in full and "disk: OSError: [Errno 28]" in full
    assert "free space in numpy, or name another folder" in full and "numpy=/another/disk" in full
    assert f"machine={lab.profile}" in full and "snakemake doctor --config" in explained


def test_nothing_is_explained_where_nothing_failed(lab):
    _, output = lab.snakemake("-n", "numpy", lab.experiments)
    assert "Why it failed" not in output


def test_it_starts_though_nothing_can_be_simulated(lab):
    lab.write_profile(simulation={"tasks": ["open_door"]})
    code, output = lab.snakemake("doctor", lab.experiments, check=False)
    assert code != 0 and "'tasks'" in output and "open_door" in output and '.smk", line 8' not in output
