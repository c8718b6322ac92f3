"""Killed at random moments and started again, training ends as if nothing had happened.

BRIDGE_KILLS says how many moments are tried (default 4).
"""

import os
import random
import signal
import time

import pytest

from tests.training.command import outcome

KILLS = int(os.environ.get("BRIDGE_KILLS", 4))
STEPS = {"num_steps": 120, "log_interval": 5, "eval_interval": 30, "save_interval": 20}


@pytest.fixture(scope="module")
def undisturbed(workplace, tmp_path_factory):
    runs = tmp_path_factory.mktemp("undisturbed") / "runs"
    workplace.run(workplace.arguments(runs, **STEPS))
    return outcome(runs)


def test_undisturbed_it_learns(undisturbed):
    last = undisturbed[0]["validation"]["last"]
    assert last["mse"] < 0.6 * last["mse_of_mean_action"]


@pytest.mark.parametrize("number", range(KILLS))
def test_killed_at_a_random_moment_it_ends_the_same(workplace, undisturbed, tmp_path, number):
    chance = random.Random(number)
    runs, blow = tmp_path / "runs", [signal.SIGKILL, signal.SIGTERM][number % 2]
    arguments = workplace.arguments(runs, **STEPS)
    process = workplace.start(arguments)
    # Half of the blows fall on the start, half on the steps.
    lines = chance.randrange(25) if chance.random() < 0.7 else 0
    metrics = runs / "bc_colours" / "latest" / "metrics.jsonl"
    while lines and process.poll() is None and line_count(metrics) < lines:
        time.sleep(0.005)
    time.sleep(chance.uniform(0, 0.1 if lines else 4))
    process.send_signal(blow)
    process.communicate(timeout=120)
    reached = last_logged(metrics)
    told = workplace.run(arguments)
    assert outcome(runs) == undisturbed
    if reached >= STEPS["save_interval"]:
        went_on_from = int(told.partition("going on from the checkpoint of step ")[2].split()[0])
        assert went_on_from > reached - STEPS["save_interval"]


def line_count(metrics) -> int:
    return metrics.read_bytes().count(b"\n") if metrics.exists() else 0


def last_logged(metrics) -> int:
    """The last step of a metrics file that may end in half a line."""
    lines = metrics.read_text().split("\n")[:-1] if metrics.exists() else []
    return max((int(line.partition('"step": ')[2].partition(",")[0]) for line in lines), default=0)
