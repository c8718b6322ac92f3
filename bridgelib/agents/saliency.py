"""Behavioural cloning whose features are drawn to where a human looked (Banayeeanzade et al. 2025, "GABRIL").

The saliency of an image is where the encoder's last feature map is active. A divergence between it and the gaze heat
map is added to the loss of behavioural cloning.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import jax
import jax.numpy as jnp

from bridgelib.agents.agent import Batch, Info, Loss, Params
from bridgelib.agents.bc import BC, BCSettings
from bridgelib.agents.gaussian import likelihood_loss
from bridgelib.agents.losses import Divergence, saliency_divergence, saliency_map
from bridgelib.errors import ConfigError


@dataclass(frozen=True)
class SaliencySettings(BCSettings):
    """Hyperparameters of behavioural cloning with gaze.

    Attributes:
        lambda_weight: Weight of the divergence.
        prob_dist_type: The divergence.
        gaze_ratio: Share of the samples whose gaze is used.
        beta: Temperature of the softmax over positions.
    """

    lambda_weight: float = 1.0
    prob_dist_type: Divergence = "KL"
    gaze_ratio: float = 1.0
    beta: float = 1.0


class SaliencyBC(BC):
    """Behavioural cloning with gaze regularisation."""

    NEEDS: ClassVar[frozenset[str]] = frozenset({"gaze"})
    Settings: ClassVar[type] = SaliencySettings

    def losses(self, batch: Batch) -> dict[str, Loss]:
        """The policy's loss, the gaze term in it."""
        settings = self.settings

        def actor_loss(params: Params, key: jax.Array) -> tuple[jax.Array, Info]:
            """Negative log-likelihood, plus the weighted mean divergence of the samples whose gaze is used."""
            dropout_key, gaze_key = jax.random.split(key)
            policy, features = self._policy_and_features(params, batch, dropout_key)
            loss, info = likelihood_loss(policy, batch["actions"], batch.get("action_mask"))
            divergence = self._divergence(features, batch["observations"])  # [B]
            is_used = jax.random.uniform(gaze_key, divergence.shape) < settings.gaze_ratio
            used = jnp.sum(is_used)
            gaze_loss = jnp.sum(divergence * is_used) / jnp.maximum(used, 1)
            info = {**info, "reg_loss": gaze_loss, "gaze_used": used.astype(jnp.float32)}
            return loss + settings.lambda_weight * gaze_loss, info

        return {"actor": actor_loss}

    def measures(self, batch: Batch, key: jax.Array) -> dict[str, jax.Array]:
        """See `policy_measures`; and the divergence of each sample."""
        _, features = self._policy_and_features(self.state.params, batch, None)
        return {**super().measures(batch, key), "reg_loss": self._divergence(features, batch["observations"])}

    def _policy_and_features(self, params: Params, batch: Batch, dropout: jax.Array | None) -> tuple:
        """The policy, and the feature map [B, h, w, F] it was computed from."""
        policy, collections = self.apply(
            "actor", params, batch["observations"], dropout=dropout, mutable=["intermediates"]
        )
        (features,) = collections["intermediates"]["encoder"]["feature_map"]
        return policy, features

    def _divergence(self, features: jax.Array, observations: Batch) -> jax.Array:
        """How far each sample's saliency is from its gaze: [B]."""
        height, width = observations["image"].shape[1:3]
        gaze = observations["gaze"]
        if gaze.shape[1:3] != (height, width):
            gaze = jax.image.resize(gaze, (gaze.shape[0], height, width, 1), method="nearest")
        saliency = saliency_map(features, self.settings.beta, height, width)
        return saliency_divergence(gaze, saliency, self.settings.prob_dist_type)

    @classmethod
    def build(cls, settings: SaliencySettings, new_encoder: Callable, batch: Batch) -> dict:
        """One network: the policy, on an encoder that keeps its feature map."""
        networks = super().build(settings, new_encoder, batch)
        pooling = networks["actor"][0].encoder.encoder.settings.pooling_method
        if pooling != "none":
            raise ConfigError(
                "config.encoder_kwargs.pooling_method",
                given=pooling,
                allowed="none: saliency is where the feature map is active, and pooling leaves no map",
                do="set pooling_method to none",
            )
        if batch["observations"]["image"].ndim != 4:
            raise ConfigError(
                "config.dataset_kwargs.obs_horizon",
                given="a history of observations",
                allowed="null for bc_saliency: a gaze heat map belongs to one frame",
                do="remove obs_horizon",
            )
        return networks
