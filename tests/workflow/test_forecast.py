"""The forecast of checkpoints agrees with what the agents really hold."""

import jax
import numpy as np
import pytest

from bridgelib.agents import AGENTS, make_agent
from bridgelib.config.algorithms import ALGORITHMS, algorithm_defaults
from bridgelib.config.datasets import Dataset
from bridgelib.config.experiments import Experiment
from bridgelib.errors import ConfigError
from bridgelib.workflow.forecast import disk_forecast, encoder_weights, run_forecast

SIZE = 32


def experiment(algorithm, **overrides):
    return Experiment("run", algorithm, Dataset("d", (("d",),)), {**algorithm_defaults(algorithm), **overrides})


def batch(algorithm, config):
    """An example batch of two samples, as shapes."""
    history, chunk = config["dataset_kwargs"]["obs_horizon"], config["dataset_kwargs"]["act_pred_horizon"]

    def shape(*axes, axis=None, dtype=np.float32):
        return np.zeros((2, *((axis,) if axis else ()), *axes), dtype)

    observations = {
        "image": shape(SIZE, SIZE, 3, axis=history, dtype=np.uint8),
        "proprio": shape(7, axis=history),
        "gaze": shape(SIZE, SIZE, 1),
    }
    return {
        "observations": observations,
        "next_observations": observations,
        "goals": {"image": shape(SIZE, SIZE, 3, dtype=np.uint8), "proprio": shape(7), "language": shape(512)},
        "actions": shape(7, axis=chunk),
        "rewards": shape(dtype=np.int32),
        "masks": shape(dtype=bool),
        "terminals": shape(dtype=bool),
    }


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_checkpoint_is_as_large_as_forecast(algorithm):
    config = algorithm_defaults(algorithm)
    example = batch(algorithm, config)
    state = jax.eval_shape(lambda key: make_agent(algorithm, key, example, config), jax.random.PRNGKey(0)).state
    real = sum(4 * int(np.prod(leaf.shape)) for leaf in jax.tree_util.tree_leaves(state))
    assert set(AGENTS) == set(ALGORITHMS)
    assert run_forecast(experiment(algorithm)).bytes_each == pytest.approx(real, rel=0.02)


@pytest.mark.parametrize(
    ("encoder", "weights"),
    [
        # By hand, one filter, one image, no coordinates: first convolution and norm 147 + 2; two blocks per stage, each
        # of two 3x3 convolutions and norms, the first of a stage that doubles the width with a projection:
        # 22 + 22, 68 + 80, 248 + 304, 944 + 1184.
        ("resnetv1-18", 149 + 44 + 148 + 552 + 2128),
    ],
)
def test_an_encoder_by_hand(encoder, weights):
    assert encoder_weights(encoder, {"num_filters": 1}, images=1) == weights


def test_what_will_not_fit_is_refused(tmp_path):
    fits = experiment("bc", num_steps=50_000, save_interval=50)
    assert "1 runs need" in disk_forecast([fits], tmp_path / "not" / "there", "here")
    assert disk_forecast([], tmp_path, "here") == "every run is done"
    # The users' own file, every checkpoint kept: 1,000 of 255 MB in each of ten runs.
    kept_for_ever = experiment("bc", num_steps=5_000_000, save_interval=50, keep_every=50)
    with pytest.raises(ConfigError, match="GB free"):
        disk_forecast([kept_for_ever] * 10, tmp_path, "here")
