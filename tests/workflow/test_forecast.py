"""Experiments whose checkpoints will not fit the disk are refused before they start."""

import pytest

from bridgelib.config.algorithms import algorithm_defaults
from bridgelib.config.datasets import Dataset
from bridgelib.config.experiments import Experiment
from bridgelib.errors import ConfigError
from bridgelib.workflow.forecast import disk_forecast


def experiment(algorithm, **overrides):
    return Experiment("run", algorithm, Dataset("d", (("d",),)), {**algorithm_defaults(algorithm), **overrides})


def test_what_fits_is_forecast_in_one_line(tmp_path):
    fits = experiment("bc", num_steps=50_000, save_interval=50)
    assert "1 runs need" in disk_forecast([fits], tmp_path / "not" / "there", "here")
    assert disk_forecast([], tmp_path, "here") == "every run is done"


def test_what_will_not_fit_is_refused(tmp_path):
    # The users' own file, every checkpoint kept: 255 MB every 50 steps.
    kept_for_ever = experiment("bc", num_steps=5_000_000, save_interval=50, keep_every=50)
    with pytest.raises(ConfigError, match="GB free"):
        disk_forecast([kept_for_ever] * 10, tmp_path, "here")
