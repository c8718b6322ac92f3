"""Random image augmentation in JAX, on the device, as a part of the compiled training step.

The ops and their arguments are those of `tf.image` and the predecessor. That drew the parameters of all ops of an image
from one seed, so a bright image was always also a contrasty one; here every sample and every op draws its own.

An op sees one image as a tuple of its channels, float32 [..., H, W] each, in [0, 1]. Kept apart, the channels fuse into
one pass over the pixels; as an axis of length 3, XLA's CPU backend computes them anew for each op that mixes them.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp

Batch = Mapping[str, Any]
Channels = tuple[jax.Array, ...]
Op = Callable[[jax.Array, Channels], Channels]

_VIEWS = ("observations", "next_observations", "goals")


def augment(batch: Batch, key: jax.Array, dataset_kwargs: Mapping[str, Any]) -> Batch:
    """The batch with augmented images; pure, to be compiled as part of the training step.

    Observation, next observation and goal of a sample share their draws unless `augment_next_obs_goal_differently`; all
    frames of an observation history always do. Gaze maps follow the crop and the flip of their image. The draws of
    sample b depend on the key and on b, not on the batch size.

    Args:
        batch: See `bridgelib.data.batch`.
        key: A PRNG key; another one for each step.
        dataset_kwargs: `augment`, `augment_next_obs_goal_differently` and `augment_kwargs` of an algorithm's
            configuration tree.
    """
    if not dataset_kwargs["augment"]:
        return batch
    ops = _configured_ops(dataset_kwargs["augment_kwargs"])
    samples = jnp.arange(batch["observations"]["image"].shape[0])
    keys = jax.vmap(partial(jax.random.fold_in, key))(samples)
    augmented = dict(batch)
    for number, name in enumerate(_VIEWS):
        images = {kind: batch[name][kind] for kind in ("image", "gaze") if kind in batch.get(name, {})}
        if images:
            # shared by default: frame and goal then differ by what moved, not by how they were augmented
            draw = number if dataset_kwargs["augment_next_obs_goal_differently"] else 0
            view_keys = jax.vmap(partial(jax.random.fold_in, data=draw))(keys)
            augmented[name] = {**batch[name], **jax.vmap(partial(_augmented, ops))(images, view_keys)}
    return augmented


def _augmented(ops: Mapping[str, Op], images: Mapping[str, jax.Array], key: jax.Array) -> dict[str, jax.Array]:
    """One view of one sample: `image` uint8 [..., H, W, 3] and perhaps `gaze` float32 [..., H, W, 1]."""
    channels = {kind: tuple(jnp.moveaxis(image, -1, 0)) for kind, image in images.items()}
    channels["image"] = tuple(channel.astype(jnp.float32) / 255 for channel in channels["image"])
    for number, (name, op) in enumerate(ops.items()):
        op_key = jax.random.fold_in(key, number)  # image and gaze map draw the same box
        for kind in channels if name in _GEOMETRIC else ("image",):
            channels[kind] = tuple(jnp.clip(channel, 0, 1) for channel in op(op_key, channels[kind]))
    # Truncated, not rounded, as the predecessor does it.
    channels["image"] = tuple((channel * 255).astype(jnp.uint8) for channel in channels["image"])
    return {kind: jnp.stack(apart, axis=-1) for kind, apart in channels.items()}


def _configured_ops(augment_kwargs: Mapping[str, Any]) -> dict[str, Op]:
    """The ops of `augment_order`, in order, with their arguments bound."""
    return {name: _bound(_OPS[name], augment_kwargs.get(name, ())) for name in augment_kwargs["augment_order"]}


def _bound(op: Callable[..., Channels], arguments: Mapping[str, Any] | Sequence[Any]) -> Op:
    """An op with its arguments, given by name or in order."""
    if isinstance(arguments, Mapping):
        return partial(op, **arguments)
    return lambda key, image: op(key, image, *arguments)


def random_resized_crop(key: jax.Array, image: Channels, scale: Any, ratio: Any) -> Channels:
    """Crop a box whose area (as a share of the image's) and aspect ratio are random, and resize it to the image."""
    return crop_and_resize(image, random_box(key, scale, ratio))


def random_brightness(key: jax.Array, image: Channels, max_delta: float) -> Channels:
    """Add one number from [-max_delta, max_delta)."""
    return adjust_brightness(image, jax.random.uniform(key, (), minval=-max_delta, maxval=max_delta))


def random_contrast(key: jax.Array, image: Channels, lower: float, upper: float) -> Channels:
    """Adjust the contrast by a factor from [lower, upper)."""
    return adjust_contrast(image, jax.random.uniform(key, (), minval=lower, maxval=upper))


def random_saturation(key: jax.Array, image: Channels, lower: float, upper: float) -> Channels:
    """Adjust the saturation by a factor from [lower, upper)."""
    return adjust_saturation(image, jax.random.uniform(key, (), minval=lower, maxval=upper))


def random_hue(key: jax.Array, image: Channels, max_delta: float) -> Channels:
    """Turn the hue by a share of the circle from [-max_delta, max_delta)."""
    return adjust_hue(image, jax.random.uniform(key, (), minval=-max_delta, maxval=max_delta))


def random_flip_left_right(key: jax.Array, image: Channels) -> Channels:
    """Mirror the image, with probability one half."""
    mirrored = jax.random.uniform(key, ()) < 0.5
    return tuple(jnp.where(mirrored, channel[..., ::-1], channel) for channel in image)


_OPS: dict[str, Callable[..., Channels]] = {
    op.__name__: op
    for op in (
        random_resized_crop,
        random_brightness,
        random_contrast,
        random_saturation,
        random_hue,
        random_flip_left_right,
    )
}
_GEOMETRIC = ("random_resized_crop", "random_flip_left_right")


def random_box(key: jax.Array, scale: Any, ratio: Any) -> jax.Array:
    """A random box within the unit square.

    Args:
        key: A PRNG key.
        scale: Range of the box's area.
        ratio: Range of width / height; its logarithm is uniform.

    Returns:
        float32 [4]: top, left, bottom, right.
    """
    area, shape, top, left = jax.random.uniform(key, (4,))
    area = scale[0] + area * (scale[1] - scale[0])  # then a log-uniform ratio: 9:10 is as likely as 10:9
    log_ratio = jnp.log(ratio[0]) + shape * (jnp.log(ratio[1]) - jnp.log(ratio[0]))
    height = jnp.clip(jnp.sqrt(area / jnp.exp(log_ratio)), 0, 1)
    width = jnp.clip(jnp.sqrt(area * jnp.exp(log_ratio)), 0, 1)
    top, left = top * (1 - height), left * (1 - width)
    return jnp.stack([top, left, top + height, left + width])


def crop_and_resize(image: Channels, box: jax.Array) -> Channels:
    """Bilinear resampling of a box to the size of the image, on the grid of `tf.image.crop_and_resize`.

    Rows by two gathers, columns by a product with the matrix of interpolation weights: whatever comes next reads the
    result of the product instead of computing the crop again.

    Args:
        image: Channels [..., H, W].
        box: float32 [4]; top, left, bottom, right, where 0 is the centre of the first pixel and 1 that of the last.
    """
    height, width = image[0].shape[-2:]
    top, left, bottom, right = box
    rows, columns = _points(top, bottom, height), _points(left, right, width)
    above = jnp.floor(rows).astype(jnp.int32)
    below = jnp.minimum(above + 1, height - 1)  # in the last row with a share of 0
    share = (rows - above)[:, None]
    weights = jnp.maximum(0, 1 - jnp.abs(jnp.arange(width)[:, None] - columns))  # [from column, to column]
    return tuple(
        jnp.matmul(
            channel[..., above, :] * (1 - share) + channel[..., below, :] * share,
            weights,
            precision=jax.lax.Precision.HIGHEST,  # the default of GPUs would cost one of 255 steps here and there
        )
        for channel in image
    )


def _points(low: jax.Array, high: jax.Array, count: int) -> jax.Array:
    """`count` equidistant points from `low` to `high`, in pixels of an axis with that many."""
    return jnp.clip(low * (count - 1) + jnp.arange(count) * (high - low), 0, count - 1)


def adjust_brightness(image: Channels, delta: jax.Array) -> Channels:
    """Add `delta` to every channel."""
    return tuple(channel + delta for channel in image)


def adjust_contrast(image: Channels, factor: jax.Array) -> Channels:
    """Scale each channel's distance from its mean over the image."""
    means = (jnp.mean(channel, axis=(-2, -1), keepdims=True) for channel in image)
    return tuple((channel - mean) * factor + mean for channel, mean in zip(image, means, strict=True))


def adjust_saturation(image: Channels, factor: jax.Array) -> Channels:
    """Multiply the saturation of the HSV colour space, up to 1.

    With value v = max(r, g, b) and saturation s = 1 - min(r, g, b) / v, a channel is v - v s k, where k depends on the
    hue only. So to scale s is to scale each channel's distance from v.
    """
    value, chroma = _value_and_chroma(image)
    most = value / jnp.where(chroma > 0, chroma, 1)  # 1 / s, at which the saturation is 1; grey has nothing to scale
    scale = jnp.minimum(factor, most)
    return tuple(value - (value - channel) * scale for channel in image)


def adjust_hue(image: Channels, delta: jax.Array) -> Channels:
    """Turn the hue of the HSV colour space by `delta`, in circles."""
    red, green, blue = image
    value, chroma = _value_and_chroma(image)
    divisor = jnp.where(chroma > 0, chroma, 1)
    # In sixths of the circle: red is 0, green 2, blue 4.
    hue = jnp.where(
        value == red,
        (green - blue) / divisor,
        jnp.where(value == green, 2 + (blue - red) / divisor, 4 + (red - green) / divisor),
    )
    turned = hue + 6 * delta
    return tuple(value - chroma * _fall(turned + offset) for offset in (5, 3, 1))


def _value_and_chroma(image: Channels) -> tuple[jax.Array, jax.Array]:
    red, green, blue = image
    value = jnp.maximum(jnp.maximum(red, green), blue)
    return value, value - jnp.minimum(jnp.minimum(red, green), blue)


def _fall(sixths: jax.Array) -> jax.Array:
    """How far, in chromas, a channel lies below `value`; `sixths` is the hue, counted from where it begins to fall."""
    sixths = sixths - 6 * jnp.floor(sixths / 6)
    return jnp.clip(jnp.minimum(sixths, 4 - sixths), 0, 1)
