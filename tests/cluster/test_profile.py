"""What profiles/slurm submits, seen by an `sbatch` that writes down what it was asked for; needs no SLURM."""

import ast
import importlib.util
import json
import re
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from bridgelib.config.experiments import load_experiments
from bridgelib.config.machines import load_machine
from bridgelib.workflow.resources import conversion_mb, training_mb
from tests.workflow.conftest import Workspace

# It refuses every job, so that Snakemake soon ends.
SBATCH = """#!{python}
import json, os, sys
with open({record!r}, "a") as file:
    file.write(json.dumps({{"options": sys.argv[1:], "MACHINE": os.environ.get("MACHINE")}}) + "\\n")
sys.exit("only looking")
"""
# All of SLURM that the plugin calls: a real one that is installed here must not answer instead.
PROGRAMS = ("sacct", "sacctmgr", "sbatch", "scancel", "scontrol", "sinfo", "squeue", "srun", "sshare")
SESSION = "open_drawer/2021-08-02_10-00-00"


@pytest.fixture
def lab(tmp_path, repository, monkeypatch) -> Workspace:
    """A shard to convert, TFRecords from elsewhere to train on, and an `sbatch` that only looks."""
    made = Workspace(tmp_path / "lab", repository)
    (made.raw / SESSION / "raw" / "traj_group0" / "traj0").mkdir(parents=True)
    for side in ("train", "val"):
        records = made.folder / "elsewhere" / "close_drawer" / side / "out.tfrecord"
        records.parent.mkdir(parents=True)
        records.touch()
    made.write_profile(workers=3, gpus="0,1", jax_platform="auto")
    commands = tmp_path / "commands"
    commands.mkdir()
    for name in PROGRAMS:
        program = commands / name
        program.write_text(SBATCH.format(python=sys.executable, record=str(made.folder / f"{name}.jsonl")))
        program.chmod(program.stat().st_mode | stat.S_IEXEC)
    monkeypatch.setenv("PATH", str(commands), prepend=":")
    monkeypatch.delenv("MACHINE", raising=False)
    return made


def submitted(lab: Workspace, *words, **options) -> tuple[dict[str, list[str]], list[dict]]:
    """Rule -> the first command line that asked for one of its jobs; and all that was written down."""
    profile = f"--workflow-profile={lab.repository}/profiles/slurm"
    flags = ["--retries=0", "--slurm-init-seconds-before-status-checks=1"]
    lab.snakemake(profile, *flags, *words, check=False, **options)
    seen = [json.loads(line) for line in (lab.folder / "sbatch.jsonl").read_text().splitlines()]
    jobs = {}
    for entry in seen:
        rule = re.search(r"rule_(\w+?)(_wildcards_.*)?$", value(entry["options"], "--comment"))[1]
        jobs.setdefault(rule, entry["options"])
    return jobs, seen


def value(options: list[str], name: str) -> str | None:
    """What follows an option, as in `-p main` or `--gpus=1`; None where the option is not there."""
    for option, following in zip(options, [*options[1:], ""], strict=True):
        if option == name:
            return following
        if option.startswith(f"{name}="):
            return option.partition("=")[2]
    return None


def commands_in(source: str) -> Iterator[str]:
    """The first word of each string that goes into a variable such as `cmd`, `scancel_command` or `call`."""
    for node in ast.walk(ast.parse(source)):
        names = [target.id for target in getattr(node, "targets", []) if isinstance(target, ast.Name)]
        if any(name.endswith(("cmd", "command", "call")) for name in names):
            strings = [part.value for part in ast.walk(node.value) if isinstance(part, ast.Constant)]
            yield from [text.split()[0] for text in strings[:1] if isinstance(text, str) and text.strip()]


def test_every_program_that_the_plugin_calls_has_a_false_one():
    plugins = [f"snakemake_executor_plugin_slurm{part}" for part in ("", "_jobstep")]
    folders = [Path(importlib.util.find_spec(name).origin).parent for name in plugins]
    called = {word for folder in folders for path in folder.glob("*.py") for word in commands_in(path.read_text())}
    assert {"sbatch", "squeue", "sinfo"} <= called <= {*PROGRAMS, "which"}


def test_jobs_ask_for_what_the_plan_and_the_profile_say(lab):
    settings = {"data_root": str(lab.folder / "elsewhere"), "cuda_visible_devices": "0,1", "train_batch_size": 8}
    path = lab.write_experiments({"global": settings, "matrix": {"algos": ["bc"], "tasks": ["close_drawer"]}})
    jobs, _ = submitted(lab, f"experiments={path}", "numpy", "train_all")
    machine, (experiment,) = load_machine(str(lab.profile), lab.repository), load_experiments(path, {}).values()

    training, conversion = jobs["train_policy"], jobs["raw_to_numpy"]
    assert value(training, "--gpus") == "2" and value(conversion, "--gpus") is None
    assert value(training, "--mem") == str(training_mb(machine, experiment, on_cpu=False))
    assert value(conversion, "--mem") == str(conversion_mb(machine))
    assert value(training, "-t") == "1440"
    assert value(training, "--cpus-per-task") == "3" and value(conversion, "--cpus-per-task") == "3"
    for options in jobs.values():
        assert value(options, "-p") == "main" and "--requeue" in options
        assert value(options, "-D") == str(lab.folder)


def test_a_run_without_gpu_asks_for_none_and_a_user_may_ask_for_other_things(lab):
    settings = {"data_root": str(lab.folder / "elsewhere"), "train_batch_size": 8}
    path = lab.write_experiments({"global": settings, "matrix": {"algos": ["bc"], "tasks": ["close_drawer"]}})
    own = ["--set-resources=train_policy:runtime=30", "--default-resources=slurm_partition=cpu"]
    jobs, _ = submitted(lab, *own, f"experiments={path}", "jax_platform=cpu", "train_all")
    training = jobs["train_policy"]
    assert value(training, "--gpus") is None and value(training, "--ntasks") == "1"
    assert value(training, "--cpus-per-task") == "3"
    assert value(training, "-t") == "30" and value(training, "-p") == "cpu"


def test_the_nodes_are_told_which_machine_was_chosen(lab):
    words = ["--config", "env=current", f"raw={lab.folder}/raw", f"numpy={lab.folder}/numpy", "--", "numpy"]
    jobs, seen = submitted(lab, *words, machine=False)
    assert set(jobs) == {"simulate_demonstrations"}
    assert {entry["MACHINE"] for entry in seen} == {"demo"}


def test_both_profiles_repair_the_command_line_in_the_same_way(repository):
    def definitions(name):
        content = yaml.safe_load((repository / "profiles" / name / "config.yaml").read_text())
        return [text for text in content["__definitions__"] if "_with_targets_kept" in text]

    assert len(definitions("slurm")) == 1
    assert definitions("slurm") == definitions("default")


def test_a_failed_training_is_tried_again_by_the_one_who_submitted_it_only(lab):
    settings = {"data_root": str(lab.folder / "elsewhere"), "train_batch_size": 8}
    path = lab.write_experiments({"global": settings, "matrix": {"algos": ["bc"], "tasks": ["close_drawer"]}})
    settings = [f"machine={lab.profile}", f"experiments={path}", "jax_platform=cpu", "env=current", "wandb=disabled"]
    command = ["--cores=1", "--config", *settings, "--", "runs/bc_close_drawer/done.json"]
    _, output = lab.snakemake("--mode=remote", *command, check=False, machine=False)  # as a job calls it
    assert "DataError" in (lab.folder / "logs" / "train_policy" / "bc_close_drawer.log").read_text()
    assert "Trying to restart job" not in output
