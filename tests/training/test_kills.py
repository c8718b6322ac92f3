"""Killed at random moments and started again, training ends as if nothing had happened, for every algorithm.

BRIDGE_KILLS says how many moments are tried of each (default 2).
"""

import os
import random
import signal
import time

import pytest

from bridgelib.config.algorithms import ALGORITHMS
from tests.training.command import outcome

KILLS = int(os.environ.get("BRIDGE_KILLS", 2))
STEPS = {"num_steps": 60, "log_interval": 3, "eval_interval": 15, "save_interval": 10}


@pytest.fixture(scope="module", params=sorted(ALGORITHMS))
def algorithm(request):
    return request.param


@pytest.fixture(scope="module")
def undisturbed(workplace, algorithm, tmp_path_factory):
    runs = tmp_path_factory.mktemp("undisturbed") / "runs"
    workplace.run(workplace.arguments(runs, algorithm, **STEPS))
    return outcome(runs, algorithm)


@pytest.mark.parametrize("number", range(KILLS))
def test_killed_at_a_random_moment_it_ends_the_same(workplace, algorithm, undisturbed, tmp_path, number):
    chance = random.Random(f"{algorithm} {number}")
    runs, blow = tmp_path / "runs", [signal.SIGKILL, signal.SIGTERM][number % 2]
    arguments = workplace.arguments(runs, algorithm, **STEPS)
    process = workplace.start(arguments)
    # Most of the blows fall on the steps, the others on the start.
    lines = chance.randrange(23) if chance.random() < 0.7 else 0
    metrics = runs / f"{algorithm}_colours" / "latest" / "metrics.jsonl"
    while lines and process.poll() is None and line_count(metrics) < lines:
        time.sleep(0.005)
    time.sleep(chance.uniform(0, 0.1 if lines else 4))
    process.send_signal(blow)
    process.communicate(timeout=120)
    reached = last_logged(metrics)
    told = workplace.run(arguments)
    assert outcome(runs, algorithm) == undisturbed
    if reached >= STEPS["save_interval"]:
        resumed_from = int(told.partition("resuming from the checkpoint of step ")[2].split()[0])
        # A whole interval is lost when the blow falls into the saving itself.
        assert resumed_from >= reached - STEPS["save_interval"]


def line_count(metrics) -> int:
    return metrics.read_bytes().count(b"\n") if metrics.exists() else 0


def last_logged(metrics) -> int:
    """The last step of a metrics file that may end in half a line."""
    lines = metrics.read_text().split("\n")[:-1] if metrics.exists() else []
    return max((int(line.partition('"step": ')[2].partition(",")[0]) for line in lines), default=0)
