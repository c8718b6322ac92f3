from math import exp, log
from typing import get_args

import jax.numpy as jnp
import numpy as np
import pytest

from bridgelib.agents import losses


def close(value, expected, **tolerance):
    np.testing.assert_allclose(value, expected, **{"rtol": 1e-5, **tolerance})


def test_squared_error_is_summed_over_the_action():
    close(losses.squared_error(jnp.array([[1.0, 2.0], [0.0, 3.0]]), jnp.array([[0.0, 0.0], [0.0, 1.0]])), [5, 4])


def test_steps_that_do_not_count_are_left_out_of_a_mean():
    values = jnp.array([[1.0, 3.0, jnp.nan], [2.0, 70.0, 90.0]])
    mask = jnp.array([[True, True, False], [True, False, False]])
    close(losses.masked_mean(values, mask), 2)  # of 1, 3 and 2: each step weighs the same, not each chunk
    close(losses.masked_mean(values, mask, axis=1), [2, 2])
    close(losses.masked_mean(values[1:], None), 54)
    close(losses.masked_mean(values[1:], None, axis=1), [54])


def test_an_expectile_weighs_under_and_overestimates_differently():
    # 0.7·2², 0.3·2², and the middle expectile is half the square
    close(losses.expectile_loss(jnp.array([2.0, -2.0]), 0.7), [2.8, 1.2])
    close(losses.expectile_loss(jnp.array([3.0, -3.0]), 0.5), [4.5, 4.5])
    close(losses.expectile_loss(jnp.array([0.1, -0.1]), 0.7), [0.007, 0.003])


def test_the_bellman_target_stops_at_the_end():
    target = losses.bellman_target(jnp.array([-1, 0]), jnp.array([True, False]), jnp.array([-10.0, -10.0]), 0.98)
    close(target, [-10.8, 0.0], atol=1e-6)


def test_the_advantage_weights_the_likelihood_up_to_a_limit():
    # weights: e^0 = 1, e^(ln 2) = 2, and e^10 cut at 100
    weighted = losses.advantage_weighted_loss(jnp.array([0.0, log(2), 10.0]), jnp.array([-3.0, -3.0, -3.0]), 1.0)
    close(weighted, [3, 6, 300])
    close(losses.advantage_weighted_loss(jnp.array([2 * log(2)]), jnp.array([-3.0]), 2.0), [6])


def test_classification_of_goals():
    # the diagonal is positive: log(1 + e^-x); the rest is negative: log(1 + e^x)
    logits = jnp.array([[2.0, 0.0], [1.0, -1.0]])
    expected = [[log(1 + exp(-2)), log(2)], [log(1 + exp(1)), log(1 + exp(1))]]
    close(losses.classification_loss(logits), expected)
    close(
        losses.classification_loss(jnp.stack([logits, jnp.zeros((2, 2))], axis=-1)), (np.array(expected) + log(2)) / 2
    )


def test_temporal_difference_of_undecided_logits():
    # every term is ln 2: (1 - γ) + γ·w + 1, with γ = 0.5 and w = 3 or 0
    zeros = jnp.zeros((2, 2))
    loss = losses.temporal_difference_loss(zeros, zeros, jnp.array([3.0, 0.0]), 0.5)
    close(loss, [[3 * log(2)] * 2, [1.5 * log(2)] * 2])


def test_temporal_difference_tells_its_three_terms_apart():
    big = 50.0
    sure = losses.temporal_difference_loss(jnp.full((1, 2), big), jnp.full((1, 2), -big), jnp.array([0.0]), 0.9)
    close(sure, [[0.0, 0.0]], atol=1e-6)
    missed = losses.temporal_difference_loss(jnp.full((1, 2), -big), jnp.full((1, 2), -big), jnp.array([2.0]), 0.9)
    close(missed, [[0.1 * big + 0.9 * 2 * big] * 2])


def test_saliency_is_the_softmax_of_the_activity_stretched_to_the_unit_interval():
    # activities 0, ln 2, ln 4 (signs do not matter): softmax 1/7, 2/7, 4/7, stretched to 0, 1/3, 1
    features = jnp.zeros((1, 1, 3, 2)).at[0, 0, 1, 0].set(-log(2)).at[0, 0, 2].set(jnp.array([log(2), -log(2)]))
    close(losses.saliency_map(features, 1.0, 1, 3)[0, 0, :, 0], [0, 1 / 3, 1], atol=1e-6)
    # at temperature 2: 1, √2, 2, stretched
    close(losses.saliency_map(features, 2.0, 1, 3)[0, 0, :, 0], [0, 2**0.5 - 1, 1], atol=1e-6)


def test_saliency_is_resized_to_the_image():
    features = jnp.zeros((1, 2, 2, 4)).at[0, 0, 1].set(3.0)
    saliency = np.asarray(losses.saliency_map(features, 1.0, 8, 6))
    assert saliency.shape == (1, 8, 6, 1)
    assert saliency.min() == 0 and saliency.max() == pytest.approx(1)
    row, column = np.unravel_index(np.argmax(saliency), (8, 6))
    assert row < 4 and column >= 3


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("KL", 0.5 * log(0.5 / 0.75) + 0.5 * log(0.5 / 0.25)),
        ("TV", 0.5),
        (
            "JS",
            (0.5 * log(0.5 / 0.625) + 0.5 * log(0.5 / 0.375) + 0.75 * log(0.75 / 0.625) + 0.25 * log(0.25 / 0.375)) / 2,
        ),
        ("MSE", ((1 - 0.75) ** 2 + (1 - 0.25) ** 2) / 2),
    ],
)
def test_divergences_by_hand(kind, expected):
    gaze, saliency = jnp.array([1.0, 1.0]).reshape(1, 2, 1, 1), jnp.array([0.75, 0.25]).reshape(1, 2, 1, 1)
    close(losses.saliency_divergence(gaze, saliency, kind), [expected], rtol=1e-4)
    close(losses.saliency_divergence(gaze, gaze, kind), [0], atol=1e-5)


@pytest.mark.parametrize("kind", get_args(losses.Divergence))
def test_images_of_a_batch_do_not_mix(kind):
    rng = np.random.default_rng(0)
    features, gaze = jnp.asarray(rng.normal(size=(3, 2, 2, 4)) * [[[[1]]], [[[3]]], [[[9]]]]), rng.random((3, 4, 6, 1))
    saliency = losses.saliency_map(features, 1.0, 4, 6)
    alone = [losses.saliency_map(features[i : i + 1], 1.0, 4, 6) for i in range(3)]
    close(saliency, np.concatenate(alone), atol=1e-6)
    one_by_one = [losses.saliency_divergence(gaze[i : i + 1], alone[i], kind)[0] for i in range(3)]
    close(losses.saliency_divergence(jnp.asarray(gaze), saliency, kind), one_by_one, rtol=1e-4)
