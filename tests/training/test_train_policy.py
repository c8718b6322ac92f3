"""The whole of training, through the script.

BRIDGE_ALGORITHMS lists the algorithms whose training is continued (default: all).
"""

import json
import os
import signal
import time

import jax
import pytest

from bridgelib.config.algorithms import ALGORITHMS
from bridgelib.policy import load
from tests.training.command import SETTINGS, Workplace, outcome

CONTINUED = os.environ.get("BRIDGE_ALGORITHMS", ",".join(sorted(ALGORITHMS))).split(",")


@pytest.fixture(scope="module")
def straight(workplace, tmp_path_factory):
    """Four steps at one go."""
    runs = tmp_path_factory.mktemp("straight") / "runs"
    workplace.run(workplace.arguments(runs))
    return runs


@pytest.mark.parametrize("algorithm", CONTINUED)
def test_two_steps_and_two_more_equal_four_bit_for_bit(workplace, straight, tmp_path, algorithm):
    runs = tmp_path / "runs"
    if algorithm != "bc":
        straight = tmp_path / "straight"
        workplace.run(workplace.arguments(straight, algorithm))
    workplace.run(workplace.arguments(runs, algorithm, num_steps=2))
    assert outcome(runs, algorithm)[0]["step"] == 2
    told = workplace.run(workplace.arguments(runs, algorithm))
    assert "resuming from the checkpoint of step 2" in told
    assert outcome(runs, algorithm) == outcome(straight, algorithm)
    assert [line["step"] for line in outcome(runs, algorithm)[1] if line["kind"] == "train"] == [1, 2, 3, 4]


def test_everything_lies_in_the_run_folder(straight):
    experiment = straight / "bc_colours"
    run = experiment / json.loads((experiment / "done.json").read_text())["run"]
    assert (experiment / "latest").resolve() == run.resolve()
    assert {path.name for path in run.iterdir()} == {"config.json", "metrics.jsonl", "checkpoints", "policy"}
    config = json.loads((run / "config.json").read_text())
    assert config["config"]["batch_size"] == SETTINGS["train_batch_size"]
    assert config["identity"]["data"]["train"]["colours"]["transitions"] == 40 * 6
    assert config["began_with"]["versions"]["jax"] and config["began_with"]["device"].startswith(jax.default_backend())
    assert set(config["files"].values()) == {40 * 7 * (192 + 256), 4 * 7 * (192 + 256)}


def test_the_policy_acts_as_it_was_trained(straight):
    policy = load(straight / "bc_colours" / "latest" / "policy")
    assert policy.spec.step == 4 and policy.spec.image_shape == (8, 8, 3)


def test_a_second_process_waits_and_the_first_saves_when_asked_to_stop(workplace, tmp_path):
    runs = tmp_path / "runs"
    arguments = workplace.arguments(runs, num_steps=100_000, save_interval=100_000, eval_interval=100_000)
    first = workplace.start(arguments)
    metrics = runs / "bc_colours" / "latest" / "metrics.jsonl"
    wait_until(lambda: metrics.exists() and metrics.read_text().count("\n") > 3, first)
    metrics = metrics.resolve()  # the second will have another run folder
    for asked_to_stop in (True, False):
        second = workplace.start(workplace.arguments(runs, seed=1))  # whose run folder would be another
        assert any(f"waiting for process {first.pid} of" in line for line in second.stderr)  # reads up to that line
        if asked_to_stop:  # while it waits
            second.send_signal(signal.SIGTERM)
            assert second.wait(timeout=60) == 75
    first.send_signal(signal.SIGTERM)
    _, farewell = first.communicate(timeout=120)
    assert first.returncode == 75
    assert "Stopped by SIGTERM. What was learned is saved" in farewell
    [saved] = (metrics.parent / "checkpoints").glob("*.json")
    assert json.loads(saved.read_text())["loop"]["step"] == json.loads(metrics.read_text().splitlines()[-1])["step"]
    second.communicate(timeout=240)
    assert second.returncode == 0 and outcome(runs)[0]["step"] == SETTINGS["num_steps"]


def test_interrupted_while_xla_compiles_ends_at_once(workplace, tmp_path):
    cold = Workplace(workplace.folder, workplace.repository, tmp_path / "cold")
    process = cold.start(cold.arguments(tmp_path / "runs"))
    wait_until(lambda: (tmp_path / "runs" / "bc_colours" / "latest").exists(), process)
    time.sleep(0.5)  # into the first compilation, which takes seconds without the cache
    process.send_signal(signal.SIGINT)
    began = time.monotonic()
    _, farewell = process.communicate(timeout=120)
    assert process.returncode == 75 and "Stopped by SIGINT" in farewell
    assert time.monotonic() - began < 10
    assert not (tmp_path / "runs" / "bc_colours" / "done.json").exists()


def test_an_empty_validation_side_is_said_loudly_and_recorded(tmp_path, repository, compiled):
    alone = Workplace.make(tmp_path, repository, compiled, validation=0)
    told = alone.run(alone.arguments(tmp_path / "runs", num_steps=2))
    assert told.count("the validation split of colours is empty") == 1
    done, lines = outcome(tmp_path / "runs")
    assert done["validation"] is None and {line["kind"] for line in lines} == {"train"}


def test_self_test_tells_what_learns_from_what_does_not(workplace, tmp_path):
    arguments = workplace.arguments(tmp_path / "runs")
    assert " on one batch" in workplace.run([*arguments, "--self-test", "100"])
    hopeless = workplace.start([*arguments, "--self-test", "1"])
    _, failure = hopeless.communicate(timeout=300)
    assert hopeless.returncode == 2
    assert "self-test of experiment 'bc_colours', 1 steps\n  given:   mse" in failure
    assert not (tmp_path / "runs").exists()


def wait_until(condition, process, seconds: float = 120) -> None:
    began = time.monotonic()
    while not condition():
        assert process.poll() is None, process.communicate()[1]
        assert time.monotonic() - began < seconds
        time.sleep(0.02)
