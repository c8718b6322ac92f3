"""Which checkpoint becomes the policy, and that the choice can be killed as everything else."""

import json
import signal
import threading
from types import SimpleNamespace

import pytest
from flax import serialization

from bridgelib.policy import load
from bridgelib.policy.weights import hash_of
from bridgelib.sim.tasks import TASKS
from bridgelib.training.assignment import chosen_experiment
from bridgelib.training.choice import Trial, choose
from bridgelib.training.interruption import Interrupted, Interruption
from bridgelib.training.run import train
from tests.training.command import Workplace, outcome

SCORES = {2: 0.5, 4: 0.25, 6: 0.25}


def kept(scores, *steps):
    """Checkpoints whose policies are their steps."""
    regular = SimpleNamespace(regular=lambda: list(steps))
    return SimpleNamespace(checkpoints=regular, scores=lambda: scores, policy=lambda step: step)


def chosen(policy_from, scores=SCORES, tried=None):
    return choose(policy_from, kept(scores, 2, 4, 6), tried, Interruption())


@pytest.mark.parametrize(
    ("policy_from", "scores", "step"),
    [
        ("last", SCORES, 6),
        ("best", SCORES, 4),  # of equal ones the first, as the loop counts
        ("best", {2: 0.5, 6: 0.7}, 2),  # the step between was not validated
    ],
)
def test_the_last_and_the_best(policy_from, scores, step):
    choice = chosen(policy_from, scores)
    assert (choice["from"], choice["step"]) == (policy_from, step)
    assert choice["candidates"] == [{"step": step, "mse": scores.get(step)} for step in (2, 4, 6)]


def test_where_nothing_was_validated_the_best_is_the_last_and_that_is_said(capsys):
    choice = chosen("best", {})
    assert (choice["from"], choice["step"]) == ("last", 6)
    assert "No kept checkpoint was validated" in capsys.readouterr().err


@pytest.mark.parametrize(("successes", "step"), [((3, 5, 4), 4), ((5, 3, 5), 6), ((0, 0, 0), 6)])
def test_most_successes_win_and_of_equal_ones_the_latest(successes, step):
    choice = chosen("success", tried=lambda policy: Trial(successes[policy // 2 - 1], 7))
    assert (choice["from"], choice["step"]) == ("success", step)
    assert choice["candidates"] == [
        {"step": 2, "mse": 0.5, "successes": successes[0], "episodes": 7},
        {"step": 4, "mse": 0.25, "successes": successes[1], "episodes": 7},
        {"step": 6, "mse": 0.25, "successes": successes[2], "episodes": 7},
    ]


def test_a_signal_during_a_trial_ends_the_choice_at_once():
    interruption, tried, hold = Interruption(), [], threading.Event()

    def endless(policy):
        tried.append(policy)
        interruption.signal = "SIGTERM"
        hold.wait(60)

    with pytest.raises(Interrupted):
        choose("success", kept(SCORES, 2, 4, 6), endless, interruption)
    hold.set()
    assert tried == [2]


class Killed(Exception):
    pass


@pytest.fixture(scope="module")
def experiment_of(workplace, tmp_path_factory):
    """(settings) -> a small experiment of six steps with a checkpoint each two, and what else `train` is told."""

    def of(**settings):
        runs = tmp_path_factory.mktemp("experiment") / "runs"
        overrides = {"encoder": "convnet-3", "encoder_kwargs.num_filters": 8, "keep_last": 3}
        arguments = workplace.arguments(runs, num_steps=6, config_overrides=overrides, **settings)
        options = dict(zip(arguments[::2], arguments[1::2], strict=True))
        experiment = chosen_experiment(
            options["--experiments"], workplace.repository / "config" / "datasets.yaml", options["--experiment"]
        )
        return experiment, workplace.folder / "data", [["colours"]]

    return of


@pytest.fixture(scope="module")
def trained(experiment_of, tmp_path_factory):
    """A run whose policy of step 4 succeeded most often, and which policies were tried."""
    done, tried = tmp_path_factory.mktemp("trained") / "bc" / "done.json", []

    def most_at_four(policy):
        tried.append(policy.spec.step)
        return Trial(9 if policy.spec.step == 4 else 2, 10)

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WANDB_MODE", "disabled")
        train(*experiment_of(policy_from="success"), done, tried=most_at_four)
    return done, tried, most_at_four


def params_of(folder):
    return serialization.msgpack_restore((folder / "params.msgpack").read_bytes())["params"]


def test_the_checkpoint_that_succeeds_becomes_the_policy_and_both_files_say_why(trained):
    done, tried, _ = trained
    said, run = json.loads(done.read_text()), done.parent / "latest"
    policy = load(run / "policy")
    assert tried[:3] == [2, 4, 6] and policy.spec.step == 4
    assert (said["policy"]["from"], said["policy"]["step"], said["step"]) == ("success", 4, 6)
    assert [each["successes"] for each in said["policy"]["candidates"]] == [2, 9, 2]
    checkpoints = {
        step: serialization.msgpack_restore((run / "checkpoints" / f"step-{step:09d}.msgpack").read_bytes())
        for step in (4, 6)
    }
    assert hash_of(params_of(run / "policy")) == hash_of(checkpoints[4]["params"])
    assert said["weights"] == hash_of(checkpoints[6]["params"])
    assert json.loads((run / "policy" / "policy.json").read_text())["made_with"]["policy"] == said["policy"]


def test_killed_while_it_tries_them_it_chooses_anew_and_the_same(trained, experiment_of, monkeypatch, capsys):
    done, tried, most_at_four = trained
    monkeypatch.setenv("WANDB_MODE", "disabled")
    before, policy = json.loads(done.read_text()), (done.parent / "latest" / "policy" / "policy.json").read_bytes()

    def killed_at_six(policy):
        if policy.spec.step == 6:
            raise Killed
        return most_at_four(policy)

    with pytest.raises(Killed):
        train(*experiment_of(policy_from="success"), done, tried=killed_at_six)
    assert not done.exists()
    del tried[:]
    train(*experiment_of(policy_from="success"), done, tried=most_at_four)
    assert "resuming from the checkpoint of step 6" in capsys.readouterr().err
    assert tried == [2, 4, 6]
    assert json.loads(done.read_text()) == before
    assert (done.parent / "latest" / "policy" / "policy.json").read_bytes() == policy


def test_a_finished_run_makes_its_policy_of_another_checkpoint_without_training(trained, experiment_of, monkeypatch):
    done, *_ = trained
    monkeypatch.setenv("WANDB_MODE", "disabled")
    run = json.loads(done.read_text())["run"]
    train(*experiment_of(), done)
    said = json.loads(done.read_text())
    assert said["run"] == run and said["policy"]["from"] == "last"
    assert load(done.parent / "latest" / "policy").spec.step == said["policy"]["step"] == 6
    train(*experiment_of(policy_from="best"), done)
    said = json.loads(done.read_text())
    errors = {each["step"]: each["mse"] for each in said["policy"]["candidates"]}
    assert said["policy"]["step"] == min(errors, key=errors.get) == said["validation"]["best"]["step"]


CUBE = next(iter(TASKS))
FEW = "import bridgelib.evaluation.trial as choice; choice.SEEDS = choice.SEEDS[:3]"
TRIED = "successes in 3 episodes"


@pytest.fixture(scope="module")
def simulated(tmp_path_factory, repository, compiled):
    """A workplace whose task the simulator knows, though its demonstrations are others; few scenes of it are tried."""
    return Workplace.make(tmp_path_factory.mktemp("simulated"), repository, compiled, task=CUBE, patch=FEW)


def choosing(workplace, runs):
    return [*workplace.arguments(runs, policy_from="success"), "--camera", "16", "16"]


@pytest.fixture(scope="module")
def undisturbed(simulated, tmp_path_factory):
    runs = tmp_path_factory.mktemp("undisturbed") / "runs"
    assert simulated.run(choosing(simulated, runs)).count(TRIED) == 2
    return outcome(runs, task=CUBE)


@pytest.mark.parametrize("blow", [signal.SIGKILL, signal.SIGTERM])
def test_a_real_choice_that_is_killed_ends_the_same(simulated, undisturbed, tmp_path, blow):
    runs, experiment = tmp_path / "runs", tmp_path / "runs" / f"bc_{CUBE}"
    process = simulated.start(choosing(simulated, runs))
    assert any(TRIED in line for line in process.stderr)  # read until the first of two has been tried
    process.send_signal(blow)
    process.communicate(timeout=120)
    assert process.returncode == (75 if blow == signal.SIGTERM else -signal.SIGKILL)
    assert not (experiment / "done.json").exists() and not (experiment / "latest" / "policy").exists()
    assert simulated.run(choosing(simulated, runs)).count(TRIED) == 2
    assert outcome(runs, task=CUBE) == undisturbed
    assert load(experiment / "latest" / "policy").spec.step == undisturbed[0]["policy"]["step"]


def test_success_on_a_task_that_nothing_simulates_is_refused_before_training(workplace, tmp_path):
    process = workplace.start(workplace.arguments(tmp_path / "runs", policy_from="success"))
    _, refusal = process.communicate(timeout=120)
    assert process.returncode == 2 and "Traceback" not in refusal
    assert "success, on tasks that no simulator knows: colours" in refusal
    assert not (tmp_path / "runs").exists()
