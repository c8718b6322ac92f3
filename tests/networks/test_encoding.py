import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from bridgelib.networks.encoding import Encoding


class ChannelMeans(nn.Module):
    """A stand-in for an encoder: the mean of each channel, plus the sum of the condition."""

    factor: float = 1.0

    def __call__(self, images, condition=None):
        means = self.factor * jnp.mean(images.astype(jnp.float32), axis=(1, 2))
        return means if condition is None else means + jnp.sum(condition, axis=-1, keepdims=True)


class Map(nn.Module):
    def __call__(self, images, condition=None):
        return images.astype(jnp.float32)


def plain(value, size=2, channels=1):
    return np.full((size, size, channels), value, np.uint8)


OBSERVATION = {"image": np.stack([plain(1), plain(2)])}
HISTORY = {"image": np.stack([np.stack([plain(1), plain(2), plain(3)]), np.stack([plain(4), plain(5), plain(6)])])}
GOAL = {"image": np.stack([plain(10), plain(20)]), "language": np.array([[100.0], [200.0]], np.float32)}


def encode(observations, goals=None, **options):
    module = Encoding(ChannelMeans(), **options)
    return np.asarray(module.apply(module.init(jax.random.PRNGKey(0), observations, goals), observations, goals))


def test_without_a_task_the_goal_is_not_looked_at():
    np.testing.assert_allclose(encode(OBSERVATION, GOAL), [[1], [2]])
    np.testing.assert_allclose(encode(OBSERVATION), [[1], [2]])


def test_early_fusion_puts_the_goal_behind_the_image_channels():
    np.testing.assert_allclose(encode(OBSERVATION, GOAL, fusion="early"), [[1, 10], [2, 20]])


def test_late_fusion_puts_the_goal_encoding_behind_the_observation():
    np.testing.assert_allclose(encode(OBSERVATION, GOAL, fusion="late"), [[1, 10], [2, 20]])
    own = encode(OBSERVATION, GOAL, fusion="late", goal_encoder=ChannelMeans(factor=2.0))
    np.testing.assert_allclose(own, [[1, 20], [2, 40]])


def test_an_instruction_is_the_encoders_condition():
    np.testing.assert_allclose(encode(OBSERVATION, GOAL, fusion="language"), [[101], [202]])


@pytest.mark.parametrize(
    ("fusion", "expected"),
    [
        ("none", [[1, 2, 3], [4, 5, 6]]),
        ("early", [[1, 10, 2, 10, 3, 10], [4, 20, 5, 20, 6, 20]]),
        ("late", [[1, 2, 3, 10], [4, 5, 6, 20]]),
        ("language", [[101, 102, 103], [204, 205, 206]]),
    ],
)
def test_a_history_is_encoded_frame_by_frame_under_its_own_goal(fusion, expected):
    np.testing.assert_allclose(encode(HISTORY, GOAL, fusion=fusion), expected)


@pytest.mark.parametrize(
    ("proprio", "expected"),
    [
        (np.array([[7, 8], [9, 10]], np.float32), [[1, 7, 8], [2, 9, 10]]),
        (np.array([[[7, 8]], [[9, 10]]], np.float32), [[1, 7, 8], [2, 9, 10]]),
        (np.arange(12, dtype=np.float32).reshape(2, 3, 2), [[1, 0, 1, 2, 3, 4, 5], [2, 6, 7, 8, 9, 10, 11]]),
    ],
)
def test_proprio_of_any_rank_is_flattened_and_joined(proprio, expected):
    np.testing.assert_allclose(encode({**OBSERVATION, "proprio": proprio}, use_proprio=True), expected)


def test_a_feature_map_is_averaged_and_kept():
    module = Encoding(Map())
    observations = {"image": np.stack([np.arange(4, dtype=np.uint8).reshape(2, 2, 1)])}
    encoding, kept = module.apply({}, observations, mutable=["intermediates"])
    np.testing.assert_allclose(encoding, [[1.5]])
    assert kept["intermediates"]["feature_map"][0].shape == (1, 2, 2, 1)
