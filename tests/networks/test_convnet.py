import jax
import jax.numpy as jnp
import numpy as np
import pytest

from bridgelib.config.algorithms.parts import EncoderSettings
from bridgelib.networks.convnet import patches
from bridgelib.networks.encoders import make_encoder

KEY = jax.random.PRNGKey(0)
PLAIN = {"num_filters": 16, "act": "relu", "add_spatial_coordinates": False}


def images(height=32, width=32, channels=3, batch=2):
    return np.random.default_rng(0).integers(0, 256, (batch, height, width, channels), np.uint8)


def features(name="convnet-3", shown=None, condition=None, **settings):
    encoder = make_encoder(name, EncoderSettings(**{**PLAIN, **settings}))
    shown = images() if shown is None else shown
    parameters = encoder.init(KEY, shown, condition)
    return encoder.apply(parameters, shown, condition), parameters, encoder


def test_a_patch_holds_its_pixels_row_by_row():
    x = jnp.arange(2 * 4 * 6 * 1).reshape(2, 4, 6, 1)
    cut = patches(x, 2)
    assert cut.shape == (2, 2, 3, 4)
    assert cut[0, 0, 0].tolist() == [0, 1, 6, 7]
    assert cut[1, 1, 2].tolist() == [24 + 16, 24 + 17, 24 + 22, 24 + 23]


def test_what_patches_do_not_fill_is_filled_with_zeros():
    cut = patches(jnp.ones((1, 3, 5, 1)), 4)
    assert cut.shape == (1, 1, 2, 16)
    assert cut[0, 0, 0].sum() == 12 and cut[0, 0, 1].sum() == 3


@pytest.mark.parametrize(
    ("pooling", "shape"),
    [("avg", (2, 16)), ("spatial_softmax", (2, 32)), ("none", (2, 4, 4, 16)), ("spatial_learned_embeddings", (2, 128))],
)
def test_the_map_is_an_eighth_of_the_image_and_pooled_as_told(pooling, shape):
    assert features(pooling_method=pooling)[0].shape == shape


def test_what_moves_in_the_image_moves_in_the_map():
    """By eight pixels to the right: one place of the map. Nowhere near the border, where zeros are seen too."""
    shown = np.zeros((2, 64, 64, 3), np.uint8)
    shown[0, 24:32, 24:32], shown[1, 24:32, 32:40] = 255, 255
    (first, second), *_ = features(shown=shown, pooling_method="none")
    assert jnp.allclose(first[:, 1:5], second[:, 2:6], atol=1e-4)
    assert not jnp.allclose(first[:, 2:6], second[:, 2:6], atol=1e-2)


def test_an_instruction_changes_what_is_seen_once_it_has_been_learned():
    condition = np.random.default_rng(1).standard_normal((2, 5)).astype(np.float32)
    before, parameters, encoder = features("convnet-3-film", condition=condition)
    silent = encoder.apply(parameters, images(), np.zeros_like(condition))
    assert jnp.allclose(before, silent)  # it begins as the identity
    louder = jax.tree_util.tree_map(lambda x: x + 0.1, parameters)
    assert not jnp.allclose(encoder.apply(louder, images(), condition), encoder.apply(louder, images(), 0 * condition))


def test_rows_of_a_batch_do_not_meet():
    shown = images(batch=3)
    found, parameters, encoder = features(shown=shown)
    alone = encoder.apply(parameters, shown[1:2])
    assert jnp.allclose(found[1], alone[0], atol=1e-5)
