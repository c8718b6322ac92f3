"""Encodes observation and task (nothing, a goal image or an instruction) as the one vector that every head takes.

Agents differ in how the task enters (`fusion`); the heads are the same for all.
"""

from collections.abc import Mapping
from typing import Literal

import flax.linen as nn
import jax
import jax.numpy as jnp

Arrays = Mapping[str, jax.Array]
Fusion = Literal["none", "early", "late", "language"]


class Encoding(nn.Module):
    """Observation and task as one vector [B, F].

    Attributes:
        encoder: Images [N, H, W, C] (and a condition [N, E]) to features [N, F] or a feature map [N, h, w, F].
        fusion: How the task enters: not at all ("none"); the goal image as more channels of each frame ("early"); as
            an encoding beside that of the frames ("late"); an instruction as the encoder's condition ("language").
        goal_encoder: Encodes the goal image of late fusion; None for the same network as the frames.
        use_proprio: Whether the robot's own state is joined to the encoding.
        blind: Whether the frames are replaced by black ones: the baseline that a policy which looks must beat.
    """

    encoder: nn.Module
    fusion: Fusion = "none"
    goal_encoder: nn.Module | None = None
    use_proprio: bool = False
    blind: bool = False

    def __call__(self, observations: Arrays, goals: Arrays | None = None) -> jax.Array:
        """Encode a batch.

        Args:
            observations: `image` uint8 [B, H, W, C], or [B, T, H, W, C] for a history of T frames; `proprio` float32
                [B, P], [B, 1, P] or [B, T, P].
            goals: `image` uint8 [B, H, W, C], or `language` float32 [B, E].

        Returns:
            float32 [B, T·F (+ F of a late goal) (+ T·P of the proprio)].
        """
        image, goals = observations["image"], goals or {}
        batch, history = image.shape[0], image.shape[1] if image.ndim == 5 else 1
        # one encoder sees each frame of a history alone; the heads, which get all of them, read the motion
        frames = image.reshape(batch * history, *image.shape[-3:])  # [B·T, H, W, C]
        if self.blind:
            frames = jnp.zeros_like(frames)
        condition = None
        if self.fusion == "early":
            # published: compared pixel by pixel from the first convolution on, and encoded once instead of twice
            frames = jnp.concatenate([frames, jnp.repeat(goals["image"], history, axis=0)], axis=-1)
        elif self.fusion == "language":
            condition = jnp.repeat(goals["language"], history, axis=0)  # [B·T, E]
        parts = [self._features(self.encoder, frames, condition).reshape(batch, -1)]  # [B, T·F]
        if self.fusion == "late":
            goal_encoder = self.encoder if self.goal_encoder is None else self.goal_encoder
            parts.append(self._features(goal_encoder, goals["image"], None))  # once, not once per frame
        if self.use_proprio:
            parts.append(observations["proprio"].reshape(batch, -1))  # flat, with or without a time axis
        return jnp.concatenate(parts, axis=-1)

    def _features(self, encoder: nn.Module, images: jax.Array, condition: jax.Array | None) -> jax.Array:
        """Features [N, F]; a map is averaged over its positions and left in the collection "intermediates"."""
        features = encoder(images, condition)
        if features.ndim == 4:
            # pooled here, not in the encoder: the gaze loss needs the map that the policy is computed from
            self.sow("intermediates", "feature_map", features)
            features = jnp.mean(features, axis=(-3, -2))
        return features
