import numpy as np
import pytest

from bridgelib.errors import DataError
from bridgelib.policy.weights import hash_of
from bridgelib.training.interruption import Interrupted, Interruption
from bridgelib.training.metrics import read_metrics
from tests.training.toy import ToyAgent, toy_learner, toy_loop


def numbers(folder) -> list[dict]:
    """The metrics without what a clock says."""
    return [{key: line[key] for key in line.keys() - {"time"}} for line in read_metrics(folder / "metrics.jsonl")]


def trained(folder, num_steps, **options):
    loop = toy_loop(folder, num_steps, **options)
    loop.run()
    return loop, hash_of(loop.learner.state())


def stops_after(calls: int) -> Interruption:
    """An interruption whose signal comes when it is looked at the `calls`-th time."""

    class Counted(Interruption):
        looks = 0

        @property
        def signal(self):
            self.looks += 1
            return "SIGTERM" if self.looks > calls else None

        @signal.setter
        def signal(self, value):
            pass

    return Counted()


def test_a_signal_that_comes_while_xla_compiles_stops_the_wait_and_leaves_the_state(tmp_path):
    toy_learner.cache_clear()
    loop = toy_loop(tmp_path, 5, validation=False, interruption=stops_after(1))  # the first look is before the step
    with pytest.raises(Interrupted):
        loop.run()
    assert loop.state.step == 0 and loop.checkpoints.steps() == []
    assert hash_of(loop.learner.state()) == hash_of(ToyAgent.create().state)


def test_learns_validates_and_logs_each_step_once(tmp_path):
    trained(tmp_path, 40)
    lines = numbers(tmp_path)
    assert [(line["step"], line["kind"]) for line in lines[:5]] == [
        (0, "validation"),
        (1, "train"),
        (2, "train"),
        (2, "validation"),
        (3, "train"),
    ]
    first, last = (line for line in (lines[0], lines[-1]))
    assert last["kind"] == "validation" and last["mse"] < 0.5 * first["mse"]
    assert last["mse"] < last["mse_of_mean_action"] and last["transitions"] == 11


@pytest.mark.parametrize("first", [1, 2, 3])
def test_train_some_then_more_equals_train_all(tmp_path, first):
    _, straight = trained(tmp_path / "straight", 6)
    trained(tmp_path / "parts", first)
    _, resumed = trained(tmp_path / "parts", 6)
    assert resumed == straight
    assert numbers(tmp_path / "parts") == numbers(tmp_path / "straight")


@pytest.mark.parametrize("calls", range(13))  # it looks once per step and once per validation batch
def test_interrupted_anywhere_and_run_again_equals_uninterrupted(tmp_path, calls):
    whole, straight = trained(tmp_path / "straight", 5, save_interval=3)
    with pytest.raises(Interrupted):
        trained(tmp_path / "stopped", 5, save_interval=3, interruption=stops_after(calls))
    parts, resumed = trained(tmp_path / "stopped", 5, save_interval=3)
    assert resumed == straight
    assert parts.checkpoints.regular() == whole.checkpoints.regular()
    assert numbers(tmp_path / "stopped") == numbers(tmp_path / "straight")


def test_interruption_saves_the_step_it_stopped_at(tmp_path):
    loop = toy_loop(tmp_path, 100, save_interval=100, interruption=stops_after(20))
    with pytest.raises(Interrupted):
        loop.run()
    assert 0 < loop.state.step < 100
    assert loop.checkpoints.steps()[-1] == loop.state.step


def test_running_a_finished_run_again_changes_nothing(tmp_path):
    _, first = trained(tmp_path, 5)
    before = numbers(tmp_path)
    _, again = trained(tmp_path, 5)
    assert (again, numbers(tmp_path)) == (first, before)


def test_last_step_is_validated_even_when_not_due(tmp_path):
    trained(tmp_path, 5, eval_interval=4)
    assert [line["step"] for line in numbers(tmp_path) if line["kind"] == "validation"] == [0, 4, 5]


def test_the_best_validation_has_a_checkpoint_between_saves(tmp_path):
    loop, _ = trained(tmp_path, 7, save_interval=7)
    assert loop.state.best_step == 7 or loop.state.best_step in loop.checkpoints.steps()
    scores = {line["step"]: line["mse"] for line in numbers(tmp_path) if line["kind"] == "validation"}
    assert loop.state.best_score == min(scores.values())


def test_nothing_to_validate_on_is_no_crash(tmp_path):
    trained(tmp_path, 3, validation=False)
    assert {line["kind"] for line in numbers(tmp_path)} == {"train"}


def test_nan_names_quantity_and_steps_and_keeps_the_last_good_checkpoint(tmp_path):
    loop = toy_loop(tmp_path, 40, poisoned=13, log_interval=5, eval_interval=100, save_interval=10)
    with pytest.raises(DataError) as failure:
        loop.run()
    assert "between step 10 and step 15" in str(failure.value)
    assert "actor_loss is nan" in str(failure.value) and "checkpoint, of step 10" in str(failure.value)
    state, _ = loop.checkpoints.newest(loop.learner.state(), 10**9)
    assert loop.checkpoints.steps() == [10]
    assert np.isfinite(state.params["kernel"]).all()


def test_nan_between_two_logged_steps_is_not_saved_either(tmp_path):
    loop = toy_loop(tmp_path, 40, poisoned=3, log_interval=50, eval_interval=100, save_interval=4)
    with pytest.raises(DataError, match=r"between step 0 and step 4\n.*holds NaN"):
        loop.run()
    assert loop.checkpoints.steps() == []


def test_interrupted_nan_state_is_not_saved(tmp_path):
    loop = toy_loop(
        tmp_path, 40, poisoned=0, log_interval=50, eval_interval=100, save_interval=40, interruption=stops_after(20)
    )
    with pytest.raises(DataError, match=r"holds NaN(.|\n)*none was saved yet"):
        loop.run()
    assert loop.checkpoints.steps() == []


def test_nan_in_a_validation_names_it_and_the_step_is_not_saved(tmp_path):
    loop = toy_loop(tmp_path, 40, log_interval=50, eval_interval=4, save_interval=4)
    sound = loop.validate
    loop.validate = lambda: {**sound(), **({"mse": float("nan")} if loop.state.step == 8 else {})}
    with pytest.raises(DataError, match=r"between step 4 and step 8\n.*validation mse is nan\n.*of step 4, is kept"):
        loop.run()
    assert loop.checkpoints.steps() == [4]
