"""Goal-conditioned behavioural cloning with a diffusion model over action chunks (Ho et al. 2020; Chi et al. 2023)."""

from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

from bridgelib.agents.agent import (
    Agent,
    Batch,
    Info,
    Loss,
    Networks,
    NewEncoder,
    Params,
    learning_rate_schedule,
)
from bridgelib.agents.build import goal_encoding
from bridgelib.agents.losses import masked_mean, squared_error
from bridgelib.config.algorithms.diffusion import DiffusionSettings
from bridgelib.errors import ConfigError
from bridgelib.networks.diffusion import FourierFeatures, ScoreNetwork, noise_variances, remaining_signal
from bridgelib.networks.mlp import MLP, MLPResNet

LARGEST_ACTION = 2.0  # published: samples are clipped to this many standard deviations at each step


class DiffusionBC(Agent[DiffusionSettings]):
    """Diffusion over action chunks [B, Ta, A], given a history of observations and a goal image."""

    def losses(self, batch: Batch) -> dict[str, Loss]:
        """The loss of the noise prediction alone."""

        def actor_loss(params: Params, key: jax.Array) -> tuple[jax.Array, Info]:
            """Mean squared error of the predicted noise (Ho et al. 2020, eq. 14)."""
            noise_key, dropout_key = jax.random.split(key)
            loss = masked_mean(self._noise_error(params, batch, noise_key, dropout_key), batch.get("action_mask"))
            return loss, {"ddpm_loss": loss}

        return {"actor": actor_loss}

    def _noise_error(self, params: Params, batch: Batch, key: jax.Array, dropout: jax.Array | None = None) -> jax.Array:
        """Squared error of the noise predicted at a random diffusion step of each sample: [B, Ta]."""
        actions = batch["actions"]
        time_key, noise_key = jax.random.split(key)
        time = jax.random.randint(time_key, (actions.shape[0], 1), 0, self.settings.diffusion_steps)  # one per chunk
        noise = jax.random.normal(noise_key, actions.shape)
        signal = jnp.asarray(self.alpha_hats)[time][..., None]  # [B, 1, 1]
        # any number of forward steps at once (Ho et al. 2020, eq. 4): training runs no chain
        noisy = jnp.sqrt(signal) * actions + jnp.sqrt(1 - signal) * noise
        predicted = self.apply("actor", params, batch["observations"], batch["goals"], noisy, time, dropout=dropout)
        return squared_error(predicted, noise)

    def eval_metrics(self, batch: Batch, key: jax.Array) -> dict[str, jax.Array]:
        """The actions denoised without randomness, their squared error, and the loss at random steps, [B]."""
        actions, mask = self._denoised(batch["observations"], batch["goals"], None, 0.0), batch.get("action_mask")
        errors = squared_error(actions, batch["actions"])  # [B, Ta]
        return {
            "actions": actions,
            "mse": jnp.sum(errors if mask is None else jnp.where(mask, errors, 0.0), axis=-1),
            "ddpm_loss": masked_mean(self._noise_error(self.state.params, batch, key), mask, axis=-1),
        }

    @jax.jit
    def sample_actions(
        self,
        observations: Mapping[str, jax.Array],
        goals: Mapping[str, jax.Array] | None = None,
        *,
        key: jax.Array | None = None,
        temperature: float | jax.Array = 1.0,
    ) -> jax.Array:
        """Action chunks in normalised units, float32 [B, Ta, A].

        Args:
            observations, goals: As in a batch.
            key: Draws from the policy; None starts from the most likely noise, zero, and adds none, so the result is
                the same everywhere.
            temperature: Scales the noise added on the way.
        """
        return self._denoised(observations, goals, key, temperature)

    def _denoised(
        self, observations: Mapping[str, Any], goals: Mapping[str, Any] | None, key: jax.Array | None, temperature: Any
    ) -> jax.Array:
        """Ancestral sampling (Ho et al. 2020, algorithm 2) with the target network: [B, Ta, A]."""
        network, params = self.networks["actor"], self.target_params  # averaged weights (Ho et al. 2020, appendix B)
        steps, betas, alpha_hats = self.settings.diffusion_steps, jnp.asarray(self.betas), jnp.asarray(self.alpha_hats)
        # once for all steps: the images do not change on the way from noise to actions
        encoding = self.apply("actor", params, observations, goals, method="encode")
        shape = (encoding.shape[0], *network.action_shape)

        def noise(step: jax.Array | int) -> jax.Array:
            return jnp.zeros(shape) if key is None else jax.random.normal(jax.random.fold_in(key, step), shape)

        def denoise(actions: jax.Array, step: jax.Array | int) -> tuple[jax.Array, None]:
            time = jnp.full((shape[0], 1), step)
            predicted = self.apply("actor", params, encoding, actions, time, method="denoise")
            # algorithm 2, line 4, with variance beta (one of two choices, section 3.2); no noise after the last step
            mean = (actions - betas[step] / jnp.sqrt(1 - alpha_hats[step]) * predicted) / jnp.sqrt(1 - betas[step])
            drawn = mean + jnp.where(step > 0, temperature * jnp.sqrt(betas[step]), 0.0) * noise(step)
            # at each step, not only at the end: an error in the noise must not grow on its way down the chain
            return jnp.clip(drawn, -LARGEST_ACTION, LARGEST_ACTION), None

        actions, _ = jax.lax.scan(denoise, noise(steps), jnp.arange(steps - 1, -1, -1))
        # an option of IDQL's sampler (Hansen-Estruch et al. 2023): without noise, it settles the sample
        for _ in range(self.settings.repeat_last_step):
            actions, _ = denoise(actions, 0)
        return actions

    @property
    def betas(self) -> np.ndarray:
        """Variance of the noise added at each diffusion step: float32 [steps]."""
        return noise_variances(self.settings.beta_schedule, self.settings.diffusion_steps)  # no part of a checkpoint

    @property
    def alpha_hats(self) -> np.ndarray:
        """Share of the signal's variance left after each diffusion step: float32 [steps]."""
        return remaining_signal(self.betas)

    def schedules(self) -> dict[str, optax.Schedule]:
        """Warm-up and, where asked for, cosine decay."""
        settings = self.settings
        rate = learning_rate_schedule(settings.learning_rate, settings.warmup_steps, settings.actor_decay_steps)
        return {"actor": rate}

    @classmethod
    def make_networks(cls, settings: DiffusionSettings, new_encoder: NewEncoder, batch: Batch) -> Networks:
        """One network: the noise prediction."""
        actions, image = batch["actions"], batch["observations"]["image"]
        if actions.ndim != 3 or image.ndim != 5:
            raise ConfigError(
                "config.dataset_kwargs",
                given=f"actions of shape {tuple(actions.shape)}, images of shape {tuple(image.shape)}",
                allowed="chunks of actions [B, Ta, A] and histories of images [B, T, H, W, C]",
                do="set act_pred_horizon and obs_horizon to 1 or more",
            )
        # the network of IDQL, blocks of perceptrons; Chi et al. 2023 have a U-Net or a transformer over the chunk
        score = settings.score_network_kwargs
        network = ScoreNetwork(
            goal_encoding(new_encoder, settings, settings),
            FourierFeatures(score.time_dim),
            MLP((2 * score.time_dim, score.time_dim)),
            MLPResNet(
                score.num_blocks,
                # the whole chunk: its steps are drawn together, so that they belong to one way of doing the task
                actions.shape[-2] * actions.shape[-1],
                score.hidden_dim,
                score.use_layer_norm,
                score.dropout_rate,
            ),
            action_shape=tuple(actions.shape[-2:]),
        )
        time = jnp.zeros((actions.shape[0], 1), jnp.int32)
        return {"actor": (network, (batch["observations"], batch["goals"], actions, time))}
