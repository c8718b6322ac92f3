"""The parts agents are built of: encodings and perceptrons from their settings."""

from bridgelib.agents.agent import NewEncoder
from bridgelib.config.algorithms.parts import GoalSettings, NetworkSettings, SightSettings
from bridgelib.networks.encoders import Encoder
from bridgelib.networks.encoding import Encoding, Fusion
from bridgelib.networks.mlp import MLP


def plain_encoding(new_encoder: NewEncoder, sight: SightSettings) -> Encoding:
    """An encoding of the observation alone."""
    return _encoding(new_encoder, "none", sight)


def goal_encoding(new_encoder: NewEncoder, sight: SightSettings, goals: GoalSettings) -> Encoding:
    """An encoding of the observation and a goal image."""
    if goals.early_goal_concat:
        # the published choice: the first convolution can compare frame and goal pixel by pixel
        return _encoding(new_encoder, "early", sight)
    # encoded apart, as a critic needs it that compares the two; None is the encoder of the frames
    return _encoding(new_encoder, "late", sight, None if goals.shared_goal_encoder else new_encoder())


def language_encoding(new_encoder: NewEncoder, sight: SightSettings) -> Encoding:
    """An encoding of the observation under an instruction."""
    return _encoding(new_encoder, "language", sight)


def make_mlp(settings: NetworkSettings, dropout_rate: float | None = None) -> MLP:
    """The perceptron of a head; a `dropout_rate` other than None replaces that of the settings."""
    rate = settings.dropout_rate if dropout_rate is None else dropout_rate
    # activated to the end: every head puts a linear layer of its own on top
    return MLP(settings.hidden_dims, activate_final=True, use_layer_norm=settings.use_layer_norm, dropout_rate=rate)


def _encoding(
    new_encoder: NewEncoder, fusion: Fusion, sight: SightSettings, goal_encoder: Encoder | None = None
) -> Encoding:
    return Encoding(new_encoder(), fusion, goal_encoder, sight.use_proprio, sight.blind)
