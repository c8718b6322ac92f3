"""The losses of every algorithm as pure functions of arrays; B is the batch, A the action's dimensions.

They are not averaged over the batch: the caller takes the mean, of chunks perhaps the `masked_mean`. Arrays of other
shapes than stated raise ValueError, also where they would broadcast.
"""

import jax
import jax.numpy as jnp
import optax

from bridgelib.config.algorithms.saliency import Divergence
from bridgelib.shapes import require_shapes


def squared_error(predicted: jax.Array, actions: jax.Array) -> jax.Array:
    """Squared distance of actions [..., A], summed over A: [...]."""
    require_shapes(predicted=(predicted, "... A"), actions=(actions, "... A"))
    # summed, not averaged: as a log-likelihood sums its dimensions
    return jnp.sum(jnp.square(predicted - actions), axis=-1)


def squared_difference(value: jax.Array, target: jax.Array) -> jax.Array:
    """Squared distance of values [B] from where they should be [B]."""
    require_shapes(value=(value, "B"), target=(target, "B"))
    return jnp.square(value - target)


def masked_mean(values: jax.Array, mask: jax.Array | None, axis: int | None = None) -> jax.Array:
    """The mean of values [B, Ta] over the steps of chunks that count, all together or, with axis 1, of each chunk: [B].

    Args:
        values: [B, Ta]; what does not count may be NaN.
        mask: bool [B, Ta]; at least one step of each chunk counts. None: all do, and values may have any shape.
        axis: Over which to average; None for all.
    """
    if mask is None:
        return jnp.mean(values, axis=axis)
    require_shapes(values=(values, "B Ta"), mask=(mask, "B Ta"))
    return jnp.sum(jnp.where(mask, values, 0.0), axis=axis) / jnp.sum(mask, axis=axis)  # `where`: NaN · 0 is NaN


def expectile_loss(difference: jax.Array, expectile: float) -> jax.Array:
    """Asymmetric square of a difference [B]: |expectile - 1(u < 0)| u² (Kostrikov et al. 2022, "IQL", in eq. 5)."""
    require_shapes(difference=(difference, "B"))
    # Q - V above 0: an action that is better than V thinks, which an expectile above 1/2 weighs more
    weight = jnp.where(difference > 0, expectile, 1 - expectile)
    return weight * jnp.square(difference)


def bellman_target(rewards: jax.Array, masks: jax.Array, next_value: jax.Array, discount: float) -> jax.Array:
    """r + discount · mask · V(s') [B]; `masks` is false where the episode ends with the reward."""
    require_shapes(rewards=(rewards, "B"), masks=(masks, "B"), next_value=(next_value, "B"))
    return rewards + discount * next_value * masks


def advantage_weighted_loss(
    advantage: jax.Array, log_probs: jax.Array, temperature: float, largest_weight: float = 100.0
) -> jax.Array:
    """-min(exp(advantage / temperature), largest) · log π(a|s) [B] (Kostrikov et al. 2022, "IQL", eq. 7)."""
    require_shapes(advantage=(advantage, "B"), log_probs=(log_probs, "B"))
    # the paper's beta is 1 / temperature; its bound of 100 keeps a single advantage from ruling the batch
    weight = jnp.minimum(jnp.exp(advantage / temperature), largest_weight)
    return -weight * log_probs


def classification_loss(logits: jax.Array) -> jax.Array:
    """Binary cross-entropy of telling each row's own goal from the others (Eysenbach et al. 2022, eq. 4).

    Args:
        logits: [B, B] or, of twin critics, [B, B, 2]; the positive pairs are on the diagonal.

    Returns:
        [B, B]; twins are averaged.
    """
    require_shapes(logits=(logits, "B B 2" if logits.ndim == 3 else "B B"))
    # a yes or no for each pair (NCE); a choice within the row (InfoNCE) would leave each row's logits a free constant
    labels = jnp.eye(logits.shape[0]).reshape(logits.shape[0], logits.shape[1], *[1] * (logits.ndim - 2))
    loss = optax.sigmoid_binary_cross_entropy(logits, jnp.broadcast_to(labels, logits.shape))
    return jnp.mean(loss, axis=-1) if loss.ndim == 3 else loss


def temporal_difference_loss(
    next_state: jax.Array, other_goal: jax.Array, weight: jax.Array, discount: float
) -> jax.Array:
    """Contrastive temporal difference (Eysenbach et al. 2021, "C-Learning", eq. 10).

    Args:
        next_state: Logits [B, 2] of reaching the state that came next: a positive example.
        other_goal: Logits [B, 2] of reaching a state from elsewhere in the batch: a negative example, and a positive
            one to the degree that the next state leads there.
        weight: That degree [B], p / (1 - p) of the target critic's probability p.
        discount: Discount factor.

    Returns:
        [B, 2].
    """
    require_shapes(next_state=(next_state, "B 2"), other_goal=(other_goal, "B 2"), weight=(weight, "B"))
    # log_sigmoid, not the log of a sigmoid, which is -inf for large negative logits
    positive = -jax.nn.log_sigmoid(next_state)
    reached_later = -weight[:, None] * jax.nn.log_sigmoid(other_goal)
    negative = -jax.nn.log_sigmoid(-other_goal)
    # the future of a state: the next one with probability 1 - discount, else the future of that one
    return (1 - discount) * positive + discount * reached_later + negative


def saliency_map(features: jax.Array, temperature: float, height: int, width: int) -> jax.Array:
    """Where a feature map is active, as an image in [0, 1].

    The absolute activations summed over channels, a softmax over the positions, a bicubic resize, and the range of
    each image stretched to [0, 1] (the mask of Banayeeanzade et al. 2025, "GABRIL").

    Args:
        features: [B, h, w, F].
        temperature: Divides the activations before the softmax.
        height, width: Size of the result.

    Returns:
        [B, height, width, 1].
    """
    require_shapes(features=(features, "B h w F"))
    batch, rows, columns, _ = features.shape
    activity = jnp.sum(jnp.abs(features), axis=-1).reshape(batch, rows * columns)
    attention = jax.nn.softmax(activity / temperature, axis=-1).reshape(batch, rows, columns, 1)
    image = jax.image.resize(attention, (batch, height, width, 1), method="cubic")
    lowest = jnp.min(image, axis=(1, 2, 3), keepdims=True)
    highest = jnp.max(image, axis=(1, 2, 3), keepdims=True)
    return (image - lowest) / (highest - lowest + 1e-8)  # a flat map becomes 0, not NaN


def saliency_divergence(gaze: jax.Array, saliency: jax.Array, kind: Divergence) -> jax.Array:
    """How far a saliency map is from where a human looked.

    KL, JS and TV take both images as distributions over the pixels (TV is not halved); MSE takes them as they are.

    Args:
        gaze, saliency: [B, H, W, 1], not negative.
        kind: The divergence.

    Returns:
        [B].
    """
    require_shapes(gaze=(gaze, "B H W 1"), saliency=(saliency, "B H W 1"))
    pixels = (1, 2, 3)
    if kind == "MSE":
        return jnp.mean(jnp.square(gaze - saliency), axis=pixels)
    p = gaze / (jnp.sum(gaze, axis=pixels, keepdims=True) + 1e-8)
    q = saliency / (jnp.sum(saliency, axis=pixels, keepdims=True) + 1e-8)

    def relative_entropy(a: jax.Array, b: jax.Array) -> jax.Array:
        return jnp.sum(a * jnp.log((a + 1e-6) / (b + 1e-6)), axis=pixels)  # gaze is 0 in most pixels

    if kind == "KL":
        return relative_entropy(p, q)
    if kind == "TV":
        return jnp.sum(jnp.abs(p - q), axis=pixels)
    middle = (p + q) / 2
    return (relative_entropy(p, middle) + relative_entropy(q, middle)) / 2
