"""Validation: a policy's action errors on the validation split, beside those of always predicting the mean action."""

from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from bridgelib.agents.losses import masked_mean, squared_error
from bridgelib.data.batches import ValidationBatches
from bridgelib.data.dimensions import DIMENSIONS
from bridgelib.data.normalization import Normalizer
from bridgelib.data.prefetch import prefetched
from bridgelib.policy.memory import OPEN
from bridgelib.training.interruption import Interruption
from bridgelib.training.learner import Batch, Evaluate, Learner


def evaluation(normalizer: Normalizer, mean_action: np.ndarray) -> Evaluate:
    """The function that sums a policy's errors over the valid samples of a batch; pure, to be compiled.

    Args:
        normalizer: The normalizer of the batches' actions.
        mean_action: float64 [7]; the mean action of the training split, in the robot's units.

    Its result holds, besides everything the agent itself evaluates:

        count                  float32 []   valid samples
        mse                    float32 []   squared error of the most likely action, summed over its dimensions,
                                            in normalised units
        mse_of_mean_action     float32 []   the same for `mean_action`, whatever is seen
        error_<dimension>      float32 []   absolute error in metres and radians
        gripper_accuracy       float32 []   1 where the gripper is opened or closed as demonstrated

    An action chunk counts as the mean over its steps, or over those of them that `action_mask` says were demonstrated.
    """
    offset = normalizer.action.inverse(np.zeros(len(DIMENSIONS)))
    scale = normalizer.action.inverse(np.ones(len(DIMENSIONS))) - offset
    mean = normalizer.action.forward(mean_action)

    def sums(agent: Any, batch: Batch, key: jax.Array) -> dict[str, jax.Array]:
        wanted, mask = batch["actions"], batch.get("action_mask")
        numbers = dict(agent.evaluate(batch, key))
        predicted = numbers.pop("actions")
        numbers["mse"] = _per_sample(squared_error(predicted, wanted), mask)
        numbers["mse_of_mean_action"] = _per_sample(jnp.sum((mean - wanted) ** 2, axis=-1), mask)
        error = jnp.abs(predicted - wanted) * scale
        for index, dimension in enumerate(DIMENSIONS[:-1]):
            numbers[f"error_{dimension}"] = _per_sample(error[..., index], mask)
        opens = [(actions[..., -1] * scale[-1] + offset[-1]) > OPEN for actions in (predicted, wanted)]
        numbers["gripper_accuracy"] = _per_sample(opens[0] == opens[1], mask)
        # Not a product: what padding gives may be NaN.
        masked = {name: jnp.sum(jnp.where(batch["valid"], value, 0.0)) for name, value in numbers.items()}
        return {**masked, "count": jnp.sum(batch["valid"].astype(jnp.float32))}

    return sums


def _per_sample(values: jax.Array, mask: jax.Array | None) -> jax.Array:
    """[B] or [B, T] -> [B]."""
    return masked_mean(values.reshape(values.shape[0], -1).astype(jnp.float32), mask, axis=1)


def validated(learner: Learner, batches: ValidationBatches, interruption: Interruption) -> Mapping[str, float]:
    """The mean over all valid samples of `batches`, which are read ahead.

    Returns:
        The quantities of `evaluation`, `count` renamed to `transitions`.

    Raises:
        Interrupted: A signal came.
    """
    totals: dict[str, float] = {}
    with prefetched(batches, 0, len(batches)) as ahead:
        for number, batch in enumerate(ahead):
            interruption.check()
            for name, value in learner.evaluate(batch, number).items():
                totals[name] = totals.get(name, 0.0) + float(value)
    count = totals.pop("count")
    return {**{name: total / count for name, total in totals.items()}, "transitions": count}
