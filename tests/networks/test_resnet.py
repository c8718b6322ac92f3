import flax
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from bridgelib.config.algorithms.encoders import ENCODERS
from bridgelib.config.algorithms.parts import EncoderSettings
from bridgelib.networks.encoders import make_encoder
from bridgelib.networks.layers import FilmConditioning, LayerSettings, MyGroupNorm, with_coordinates
from bridgelib.networks.pooling import SpatialLearnedEmbeddings, SpatialSoftmax
from bridgelib.networks.resnet import BottleneckResNetBlock, ResNetEncoder

KEY = jax.random.PRNGKey(0)


def plain(**settings):
    """The settings of an encoder that does not do what is not said."""
    return EncoderSettings(**{"act": "relu", "add_spatial_coordinates": False, **settings})


def shapes(module, *inputs):
    """Parameter shapes by path, and the shape of the output; nothing is computed."""
    variables = jax.eval_shape(module.init, KEY, *inputs)
    output = jax.eval_shape(module.apply, variables, *inputs)
    return {p: v.shape for p, v in flax.traverse_util.flatten_dict(variables["params"], sep="/").items()}, output.shape


def images(size=32, channels=3, batch=2):
    return jnp.asarray(np.random.default_rng(0).integers(0, 256, (batch, size, size, channels)), jnp.uint8)


@pytest.mark.parametrize(
    ("pooling", "expected"),
    [
        ("avg", (2, 64)),
        ("max", (2, 64)),
        ("none", (2, 2, 2, 64)),
        ("spatial_softmax", (2, 128)),
        ("spatial_learned_embeddings", (2, 512)),
    ],
)
def test_pooling_kinds(pooling, expected):
    encoder = make_encoder("resnetv1-18", plain(num_filters=8, pooling_method=pooling))
    assert shapes(encoder, images(64))[1] == expected


@pytest.mark.parametrize("name", [name for name in ENCODERS if name.startswith("resnet")])
def test_every_resnet_ends_with_eight_times_its_filters(name):
    encoder = make_encoder(name, plain(num_filters=4))
    condition = (jnp.zeros((2, 5)),) if encoder.takes_condition else ()
    widening = 4 if ENCODERS[name].bottleneck else 1
    parameters, output = shapes(encoder, images(64), *condition)
    assert output == (2, 4 * 8 * widening)
    assert sum("conv_init" in path for path in parameters) == 1
    assert any("FilmConditioning" in path for path in parameters) == name.endswith("film")


def test_coordinates_are_two_more_channels():
    with_them = make_encoder("resnetv1-18", plain(num_filters=4, add_spatial_coordinates=True))
    assert shapes(with_them, images())[0]["conv_init/kernel"] == (7, 7, 5, 4)


def test_coordinates_are_row_then_column_from_minus_one_to_one():
    grid = with_coordinates(jnp.zeros((1, 3, 5, 1)))[0, ..., 1:]
    np.testing.assert_allclose(grid[:, 0, 0], [-1, 0, 1])
    np.testing.assert_allclose(grid[0, :, 1], [-1, -0.5, 0, 0.5, 1])


def test_layer_norm_takes_the_place_of_group_norm():
    parameters, _ = shapes(make_encoder("resnetv1-18", plain(num_filters=4, norm="layer")), images())
    assert not any("GroupNorm" in path for path in parameters)
    assert "ResNetBlock_0/LayerNorm_1/scale" in parameters


def test_a_bottleneck_block_begins_as_its_shortcut():
    block = BottleneckResNetBlock(4, 1, LayerSettings(act="relu"))
    x = jnp.asarray(np.random.default_rng(0).uniform(size=(1, 4, 4, 16)), jnp.float32)
    output, _ = jax.jit(lambda x: block.init_with_output(KEY, x))(x)
    np.testing.assert_allclose(output, x, rtol=1e-6)


def test_group_norm_normalises_each_group_of_channels_over_the_image():
    x = np.random.default_rng(0).normal(3.0, 2.0, (2, 4, 4, 8)).astype(np.float32)
    params = {"params": {"scale": jnp.ones(8), "bias": jnp.zeros(8)}}
    normalised = np.asarray(MyGroupNorm(num_groups=4).apply(params, x)).reshape(2, 16, 4, 2)
    np.testing.assert_allclose(normalised.mean(axis=(1, 3)), 0, atol=1e-5)
    np.testing.assert_allclose(normalised.std(axis=(1, 3)), 1, atol=1e-4)


def test_film_begins_as_the_identity_and_then_scales_and_shifts():
    features, condition = jnp.ones((1, 2, 2, 3)), jnp.array([[1.0, 2.0]])
    film = FilmConditioning()
    params = film.init(KEY, features, condition)["params"]
    np.testing.assert_array_equal(film.apply({"params": params}, features, condition), features)
    params["Dense_0"]["bias"] = jnp.array([1.0, 0.0, 0.0])
    params["Dense_1"]["kernel"] = jnp.array([[0.0, 0.0, 0.0], [0.0, 0.0, 0.5]])
    changed = film.apply({"params": params}, features, condition)
    np.testing.assert_allclose(changed[0, 0, 0], [2.0, 1.0, 2.0])  # 1·(1+1), 1, 1 + 2·0.5


def test_an_instruction_reaches_the_encoding_through_multiplication():
    encoder = ResNetEncoder((1,), False, LayerSettings(**vars(plain(num_filters=4, use_multiplicative_cond=True))))
    x, condition = images(), jnp.ones((2, 3))
    params = jax.jit(encoder.init)(KEY, x, condition)
    encode = jax.jit(encoder.apply)
    once, twice = (encode(params, x, factor * condition) for factor in (1, 2))
    np.testing.assert_allclose(twice, 2 * once, rtol=1e-5)


def test_spatial_softmax_finds_a_spike():
    features = np.full((1, 3, 5, 2), -50.0, np.float32)
    features[0, 0, 4, 0] = features[0, 2, 1, 1] = 50.0
    found = SpatialSoftmax().apply({}, jnp.asarray(features))
    np.testing.assert_allclose(found, [[1.0, -0.5, -1.0, 1.0]], atol=1e-6)  # x of both channels, then y of both


def test_spatial_softmax_averages_what_is_equal_and_learns_its_temperature():
    module = SpatialSoftmax(-1)
    params = module.init(KEY, jnp.zeros((1, 4, 4, 3)))
    assert params["params"]["softmax_temperature"].shape == (1,)
    np.testing.assert_allclose(module.apply(params, jnp.zeros((1, 4, 4, 3))), np.zeros((1, 6)), atol=1e-6)


def test_learned_embeddings_are_weighted_sums_over_positions():
    features = jnp.arange(8, dtype=jnp.float32).reshape(1, 2, 2, 2)
    kernel = jnp.zeros((2, 2, 2, 3)).at[0, 0, :, 0].set(1.0).at[1, 1, :, 2].set(10.0)
    pooled = SpatialLearnedEmbeddings(3).apply({"params": {"kernel": kernel}}, features)
    np.testing.assert_allclose(pooled, [[0, 0, 60, 1, 0, 70]])  # channel 0: 0·1, 6·10; channel 1: 1·1, 7·10
