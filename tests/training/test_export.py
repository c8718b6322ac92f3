"""Policies of kept checkpoints, made from the run's folder alone."""

import json
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import jax
import numpy as np
import pytest

from bridgelib.agents import make_agent
from bridgelib.config.algorithms import algorithm_defaults
from bridgelib.errors import ConfigError, DataError
from bridgelib.language.table import LanguageTable
from bridgelib.policy import PolicySpec, load
from bridgelib.policy.weights import packed
from bridgelib.training.checkpoints import Checkpoints, LoopState
from bridgelib.training.export import export
from bridgelib.training.folder import RunFolder, run_identity
from bridgelib.training.metrics import Metrics
from tests.policy.fakes import STATISTICS
from tests.training.test_train_policy import wait_until

ENCODER = {"name": "hashing", "settings": {"model": None}, "version": 1, "model_digest": None}
SMALL = {"encoder": "convnet-3", "encoder_kwargs.num_filters": 8}
ERRORS = {0: 9.0, 2: 3.0, 4: 1.0, 6: 2.0}


@pytest.fixture(scope="module")
def state_of():
    """(algorithm, number) -> its configuration, small, and a state with weights of that number."""
    made = {}

    def of(algorithm, number):
        if algorithm not in made:
            config = algorithm_defaults(algorithm)
            config["encoder"] = "convnet-3-film" if algorithm == "lc_bc" else "convnet-3"
            config["encoder_kwargs"]["num_filters"] = 4
            config["agent_kwargs"]["network_kwargs"]["hidden_dims"] = [8]
            spec = PolicySpec.of(algorithm, config, STATISTICS, (8, 8, 3), 5, step=0)
            made[algorithm] = config, make_agent(algorithm, jax.random.PRNGKey(0), spec.example(), config).state
        config, state = made[algorithm]
        return config, state.replace(params=jax.tree_util.tree_map(lambda leaf: leaf + number / 100, state.params))

    return of


@pytest.fixture
def run_of(state_of, tmp_path):
    """(algorithm) -> the folder of a run of some steps, as a training that was stopped leaves it."""

    def of(algorithm="bc", steps=(2, 4, 6)):
        config, _ = state_of(algorithm, 0)
        data = {"train": {"task": {"image_shape": [8, 8, 3]}}, "statistics": STATISTICS.to_json()}
        data |= {"language": ENCODER} if algorithm == "lc_bc" else {}
        folder = RunFolder.of(
            tmp_path / "runs" / algorithm, run_identity({"algorithm": algorithm, "config": config}, data)
        )
        folder.open({"config": config}, {})
        for step in steps:
            Checkpoints(folder.checkpoints, keep_last=9).save(state_of(algorithm, step)[1], LoopState(step))
        metrics = Metrics(folder.metrics)
        for step, error in ERRORS.items():
            metrics.write(step, "validation", {"mse": error}, {})
        return folder.path

    return of


def table(identity=ENCODER, size=5) -> LanguageTable:
    return LanguageTable(("", "push"), np.ones((2, size), np.float32), identity)


@pytest.mark.parametrize(("which", "step"), [(2, 2), ("best", 4), ("last", 6)])
def test_the_step_the_best_and_the_last(run_of, state_of, tmp_path, which, step):
    run, output = run_of(), tmp_path / "policy"
    assert export(run, which, output).step == step
    policy, made_with = load(output), json.loads((output / "policy.json").read_text())["made_with"]
    assert policy.spec.step == step and policy.spec.statistics.action.mean.tolist() == STATISTICS.action.mean.tolist()
    state = state_of("bc", step)[1]
    weights = {"params": state.params, "target_params": state.target_params}
    assert (output / "params.msgpack").read_bytes() == packed(weights)
    assert made_with["run"] == run.name
    assert made_with["policy"] == {"from": which if isinstance(which, str) else "step", "step": step}


def test_latest_and_the_experiments_folder_will_do(run_of, tmp_path):
    run = run_of()
    for number, path in enumerate((run.parent / "latest", run.parent)):
        assert export(path, "last", tmp_path / str(number)).step == 6


def test_an_unknown_step_is_refused_with_those_there_are(run_of, tmp_path):
    with pytest.raises(DataError) as refused:
        export(run_of(), 5, tmp_path / "policy")
    assert "given:   no checkpoint of step 5\n  allowed: 2, 4, 6\n" in str(refused.value)
    assert not (tmp_path / "policy").exists()


def test_a_run_without_checkpoints_or_validation_has_no_best_one(run_of, tmp_path):
    run = run_of(steps=())
    for which in (5, "best", "last"):
        with pytest.raises(DataError, match=r"no checkpoint (yet|of step 5)"):
            export(run, which, tmp_path / "policy")
    run = run_of(steps=(3,))
    with pytest.raises(DataError, match="no checkpoint that was validated"):
        export(run, "best", tmp_path / "policy")
    assert not (tmp_path / "policy").exists()


def test_one_that_is_removed_while_it_is_read_is_told_plainly(run_of, tmp_path, monkeypatch):
    run, read = run_of(), Path.read_bytes

    def removing(path):
        if path.name == "step-000000002.msgpack":
            path.with_suffix(".json").unlink()
            path.unlink()
        return read(path)

    monkeypatch.setattr(Path, "read_bytes", removing)
    with pytest.raises(DataError) as refused:
        export(run, 2, tmp_path / "policy")
    assert "step 2, which the training has just removed\n  allowed: 4, 6\n" in str(refused.value)
    assert not (tmp_path / "policy").exists()


def test_a_damaged_one_is_refused_and_what_was_exported_before_stays(run_of, tmp_path):
    run, output = run_of(), tmp_path / "policy"
    export(run, 4, output)
    (run / "checkpoints" / "step-000000002.msgpack").write_bytes(b"")
    with pytest.raises(DataError, match="does not match its hash"):
        export(run, 2, output)
    assert load(output).spec.step == 4


def test_only_the_training_writes_into_its_run(run_of):
    run = run_of()
    for output in (run / "policy", run.parent / "latest" / "policy"):
        with pytest.raises(ConfigError, match="--output"):
            export(run, "last", output)
    assert not (run / "policy").exists()


def test_a_policy_that_follows_instructions_brings_the_language_table_of_its_training(run_of, tmp_path):
    run, output = run_of("lc_bc"), tmp_path / "policy"
    with pytest.raises(DataError, match="no such language table"):
        export(run, "last", output)
    table(identity={**ENCODER, "name": "clip"}).save(run.parent / "language.npz")
    with pytest.raises(DataError, match=r"language\.npz\n.*clip.*\n.*hashing.*as in training"):
        export(run, "last", output)
    assert not output.exists()
    table().save(tmp_path / "elsewhere.npz")
    assert export(run, "last", output, tmp_path / "elsewhere.npz").language_size == 5
    shutil.copy(tmp_path / "elsewhere.npz", run.parent / "language.npz")
    export(run, "last", output)
    assert load(output).act(np.zeros((8, 8, 3), np.uint8), np.zeros(7), instruction="push").shape == (7,)


def test_a_table_for_a_policy_that_follows_no_instructions_is_refused(run_of, tmp_path):
    table().save(tmp_path / "language.npz")
    with pytest.raises(DataError, match="this run follows no instructions"):
        export(run_of(), "last", tmp_path / "policy", tmp_path / "language.npz")


@pytest.fixture(scope="module")
def trained(workplace, tmp_path_factory):
    """A run of four steps, and the policy that its training wrote when it ended after two."""
    runs = tmp_path_factory.mktemp("trained") / "runs"
    workplace.run(workplace.arguments(runs, num_steps=2, config_overrides=SMALL))
    run = runs / "bc_colours" / "latest"
    shutil.copytree(run / "policy", runs / "after_two")
    workplace.run(workplace.arguments(runs, config_overrides=SMALL))
    return run, runs / "after_two"


def test_it_is_the_policy_that_training_would_have_written(trained, repository, tmp_path):
    run, after_two = trained
    script, output = repository / "workflow_scripts" / "export_policy.py", tmp_path / "policy"
    shutil.move(run.resolve() / "metrics.jsonl", tmp_path)  # neither the numbers nor the data are needed
    try:
        command = [sys.executable, script, "--run", run, "--step", "2", "--output", output]
        done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    finally:
        shutil.move(tmp_path / "metrics.jsonl", run.resolve())
    assert done.stdout == f"bc after 2 updates: wrote {output}\n", done.stderr
    assert (output / "params.msgpack").read_bytes() == (after_two / "params.msgpack").read_bytes()
    theirs, ours = (json.loads((each / "policy.json").read_text()) for each in (after_two, output))
    for description in (theirs, ours):
        del description["made_with"], description["sha256"]["golden.npz"]
    assert ours == theirs
    load(output)


@pytest.fixture
def in_training(workplace, tmp_path):
    """The folder of an experiment in training that has kept some checkpoints, and its process."""
    every = {"save_interval": 100, "eval_interval": 100, "config_overrides": {**SMALL, "keep_every": 100}}
    process = workplace.start(workplace.arguments(tmp_path / "runs", num_steps=100_000, log_interval=100, **every))
    experiment = tmp_path / "runs" / "bc_colours"
    try:
        wait_until(lambda: len(list(experiment.glob("latest/checkpoints/*.json"))) >= 2, process)
        yield experiment, process
    finally:
        process.kill()
        process.communicate()


def test_a_training_goes_on_undisturbed_while_its_policies_are_exported(in_training, tmp_path):
    experiment, process = in_training

    def written():
        return {str(path) for folder in (experiment, experiment / "latest") for path in folder.iterdir()}

    before = written()
    for which in ("best", "last"):
        export(experiment, which, tmp_path / which)
        assert load(tmp_path / which).spec.step >= 100
    assert written() == before and process.poll() is None
    process.send_signal(signal.SIGTERM)
    _, farewell = process.communicate(timeout=120)
    assert process.returncode == 75, farewell


def test_the_script_refuses_without_a_traceback(repository, tmp_path):
    script = repository / "workflow_scripts" / "export_policy.py"
    command = [sys.executable, str(script), "--run", str(tmp_path), "--from", "last", "--output", str(tmp_path / "p")]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (
        done.returncode == 2 and done.stderr.startswith(f"DataError: {tmp_path}\n") and "Traceback" not in done.stderr
    )
