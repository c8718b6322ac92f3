"""What a diffusion policy is made of: noise schedules and the network that predicts the noise."""

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np

from bridgelib.config.algorithms.diffusion import BetaSchedule
from bridgelib.networks.encoding import Arrays, Encoding
from bridgelib.networks.mlp import MLP, MLPResNet


def noise_variances(schedule: BetaSchedule, steps: int) -> np.ndarray:
    """The variance added at each step of the forward process, beta: float32 [steps].

    cosine: Nichol & Dhariwal 2021, "Improved DDPM", eq. 17.  linear: Ho et al. 2020, "DDPM", section 4.
    vp: the variance-preserving process of Song et al. 2021, "Score-Based Generative Modeling", in discrete steps.
    """
    if schedule == "cosine":
        angle = (np.arange(steps + 1) / steps + 0.008) / 1.008 * np.pi / 2
        signal = np.cos(angle) ** 2
        betas = np.clip(1 - signal[1:] / signal[:-1], 0, 0.999)
    elif schedule == "linear":
        betas = np.linspace(1e-4, 2e-2, steps)
    else:
        step, lowest, highest = np.arange(1, steps + 1), 0.1, 10.0
        betas = 1 - np.exp(-lowest / steps - 0.5 * (highest - lowest) * (2 * step - 1) / steps**2)
    return betas.astype(np.float32)


def remaining_signal(betas: np.ndarray) -> np.ndarray:
    """The share of the signal's variance left after each step, alpha-hat = Π (1 - beta): float32 [steps]."""
    return np.cumprod(1 - betas.astype(np.float64)).astype(np.float32)


class FourierFeatures(nn.Module):
    """Sines and cosines of a number at learned frequencies (Tancik et al. 2020, eq. 5).

    Attributes:
        output_size: Number of features, even.
    """

    output_size: int

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        """Map [..., N] to [..., output_size]."""
        shape = (self.output_size // 2, x.shape[-1])
        frequencies = self.param("kernel", nn.initializers.normal(0.2), shape, jnp.float32)
        angle = 2 * jnp.pi * x @ frequencies.T
        return jnp.concatenate([jnp.cos(angle), jnp.sin(angle)], axis=-1)


class ScoreNetwork(nn.Module):
    """The noise in an action chunk, given observation, task and diffusion step.

    Attributes:
        encoder: Observation and task to one vector.
        time_preprocess, cond_encoder: The diffusion step to a vector.
        reverse_network: All of it to the noise, flattened.
        action_shape: Length of a chunk and dimensions of an action, (Ta, A).
    """

    encoder: Encoding
    time_preprocess: FourierFeatures
    cond_encoder: MLP
    reverse_network: MLPResNet
    action_shape: tuple[int, int]

    def __call__(
        self, observations: Arrays, goals: Arrays | None, actions: jax.Array, time: jax.Array, *, train: bool = False
    ) -> jax.Array:
        """Predict the noise [B, Ta, A] in noisy `actions` [B, Ta, A] at diffusion step `time` [B, 1]."""
        return self.denoise(self.encode(observations, goals), actions, time, train=train)

    def encode(self, observations: Arrays, goals: Arrays | None) -> jax.Array:
        """Observation and task as one vector [B, F]: the part that the steps of one sample share."""
        return self.encoder(observations, goals)

    def denoise(self, encoding: jax.Array, actions: jax.Array, time: jax.Array, *, train: bool = False) -> jax.Array:
        """Predict the noise [B, Ta, A], given the encoding [B, F]."""
        step = self.cond_encoder(self.time_preprocess(time.astype(jnp.float32)), train=train)
        inputs = jnp.concatenate([step, encoding, actions.reshape(actions.shape[0], -1)], axis=-1)
        return self.reverse_network(inputs, train=train).reshape(actions.shape)
