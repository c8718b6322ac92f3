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
        # 0.008: else the first beta is too small; 0.999: else the last one is singular (their section 3.2)
        angle = (np.arange(steps + 1) / steps + 0.008) / 1.008 * np.pi / 2
        signal = np.cos(angle) ** 2
        betas = np.clip(1 - signal[1:] / signal[:-1], 0, 0.999)
    elif schedule == "linear":
        # made for 1000 steps: over 20, four fifths of the signal remain, yet sampling begins at pure noise
        betas = np.linspace(1e-4, 2e-2, steps)
    else:
        # the form and the bound of 10 (Song et al.: 20) are those of IDQL's code (Hansen-Estruch et al. 2023)
        step, lowest, highest = np.arange(1, steps + 1), 0.1, 10.0
        betas = 1 - np.exp(-lowest / steps - 0.5 * (highest - lowest) * (2 * step - 1) / steps**2)
    return betas.astype(np.float32)


def remaining_signal(betas: np.ndarray) -> np.ndarray:
    """The share of the signal's variance left after each step, alpha-hat = Π (1 - beta): float32 [steps]."""
    return np.cumprod(1 - betas.astype(np.float64)).astype(np.float32)  # float64: a long product of factors near 1


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
        # learned from a spread of 0.2, as in IDQL's code; Tancik et al. draw them once and keep them
        frequencies = self.param("kernel", nn.initializers.normal(0.2), shape, jnp.float32)
        angle = 2 * jnp.pi * x @ frequencies.T
        return jnp.concatenate([jnp.cos(angle), jnp.sin(angle)], axis=-1)


class ScoreNetwork(nn.Module):
    """The noise in an action chunk, given observation, task and diffusion step."""

    encoder: Encoding
    time_preprocess: FourierFeatures  # of the diffusion step: close steps get close, distant steps different features
    cond_encoder: MLP
    reverse_network: MLPResNet  # from all of it to the noise, flattened
    action_shape: tuple[int, int]  # (Ta, A)

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
        # in this order: the first kernel of the predecessor's checkpoints has its rows so
        inputs = jnp.concatenate([step, encoding, actions.reshape(actions.shape[0], -1)], axis=-1)
        return self.reverse_network(inputs, train=train).reshape(actions.shape)
