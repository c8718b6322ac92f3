"""Augmentation: each op against TensorFlow's, the ranges of what is drawn, and who shares a draw with whom."""

import json
from functools import lru_cache, partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.stats import kstest

from bridgelib.config.algorithms import algorithm_defaults
from bridgelib.data import augment as augmentation
from bridgelib.data.augment import augment

KWARGS = algorithm_defaults("gc_bc")["dataset_kwargs"]
SIGNIFICANCE = 1e-3
KEY = jax.random.PRNGKey(0)
CROP_AND_FLIP = ["random_resized_crop", "random_flip_left_right"]


@pytest.fixture(scope="module")
def tf():
    return pytest.importorskip("tensorflow")


def pictures(height=20, width=24):
    """uint8 [6, height, width, 3]: smooth colours, grey noise, noise of pure colours, black, white, noise."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j]
    smooth = np.stack([255 * x, 255 * y, 255 * (1 - x)], -1)
    grey = np.repeat(rng.integers(0, 256, (height, width, 1)), 3, -1)
    primary = 255 * rng.integers(0, 2, (height, width, 3))
    noise = rng.integers(0, 256, (height, width, 3))
    return np.stack([smooth, grey, primary, 0 * grey, 0 * grey + 255, noise]).astype(np.uint8)


IMAGES = pictures()


def assert_within_one_step(ours, theirs):
    """Both in [0, 1]; apart by less than one of 255 steps."""
    ours, theirs = np.asarray(ours), np.asarray(theirs)
    assert ours.shape == theirs.shape
    assert np.abs(ours - theirs).max() * 255 < 1


def apart(image):
    """float32 [..., H, W, C] -> its channels."""
    return tuple(jnp.moveaxis(jnp.asarray(image, jnp.float32), -1, 0))


def together(channels):
    return np.stack(channels, axis=-1)


@pytest.mark.parametrize("box", [(0, 0, 1, 1), (0.1, 0.05, 0.9, 1.0), (0.0, 0.2, 0.93, 0.71), (0.5, 0.5, 0.51, 0.52)])
def test_crop_is_tensorflows(tf, box):
    theirs = tf.image.crop_and_resize(IMAGES / 255.0, np.tile(box, (len(IMAGES), 1)), range(len(IMAGES)), (20, 24))
    ours = together(augmentation.crop_and_resize(apart(IMAGES / 255.0), jnp.array(box, jnp.float32)))
    assert_within_one_step(ours, theirs)
    np.testing.assert_allclose(ours, theirs, atol=2e-5)


@pytest.mark.parametrize(
    ("op", "values"),
    [
        ("adjust_brightness", [-0.2, 0.0, 0.2]),
        ("adjust_contrast", [0.0, 0.8, 1.0, 1.2]),
        ("adjust_saturation", [0.0, 0.8, 1.0, 1.2, 3.0]),
        ("adjust_hue", [-0.5, -0.1, 0.0, 0.1, 0.4]),
    ],
)
def test_colour_ops_are_tensorflows(tf, op, values):
    images = IMAGES.astype(np.float32) / 255
    for value in values:
        theirs = np.stack([getattr(tf.image, op)(image, value) for image in images])
        ours = together(getattr(augmentation, op)(apart(images), jnp.float32(value)))
        assert_within_one_step(ours, theirs)
        np.testing.assert_allclose(ours, theirs, atol=2e-5)


def batch_of(images, **more):
    """The same images as observation, next observation and goal."""
    view = {"image": np.asarray(images), "proprio": np.ones((len(images), 7), np.float32)}
    return {"observations": {**view, **more}, "next_observations": view, "goals": view, "valid": np.ones(len(images))}


def configured(order=None, differently=False, **ops):
    """The default configuration, with another order or other arguments."""
    kwargs = {**KWARGS["augment_kwargs"], **ops}
    kwargs["augment_order"] = kwargs["augment_order"] if order is None else order
    return {**KWARGS, "augment_next_obs_goal_differently": differently, "augment_kwargs": kwargs}


def augmented(batch, config, key=KEY):
    """Compiled, as in training; as numpy arrays."""
    return jax.device_get(_compiled(json.dumps(config))(batch, key))


@lru_cache
def _compiled(config):
    return jax.jit(partial(augment, dataset_kwargs=json.loads(config)))


def test_ops_by_hand():
    """One pixel, or a row of two: what the formulas say, without TensorFlow."""
    red_ish = tuple(jnp.full((1, 1), value) for value in (0.8, 0.4, 0.2))  # value 0.8, chroma 0.6, saturation 3/4
    pixel = partial(np.allclose, atol=1e-6)
    assert pixel(np.ravel(augmentation.adjust_saturation(red_ish, 0.5)), [0.8, 0.6, 0.5])
    assert pixel(np.ravel(augmentation.adjust_saturation(red_ish, 2.0)), [0.8, 0.8 / 3, 0.0])
    assert pixel(np.ravel(augmentation.adjust_hue(red_ish, 1 / 3)), [0.2, 0.8, 0.4])
    assert pixel(np.ravel(augmentation.adjust_hue(red_ish, -1 / 3)), [0.4, 0.2, 0.8])
    row = (jnp.array([[0.2, 0.6]]),)
    assert pixel(augmentation.adjust_contrast(row, 0.5), [[[0.3, 0.5]]])
    assert pixel(
        augmentation.crop_and_resize((jnp.array([[0.0, 0.2, 1.0]]),), jnp.array([0, 0.25, 1, 0.75])), [0.1, 0.2, 0.6]
    )


def drawn(draw, count=4000):
    return np.asarray(jax.jit(jax.vmap(draw))(jax.random.split(KEY, count)))


def test_boxes_are_drawn_as_configured():
    top, left, bottom, right = drawn(partial(augmentation.random_box, scale=(0.5, 0.6), ratio=(0.9, 1.1))).T
    height, width = bottom - top, right - left
    within = {"low": 0.0, "high": 1.0}
    for values, (low, high) in [
        (height * width, (0.5, 0.6)),
        (np.log(width / height), np.log((0.9, 1.1))),
        (top / (1 - height), within.values()),
        (left / (1 - width), within.values()),
    ]:
        assert low - 1e-5 <= values.min() and values.max() <= high + 1e-5
        assert kstest((values - low) / (high - low), "uniform").pvalue > SIGNIFICANCE
    assert (bottom <= 1 + 1e-6).all() and (right <= 1 + 1e-6).all()
    assert (
        abs(np.corrcoef([height * width, width / height, top / (1 - height), left / (1 - width)]) - np.eye(4)).max()
        < 0.06
    )


def test_a_box_is_never_larger_than_the_image():
    top, left, bottom, right = drawn(partial(augmentation.random_box, scale=(0.9, 1.0), ratio=(0.5, 2.0))).T
    assert min(top.min(), left.min()) >= 0
    assert max(bottom.max(), right.max()) <= 1 + 1e-6


@pytest.mark.parametrize(
    ("name", "args", "low", "high"),
    [
        ("brightness", (0.2,), -0.2, 0.2),
        ("contrast", (0.8, 1.3), 0.8, 1.3),
        ("saturation", (0.7, 1.2), 0.7, 1.2),
        ("hue", (0.1,), -0.1, 0.1),
    ],
)
def test_colour_parameters_are_uniform(monkeypatch, name, args, low, high):
    monkeypatch.setattr(augmentation, f"adjust_{name}", lambda image, parameter: parameter)
    values = drawn(lambda key: getattr(augmentation, f"random_{name}")(key, (), *args))
    assert low <= values.min() and values.max() <= high
    assert kstest((values - low) / (high - low), "uniform").pvalue > SIGNIFICANCE


def test_every_second_image_is_mirrored():
    row = (jnp.array([[0.0, 1.0]]),)
    mirrored = drawn(lambda key: augmentation.random_flip_left_right(key, row)[0][0, 0])
    assert set(mirrored) == {0.0, 1.0}
    assert abs(mirrored.mean() - 0.5) < 0.03


def test_the_whole_chain_is_the_chain_of_tensorflows_ops(tf):
    """Samples through all ops in order, with the parameters that their keys give."""
    colours = [("brightness", -0.2, 0.2), ("contrast", 0.8, 1.2), ("saturation", 0.8, 1.2), ("hue", -0.1, 0.1)]
    ours = augmented(batch_of(IMAGES), configured())["observations"]["image"]
    for sample in range(len(IMAGES)):
        sample_key = jax.random.fold_in(jax.random.fold_in(KEY, sample), 0)
        keys = [jax.random.fold_in(sample_key, op) for op in range(5)]
        image = IMAGES[sample].astype(np.float32) / 255
        box = augmentation.random_box(keys[0], (0.8, 1.0), (0.9, 1.1))
        image = tf.clip_by_value(tf.image.crop_and_resize(image[None], box[None], [0], image.shape[:2])[0], 0, 1)
        for key, (op, low, high) in zip(keys[1:], colours, strict=True):
            parameter = float(jax.random.uniform(key, (), minval=low, maxval=high))
            image = tf.clip_by_value(getattr(tf.image, f"adjust_{op}")(image, parameter), 0, 1)
        theirs = tf.cast(image * 255, tf.uint8).numpy()
        assert np.abs(ours[sample].astype(int) - theirs.astype(int)).max() <= 1


def test_images_stay_uint8_and_all_else_is_untouched():
    batch = batch_of(IMAGES)
    changed = augmented(batch, configured())
    assert jax.tree_util.tree_structure(changed) == jax.tree_util.tree_structure(batch)
    for view in ("observations", "next_observations", "goals"):
        assert changed[view]["image"].dtype == np.uint8
        assert changed[view]["image"].shape == IMAGES.shape
        np.testing.assert_array_equal(changed[view]["proprio"], batch[view]["proprio"])
    np.testing.assert_array_equal(changed["valid"], batch["valid"])


def test_off_and_empty_order_change_nothing():
    batch = batch_of(IMAGES)
    assert augment(batch, KEY, {**KWARGS, "augment": False}) is batch
    np.testing.assert_array_equal(augmented(batch, configured([]))["goals"]["image"], IMAGES)


def test_views_share_their_draws_unless_told_otherwise():
    same = augmented(batch_of(IMAGES), configured())
    np.testing.assert_array_equal(same["observations"]["image"], same["goals"]["image"])
    np.testing.assert_array_equal(same["observations"]["image"], same["next_observations"]["image"])
    different = augmented(batch_of(IMAGES), configured(CROP_AND_FLIP, differently=True))
    views = [different[view]["image"] for view in ("observations", "next_observations", "goals")]
    for one, other in [(0, 1), (0, 2), (1, 2)]:
        assert (views[one] != views[other]).any(axis=(1, 2, 3))[[0, 1, 2, 5]].all()


def test_samples_do_not_share_their_draws():
    images = augmented(batch_of(np.repeat(IMAGES[:1], len(IMAGES), axis=0)), configured())["observations"]["image"]
    assert len({image.tobytes() for image in images}) == len(IMAGES)


def test_the_ops_of_a_sample_draw_independently():
    """The predecessor gave all ops one seed: its brightness, contrast and saturation were one and the same number."""
    levels = np.full((2000, 2, 2, 3), 100, np.uint8)
    levels[:, 0] = 150
    ops = {"random_brightness": [0.2], "random_contrast": [0.5, 1.5]}
    images = augmented({"observations": {"image": levels}}, configured(list(ops), **ops))["observations"]["image"]
    brightness = images.mean(axis=(1, 2, 3))
    contrast = images[:, 0].mean(axis=(1, 2)) - images[:, 1].mean(axis=(1, 2))
    assert brightness.std() > 20
    assert contrast.std() > 10
    assert abs(np.corrcoef(brightness, contrast)[0, 1]) < 0.06


def test_a_history_is_augmented_the_same_on_all_its_frames():
    history = np.repeat(IMAGES[:, None], 3, axis=1)
    changed = augmented({"observations": {"image": history}, "goals": {"image": IMAGES}}, configured())
    frames = changed["observations"]["image"]
    assert frames.shape == history.shape
    for frame in range(3):
        np.testing.assert_array_equal(frames[:, frame], frames[:, 0])
    assert np.abs(frames[:, 0].astype(int) - changed["goals"]["image"].astype(int)).max() <= 1


def test_gaze_follows_crop_and_flip_of_its_image():
    """A map that equals the red channel still does, as far as uint8 can tell."""
    red = IMAGES[..., :1].astype(np.float32) / 255
    views = augmented(batch_of(IMAGES, gaze=red), configured(CROP_AND_FLIP))["observations"]
    assert views["gaze"].dtype == np.float32
    assert np.abs(views["gaze"][..., 0] * 255 - views["image"][..., 0]).max() <= 1.001
    assert np.abs(views["gaze"] - red).max() > 0.1


def test_colours_leave_gaze_alone():
    gaze = np.random.default_rng(0).random((len(IMAGES), 20, 24, 1), np.float32)
    colours = configured(["random_brightness", "random_contrast"])
    np.testing.assert_array_equal(augmented(batch_of(IMAGES, gaze=gaze), colours)["observations"]["gaze"], gaze)


def test_the_draws_depend_on_key_and_sample_not_on_the_batch_size():
    config = configured(CROP_AND_FLIP)
    whole = augmented(batch_of(IMAGES), config)["goals"]["image"]
    part = augmented(batch_of(IMAGES[:4]), config)["goals"]["image"]
    assert np.abs(whole[:4].astype(int) - part.astype(int)).max() <= 1
    other = augmented(batch_of(IMAGES), config, key=jax.random.PRNGKey(1))["goals"]["image"]
    assert (other != whole).any(axis=(1, 2, 3))[[0, 1, 2, 5]].all()
