"""Gradient saliency of policies whose gradients are known."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from bridgelib.evaluation.offline.saliency import SIDE, as_map, saliency
from bridgelib.evaluation.offline.situations import Situation
from bridgelib.policy import Policy
from tests.policy.fakes import spec


@jax.tree_util.register_pytree_node_class
class Peeping:
    """x is 3 times a red pixel and y -2 times it; z is the goal's green pixel times another, of the newest frame."""

    def tree_flatten(self):
        return (), None

    @classmethod
    def tree_unflatten(cls, _, __):
        return cls()

    def sample_actions(self, observations, goals=None):
        image = observations["image"]
        if image.ndim == 5:
            image = image[:, -1] + 100.0 * image[:, 0]
        red, green = image[:, 1, 2, 0], image[:, 3, 0, 1]
        actions = jnp.zeros((len(image), 2, 7))
        actions = actions.at[:, 0, 0].set(3 * red).at[:, 0, 1].set(-2 * red)
        actions = actions.at[:, 1].set(1000 * image[:, 0, 0, 0, None])  # the second of a chunk does not count
        return actions if goals is None else actions.at[:, 0, 2].set(goals["image"][:, 3, 0, 1] * green)


def situation(goals=(), history=()) -> Situation:
    return Situation(
        np.zeros((2, *history, 4, 4, 3), np.uint8), np.zeros((2, *history, 7), np.float32), {**dict(goals)}
    )


def test_gradients_are_absolute_and_summed_over_dimensions_and_colours():
    goal = np.zeros((2, 4, 4, 3), np.uint8)
    goal[1, 3, 0, 1] = 9
    found = saliency(Policy(spec(goal="image", chunk=2), Peeping()), situation({"image": goal}))
    expected = np.zeros((2, 4, 4))
    expected[:, 1, 2] = 5
    expected[1, 3, 0] = 9
    assert found.tolist() == expected.tolist()


def test_of_a_history_it_is_the_present_frame():
    found = saliency(Policy(spec(history=3, chunk=2), Peeping()), situation(history=(3,)))
    assert found.shape == (2, 4, 4) and found.sum() == 2 * 5


def test_maps_are_means_as_shares_of_the_largest():
    gradients = np.zeros((2 * SIDE, 2 * SIDE), np.float32)
    gradients[:2, :2] = 4
    gradients[2, 4] = 4
    found = np.array(as_map(gradients))
    assert found.shape == (SIDE, SIDE)
    assert found[0, 0] == 1 and found[1, 2] == pytest.approx(0.25) and found.sum() == pytest.approx(1.25)


def test_a_policy_that_does_not_look_has_an_empty_map():
    assert as_map(np.zeros((8, 8), np.float32)) == [[0.0] * SIDE] * SIDE
