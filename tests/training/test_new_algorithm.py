"""A new algorithm is a declaration, an agent, a loss and a line, and goes all the way, to a policy that acts."""

from dataclasses import replace

import jax
import numpy as np
import pytest
import yaml

from bridgelib.agents import make_agent
from bridgelib.config.algorithms import ALGORITHMS
from bridgelib.config.experiments import load_experiments
from bridgelib.config.settings_page import as_markdown
from bridgelib.errors import ConfigError
from bridgelib.policy import load
from bridgelib.training.checkpoint_sizes import checkpoint_forecast
from bridgelib.training.memory import images_per_sample, training_memory
from tests.training.command import SETTINGS, outcome
from tests.training.new_algorithm import NAME, enter

# What the script's process does first.
ENTER = "import pytest; from tests.training.new_algorithm import enter; enter(pytest.MonkeyPatch())"


@pytest.fixture(autouse=True)
def entered(monkeypatch):
    enter(monkeypatch)


def experiment(folder, **overrides):
    path = folder / "experiments.yaml"
    shared = {**SETTINGS["config_overrides"], **overrides}
    matrix = {"algos": [NAME], "tasks": ["colours"], "seeds": [0, 1]}
    path.write_text(yaml.safe_dump({"global": {**SETTINGS, "config_overrides": shared}, "matrix": matrix}))
    return next(iter(load_experiments(path, {}).values()))


def test_its_own_settings_are_read_and_checked_by_their_types(tmp_path):
    made = experiment(tmp_path, **{"agent_kwargs.zeal": "2e-1", "agent_kwargs.shared_encoder": True})
    assert made.config["agent_kwargs"]["zeal"] == 0.2 and made.name == f"{NAME}_colours_s0"
    for key, value, said in (("zeal", "much", "a number"), ("zeall", 1, "did you mean 'zeal'"), ("blind", 3, "true")):
        with pytest.raises(ConfigError, match=said):
            experiment(tmp_path, **{f"agent_kwargs.{key}": value})


def test_it_stands_in_the_reference_of_settings():
    assert f"| `zeal` | Weight of the judge's error. | a number | `1.0` | {NAME} |" in as_markdown()


def test_what_it_takes_is_forecast(tmp_path):
    """Two encoders of their own: the checkpoint to a tenth, and more of all than with one that is shared."""
    own = experiment(tmp_path, encoder="resnetv1-18-bridge", **{"encoder_kwargs.num_filters": 64})
    shared = replace(own, config={**own.config, "agent_kwargs": {**own.config["agent_kwargs"], "shared_encoder": True}})
    batch = {
        "observations": {"image": np.zeros((1, 64, 64, 3), np.uint8), "proprio": np.zeros((1, 7), np.float32)},
        "actions": np.zeros((1, 7), np.float32),
    }
    state = jax.eval_shape(lambda key: make_agent(NAME, key, batch, own.config), jax.random.PRNGKey(0)).state
    real = sum(4 * int(np.prod(leaf.shape)) for leaf in jax.tree_util.tree_leaves(state))
    forecast = checkpoint_forecast(NAME, own.config)
    assert forecast.bytes_each == pytest.approx(real, rel=0.1)
    assert forecast.bytes_each > checkpoint_forecast(NAME, shared.config).bytes_each
    assert images_per_sample(own) == 1
    assert training_memory(own, 64, 0, on_gpu=False) > training_memory(shared, 64, 0, on_gpu=False) > 0


def test_it_trains_and_acts(workplace, tmp_path):
    entering, runs = replace(workplace, patch=ENTER), tmp_path / "runs"
    small = {**SETTINGS["config_overrides"], "encoder": "convnet-3"}
    entering.run(entering.arguments(runs, NAME, num_steps=2, warmup_steps=1, config_overrides=small))
    done, lines = outcome(runs, NAME)
    assert done["step"] == 2 and all(line["judge_error"] > 0 for line in lines if line["kind"] == "train")
    policy = load(runs / f"{NAME}_colours" / "latest" / "policy")
    action = policy.act(np.zeros((8, 8, 3), np.uint8), np.zeros(7, np.float32))
    assert action.shape == (7,) and np.isfinite(action).all()


def test_it_is_refused_in_words_where_it_is_not_in_the_registry(monkeypatch):
    monkeypatch.delitem(ALGORITHMS, NAME)
    with pytest.raises(ConfigError, match=rf"{NAME}[\s\S]*enter yours in bridgelib.config.algorithms"):
        make_agent(NAME, jax.random.PRNGKey(0), {}, {})
