"""The scenes in which checkpoints are chosen."""

import pytest

from bridgelib.config.algorithms import algorithm_defaults
from bridgelib.config.datasets import Dataset
from bridgelib.config.experiments import Experiment
from bridgelib.config.settings import Settings
from bridgelib.errors import ConfigError
from bridgelib.evaluation import trial
from bridgelib.evaluation.trial import SEEDS, trial_of
from bridgelib.sim.plan import FIRST_DEMONSTRATION_SEED
from bridgelib.sim.tasks import TASKS

MOST = 10**9  # scenes of a reported evaluation: more than anybody rolls out


def experiment(policy_from):
    config = {**algorithm_defaults("bc"), "policy_from": policy_from}
    return Experiment("run", "bc", Dataset("d", (("d",),)), config)


def test_its_scenes_are_neither_those_of_demonstrations_nor_those_that_are_reported():
    assert Settings.episode_seed + MOST < min(SEEDS) and max(SEEDS) < FIRST_DEMONSTRATION_SEED


def test_only_a_choice_by_success_is_tried():
    for policy_from in ("last", "best"):
        assert trial_of(experiment(policy_from), ["a real task"], (48, 64)) is None


def test_all_scenes_of_all_tasks_count(monkeypatch):
    asked = {}

    def rolled_out(policy, tasks, seeds, camera):
        asked.update(policy=policy, seeds=seeds, camera=camera)
        results = [{"episodes": len(seeds), "successes": successes} for successes in (7, 30)]
        return {"tasks": dict(zip(tasks, results, strict=True))}

    monkeypatch.setattr(trial, "evaluate_closed_loop", rolled_out)
    first, second, *_ = TASKS
    assert trial_of(experiment("success"), [first, second], (48, 64))("policy") == (37, 2 * len(SEEDS))
    assert asked == {"policy": "policy", "seeds": SEEDS, "camera": (48, 64)}


def test_tasks_that_no_simulator_knows_are_refused():
    tasks = [next(iter(TASKS)), *(f"task{number}" for number in range(7))]
    with pytest.raises(ConfigError) as refused:
        trial_of(experiment("success"), tasks, (48, 64))
    assert "no simulator knows: task0, task1, task2, task3, task4 and 2 more" in str(refused.value)
    assert "experiment 'run', config.policy_from" in str(refused.value)
