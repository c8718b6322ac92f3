"""How fast this machine trains an experiment: a few steps and one batch of its validation, thrown away."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import jax

from bridgelib.agents import make_agent
from bridgelib.config.experiments import Experiment
from bridgelib.data.prefetch import prefetched
from bridgelib.language.table import LanguageTable
from bridgelib.training.devices import Devices
from bridgelib.training.interruption import Interruption
from bridgelib.training.run import new_learner, read_inputs

_LEAST = 4  # steps that are timed, however slow they are


@dataclass(frozen=True)
class TrainingSpeed:
    """The measured speed.

    Attributes:
        start: Seconds until the first step and the first validation are compiled, reading the data included.
        step: Seconds of a step, waiting for data included.
        validation: Seconds of one validation; 0 where there is nothing to validate on.
    """

    start: float
    step: float
    validation: float


def training_speed(
    experiment: Experiment,
    data_root: Path,
    groups: Sequence[Sequence[str]],
    language: LanguageTable | None = None,
    seconds: float = 5.0,
) -> TrainingSpeed:
    """Train from the start for some seconds and write nothing; the arguments as those of `train`."""
    began, config, devices = time.monotonic(), experiment.config, Devices()
    with Interruption() as interruption:
        inputs = interruption.wait_for(read_inputs, experiment, data_root, groups, language)
        keys = jax.random.split(jax.random.PRNGKey(config["seed"]))
        agent = make_agent(experiment.algorithm, keys[0], inputs.training.batch(0), config)
        learner = new_learner(experiment, inputs, agent, devices, keys[1], interruption)

        def validation_batch() -> float:
            if inputs.validation is None:
                return 0.0
            before = time.monotonic()
            learner.evaluate(inputs.validation.batch(0), 0)
            return time.monotonic() - before

        with prefetched(inputs.training, 0, config["num_steps"] + _LEAST) as batches:
            jax.block_until_ready(learner.update(next(batches)))
            validation_batch()
            started, steps = time.monotonic(), 0
            while steps < _LEAST or (time.monotonic() < started + seconds and steps < config["num_steps"]):
                interruption.check()
                info = learner.update(next(batches))
                steps += 1
            jax.block_until_ready(info)
        step = (time.monotonic() - started) / steps
        batches_of_validation = len(inputs.validation) if inputs.validation else 0
        return TrainingSpeed(started - began, step, validation_batch() * batches_of_validation)
