"""Overfit one batch: the self-test of an algorithm, since one that cannot do even that cannot learn."""

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path

import jax
import numpy as np

from bridgelib.agents import make_agent
from bridgelib.config.experiments import Experiment
from bridgelib.errors import DataError
from bridgelib.language.table import LanguageTable
from bridgelib.progress import Progress
from bridgelib.training.devices import Devices
from bridgelib.training.inputs import Inputs
from bridgelib.training.interruption import Interruption
from bridgelib.training.learner import Learner
from bridgelib.training.run import read_inputs

WANTED = 0.5
_LAST = 0.1  # share of the steps whose mean counts as the end: dropout and diffusion noise make single ones jump


@dataclass(frozen=True)
class Overfit:
    """The result: the quantity watched, its value at the first step, and its mean over the last ones."""

    quantity: str
    first: float
    last: float

    def __str__(self) -> str:
        return f"{self.quantity} {self.first:.4g} -> {self.last:.4g} on one batch"


def self_test(
    experiment: Experiment,
    data_root: Path,
    groups: Sequence[Sequence[str]],
    steps: int,
    language: LanguageTable | None = None,
) -> Overfit:
    """Overfit the first batch of an experiment; see `overfit_one_batch`."""
    with Interruption() as interruption:
        inputs = interruption.wait_for(read_inputs, experiment, data_root, groups, language)
        return overfit_one_batch(experiment, inputs, steps, interruption)


def overfit_one_batch(experiment: Experiment, inputs: Inputs, steps: int, interruption: Interruption) -> Overfit:
    """Train on the first batch alone, without augmentation and warm-up.

    The quantity watched is the squared error of the actions where the algorithm reports one (a likelihood has a floor
    that it cannot fall below), else its first loss.

    Raises:
        DataError: The quantity did not fall by half.
    """
    config, devices = deepcopy(experiment.config), Devices()
    if "warmup_steps" in config["agent_kwargs"]:
        config["agent_kwargs"]["warmup_steps"] = 1
    batch = inputs.training.batch(0)
    learner = Learner(
        make_agent(experiment.algorithm, jax.random.PRNGKey(config["seed"]), batch, config),
        devices,
        augment=lambda batch, key: batch,
        evaluate=lambda agent, batch, key: {},
        key=jax.random.PRNGKey(0),
        interruption=interruption,
    )
    progress, values = Progress(steps, "steps", f"self-test of {experiment.algorithm}"), []
    for _ in range(steps):
        interruption.check()
        info = jax.device_get(learner.update(batch))
        quantity = _watched(info)
        values.append(float(info[quantity]))
        progress.advance(note=f"{quantity} {values[-1]:.4g}")
    outcome = Overfit(quantity, values[0], float(np.mean(values[-max(1, round(_LAST * steps)) :])))
    if not outcome.last <= WANTED * outcome.first:
        raise DataError(
            f"self-test of experiment '{experiment.name}', {steps} steps",
            given=str(outcome),
            allowed=f"a fall to {WANTED:.0%} or less",
            do="look at the losses, the learning rate and the data; or allow more steps: --self-test STEPS",
        )
    return outcome


def _watched(info: dict) -> str:
    errors = [name for name in info if name.endswith("mse")]
    return (errors or [name for name in info if "loss" in name])[0]
