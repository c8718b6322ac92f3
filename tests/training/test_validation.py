"""Validation against numbers worked out by hand."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from bridgelib.data.normalization import Normalizer
from bridgelib.training.validation import evaluation
from tests.training.toy import STATISTICS


class Always:
    """An agent that predicts zeros, in normalised units: the mean action of the statistics."""

    def evaluate(self, batch, key):
        wanted = batch["actions"]
        return {"actions": jnp.zeros_like(wanted), "log_probs": jnp.where(batch["valid"], -2.0, jnp.nan)}


def sums(actions, valid, kind="normal", mean=None, mask=None) -> dict[str, float]:
    batch = {"actions": jnp.asarray(actions, jnp.float32), "valid": jnp.asarray(valid)}
    batch |= {} if mask is None else {"action_mask": jnp.asarray(mask)}
    function = evaluation(Normalizer(STATISTICS, kind), STATISTICS.action.mean if mean is None else mean)
    return {name: float(value) for name, value in jax.jit(function)(Always(), batch, jax.random.PRNGKey(0)).items()}


jax.tree_util.register_pytree_node(Always, lambda agent: ((), None), lambda _, __: Always())

# Standard deviations are 0.01 m (rad) and 0.5 for the gripper, whose mean is 0.5.
WANTED = [[2, 0, 0, 0, 0, -3, 1], [-4, 1, 0, 0, 0, 0, -1], [9, 9, 9, 9, 9, 9, 9]]


def test_sums_over_valid_samples_in_normalised_and_real_units():
    found = sums(WANTED, [True, True, False])
    assert found["count"] == 2
    assert found["mse"] == found["mse_of_mean_action"] == (4 + 9 + 1) + (16 + 1 + 1)
    assert found["error_x"] == pytest.approx(0.02 + 0.04)
    assert found["error_y"] == pytest.approx(0.01)
    assert found["error_yaw"] == pytest.approx(0.03)
    assert "error_gripper" not in found
    # Zero is 0.5 in real units, which does not open; one gripper is wanted open, the other closed.
    assert found["gripper_accuracy"] == 1
    # What padding evaluates to does not matter, be it NaN.
    assert found["log_probs"] == -4


def test_mean_action_is_normalised_as_the_actions_are():
    mean = STATISTICS.action.mean + np.eye(7)[0] * 0.01
    assert sums([[3, 0, 0, 0, 0, 0, 0]], [True], mean=mean)["mse_of_mean_action"] == pytest.approx(4)


def test_bounds_have_the_scale_of_their_range():
    found = sums([[0.25, 0, 0, 0, 0, 0, 1]], [True], kind="bounds")  # ranges are -1 to 1
    assert found["error_x"] == pytest.approx(0.5)
    assert found["gripper_accuracy"] == 0  # predicted 0 is -1, wanted 1 is 1


def test_a_chunk_counts_as_the_mean_over_its_steps():
    chunks = np.zeros((2, 2, 7))
    chunks[0, :, 0] = (1, 3)
    chunks[1, 1, 6] = 2
    found = sums(chunks, [True, True])
    assert found["mse"] == (1 + 9) / 2 + 4 / 2
    assert found["error_x"] == pytest.approx((0.01 + 0.03) / 2)
    assert found["gripper_accuracy"] == 1 + 1 / 2


def test_of_a_chunk_beyond_the_end_only_what_was_demonstrated_counts():
    chunks = np.zeros((2, 3, 7))
    chunks[0, :, 0] = (1, 3, 9)
    chunks[1, :, 6] = (2, 5, 5)
    found = sums(chunks, [True, True], mask=[[True, True, False], [True, False, False]])
    assert found["mse"] == found["mse_of_mean_action"] == (1 + 9) / 2 + 4
    assert found["error_x"] == pytest.approx((0.01 + 0.03) / 2)
    assert found["gripper_accuracy"] == 1 + 0
