"""Behavioural cloning whose features are drawn to where a human looked (Banayeeanzade et al. 2025, "GABRIL").

The saliency of an image is where the encoder's last feature map is active. A divergence between it and the gaze heat
map is added to the loss of behavioural cloning.
"""

import jax
import jax.numpy as jnp

from bridgelib.agents.agent import Batch, Info, Loss, Networks, NewEncoder, Params
from bridgelib.agents.bc import BC
from bridgelib.agents.gaussian import likelihood_loss, require_single_frames
from bridgelib.agents.losses import saliency_divergence, saliency_map
from bridgelib.config.algorithms.saliency import SaliencySettings


class SaliencyBC(BC[SaliencySettings]):
    """Behavioural cloning with gaze regularisation."""

    def losses(self, batch: Batch) -> dict[str, Loss]:
        """The policy's loss, the gaze term in it."""
        settings = self.settings

        def actor_loss(params: Params, key: jax.Array) -> tuple[jax.Array, Info]:
            """Negative log-likelihood, plus the weighted mean divergence of the samples whose gaze is used."""
            dropout_key, gaze_key = jax.random.split(key)
            policy, features = self._policy_and_features(params, batch, dropout_key)
            loss, info = likelihood_loss(policy, batch["actions"], batch.get("action_mask"))
            divergence = self._divergence(features, batch["observations"])  # [B]
            # drawn anew at each step, so that over a training every sample's gaze is used
            is_used = jax.random.uniform(gaze_key, divergence.shape) < settings.gaze_ratio
            used = jnp.sum(is_used)
            gaze_loss = jnp.sum(divergence * is_used) / jnp.maximum(used, 1)  # 0 where no sample is used
            info = {**info, "reg_loss": gaze_loss, "gaze_used": used.astype(jnp.float32)}
            return loss + settings.lambda_weight * gaze_loss, info

        return {"actor": actor_loss}

    def eval_metrics(self, batch: Batch, key: jax.Array) -> dict[str, jax.Array]:
        """See `policy_metrics`; and the divergence of each sample."""
        _, features = self._policy_and_features(self.state.params, batch, None)
        return {**super().eval_metrics(batch, key), "reg_loss": self._divergence(features, batch["observations"])}

    def _policy_and_features(self, params: Params, batch: Batch, dropout: jax.Array | None) -> tuple:
        """The policy, and the feature map [B, h, w, F] it was computed from."""
        policy, collections = self.apply(
            "actor", params, batch["observations"], dropout=dropout, mutable=["intermediates"]
        )
        (features,) = collections["intermediates"]["encoder"]["feature_map"]  # flax sows a tuple, an entry per call
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
    def make_networks(cls, settings: SaliencySettings, new_encoder: NewEncoder, batch: Batch) -> Networks:
        """One network: the policy, on an encoder that keeps its feature map."""
        require_single_frames(batch["observations"]["image"], "bc_saliency: a gaze heat map belongs to one frame")
        return super().make_networks(settings, new_encoder, batch)
