"""Policies in scenes of the simulator; their networks are untrained."""

import json

import jax
import numpy as np
import pytest

from bridgelib.agents import make_agent
from bridgelib.config.algorithms import ALGORITHMS
from bridgelib.errors import ConfigError, DataError
from bridgelib.evaluation import closed_loop
from bridgelib.evaluation.closed_loop import evaluate_closed_loop
from bridgelib.evaluation.environment import SimulatedEnvironment
from bridgelib.policy import Policy, PolicySpec
from bridgelib.sim.demonstrations import demonstration_seed
from bridgelib.sim.plan import DEFAULTS, FIRST_DEMONSTRATION_SEED, plan
from bridgelib.sim.scene import Scene
from bridgelib.sim.tasks import TASKS
from tests.agents.examples import batch_for, config_for
from tests.policy.fakes import STATISTICS, FakeAgent, spec

CAMERA = (24, 32)
PUT, PUSH = DEFAULTS.tasks


@pytest.fixture(autouse=True)
def short_episodes(monkeypatch):
    original = closed_loop.roll_out
    monkeypatch.setattr(closed_loop, "roll_out", lambda *args, **kwargs: original(*args, steps=4, **kwargs))


def policy_of(algorithm, **agent_kwargs):
    batch, config = batch_for(algorithm), config_for(algorithm, **agent_kwargs)
    if ALGORITHMS[algorithm].chunks_with_history:
        config["dataset_kwargs"].update(obs_horizon=2, act_pred_horizon=3)
    own = PolicySpec.of(algorithm, config, STATISTICS, batch["observations"]["image"].shape[-3:], 5, step=7)
    agent = make_agent(algorithm, jax.random.PRNGKey(0), batch, config)
    return Policy(own, agent, embed=lambda text: np.full(5, len(text), np.float32))


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_every_algorithm_rolls_out(algorithm):
    result = evaluate_closed_loop(policy_of(algorithm), [PUT], range(3), camera=CAMERA)
    assert result["policy"]["algorithm"] == algorithm and result["policy"]["step"] == 7
    assert result["tasks"][PUT]["episodes"] == 3
    assert json.loads(json.dumps(result)) == result


def test_the_same_policy_and_seeds_give_the_same_result_whatever_else_is_rolled_out():
    policy = policy_of("bc", use_proprio=True)
    first = evaluate_closed_loop(policy, [PUT, PUSH], range(50, 56), camera=CAMERA)
    assert first == evaluate_closed_loop(policy, [PUT, PUSH], range(50, 56), camera=CAMERA)
    fewer = evaluate_closed_loop(policy, [PUSH], range(50, 53), camera=CAMERA)
    assert fewer["tasks"][PUSH]["scenes"] == first["tasks"][PUSH]["scenes"][:3]


def test_pictures_are_written_of_what_was_rolled_out(tmp_path):
    result = evaluate_closed_loop(policy_of("bc"), [PUT], range(5), camera=CAMERA, pictures=tmp_path)
    assert result["pictures"] == [f"{PUT}-failure-{seed}.webp" for seed in range(3)]
    assert sorted(path.name for path in tmp_path.iterdir()) == result["pictures"]


def test_of_many_scenes_the_last_is_filmed_as_well(tmp_path, monkeypatch):
    """Here the only success; blind policies are filmed in the first scenes alone."""
    last = 40
    monkeypatch.setattr(SimulatedEnvironment, "success", lambda environment: environment.seed == last)
    for name, blind in (("looking", False), ("blind", True)):
        policy, pictures = policy_of("bc", blind=blind), tmp_path / name
        result = evaluate_closed_loop(policy, [PUT], range(last + 1), camera=CAMERA, pictures=pictures)
        assert result["tasks"][PUT]["successes"] == 1
        assert (f"{PUT}-success-{last}.webp" in result["pictures"]) is not blind
        assert len(result["pictures"]) == 3 + (not blind)


def test_a_language_policy_is_told_in_both_kinds_of_words():
    heard = []
    policy = policy_of("lc_bc")
    policy._embed = lambda text: heard.append(text) or np.zeros(5, np.float32)
    result = evaluate_closed_loop(policy, [PUT], range(8), camera=CAMERA, instructions="both")
    assert set(result) >= {"tasks", "held_out_tasks"}
    assert set(heard[:8]) == set(TASKS[PUT].instructions)
    assert set(heard[8:]) == set(TASKS[PUT].held_out_instructions)
    assert "held_out_tasks" not in evaluate_closed_loop(policy, [PUT], range(1), camera=CAMERA)


def test_a_blind_policy_is_spared_the_camera(monkeypatch):
    made = []
    real = SimulatedEnvironment

    def environment(*args, camera):
        made.append(camera)
        return real(*args, camera=camera)

    monkeypatch.setattr(closed_loop, "SimulatedEnvironment", environment)
    for blind in (True, False):
        evaluate_closed_loop(policy_of("bc", blind=blind), [PUT], range(2), camera=CAMERA)
    assert made == [False, False, True, True]


@pytest.mark.parametrize("seed", [0, 1_000_000, FIRST_DEMONSTRATION_SEED, 2**64])
def test_no_demonstration_has_the_seed_of_a_scene_to_evaluate_in(seed):
    """Whatever the `seed` of the simulation, be it that of the scenes."""
    entries = plan({"demonstrations": 400, "dated_folders": 2, "seed": seed})
    seeds = [demonstration_seed(entry, number) for entry in entries for number in range(entry.demonstrations)]
    assert min(seeds) >= FIRST_DEMONSTRATION_SEED and len(set(seeds)) == 400
    with pytest.raises(ConfigError, match="others are of demonstrations"):
        SimulatedEnvironment(PUT, min(seeds), CAMERA)
    with pytest.raises(ConfigError, match="seed of a scene"):
        SimulatedEnvironment(PUT, -1, CAMERA)


def test_an_environment_shows_image_and_state_and_nothing_else():
    environment = SimulatedEnvironment(PUT, 3, CAMERA)
    for seen in (environment.reset(), environment.step(np.zeros(7))):
        assert set(seen) == {"image", "state"}
        assert seen["image"].shape == (*CAMERA, 3) and seen["state"].shape == (7,)
    begun = environment.reset()["state"]
    np.testing.assert_array_equal(begun, Scene(PUT, 3, CAMERA).reset()["state"])


def test_a_policy_for_another_robot_is_refused():
    with pytest.raises(DataError, match="8 entries"):
        evaluate_closed_loop(Policy(spec(proprio_size=8), FakeAgent()), [PUT], range(1), camera=CAMERA)


def test_an_unknown_task_is_refused():
    with pytest.raises(ConfigError, match="did you mean"):
        evaluate_closed_loop(policy_of("bc"), ["put_red_cub_on_plate"], range(1), camera=CAMERA)


@pytest.mark.parametrize(
    ("tasks", "seeds"),
    [([PUT, "put_red_cub"], range(3)), ([PUT], range(FIRST_DEMONSTRATION_SEED - 99, FIRST_DEMONSTRATION_SEED + 1))],
)
def test_what_has_no_scene_is_refused_before_anything_is_rolled_out(monkeypatch, tasks, seeds):
    monkeypatch.setattr(closed_loop, "roll_out", lambda *args, **kwargs: pytest.fail("rolled out"))
    with pytest.raises(ConfigError):
        evaluate_closed_loop(policy_of("bc"), tasks, seeds, camera=CAMERA)


def test_an_ensemble_is_rolled_out_and_told():
    policy = policy_of("gc_ddpm_bc")
    plain = evaluate_closed_loop(policy, [PUT], range(2), camera=CAMERA)
    ensemble = Policy(policy.spec, policy.agent, ensemble=0.01)
    result = evaluate_closed_loop(ensemble, [PUT], range(2), camera=CAMERA)
    assert result["policy"] == {**plain["policy"], "execute": 1, "ensemble": 0.01}
    assert result["tasks"][PUT]["episodes"] == 2 and "ensemble" not in plain["policy"]
