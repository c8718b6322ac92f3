"""Where a policy looks: how much its first action changes with each pixel (Simonyan et al. 2014, image gradients)."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from PIL import Image

from bridgelib.evaluation.offline.situations import Situation
from bridgelib.policy.policy import Policy

SIDE = 16
"""Height and width of a map."""


def saliency(policy: Policy, situation: Situation) -> np.ndarray:
    """The absolute gradients of the first predicted action with respect to the present frame.

    Args:
        policy: The policy.
        situation: B situations.

    Returns:
        float32 [B, H, W]; summed over the dimensions of the action, in normalised units, and over the colours, for one
        grey level of 255. All 0 for a policy that does not look.
    """
    gradients = _gradients(policy.agent, *policy.inputs(*situation))  # [A, B, (history,) H, W, 3]
    newest = gradients if policy.spec.history is None else gradients[:, :, -1]
    return np.asarray(jnp.sum(jnp.abs(newest), axis=(0, -1)))


@jax.jit
def _gradients(agent: Any, observations: dict[str, jax.Array], goals: dict[str, jax.Array] | None) -> jax.Array:
    def first_actions(images: jax.Array) -> jax.Array:
        actions = agent.sample_actions({**observations, "image": images}, goals)  # [B, (Ta,) A]
        firsts = actions.reshape(len(images), -1, actions.shape[-1])[:, 0]
        return jnp.sum(firsts, axis=0)  # no sample has part in another's action, so its gradient is its own

    return jax.jacrev(first_actions)(observations["image"].astype(jnp.float32))


def as_map(gradients: np.ndarray) -> list[list[float]]:
    """A map of SIDE × SIDE means of gradients float32 [H, W], the largest of them 1; all 0 where all are."""
    means = np.asarray(Image.fromarray(gradients).resize((SIDE, SIDE), Image.Resampling.BOX), np.float64)
    largest = means.max()
    return np.round(means / largest if largest > 0 else means, 3).tolist()
