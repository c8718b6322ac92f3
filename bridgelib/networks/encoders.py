"""The encoders a configuration may name (`encoder`), and how one is made."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bridgelib.config.schema import read_section
from bridgelib.errors import ConfigError, did_you_mean
from bridgelib.networks.convnet import ConvNetEncoder
from bridgelib.networks.layers import EncoderSettings
from bridgelib.networks.resnet import ResNetEncoder


@dataclass(frozen=True)
class Architecture:
    """What the name of an encoder stands for; without stages it is the small convolutional network."""

    stage_sizes: tuple[int, ...] | None = None
    bottleneck: bool = False
    use_film: bool = False


ENCODERS: dict[str, Architecture] = {
    "resnetv1-18": Architecture((2, 2, 2, 2)),
    "resnetv1-34": Architecture((3, 4, 6, 3)),
    "resnetv1-50": Architecture((3, 4, 6, 3), bottleneck=True),
    "resnetv1-18-deeper": Architecture((3, 3, 3, 3)),
    "resnetv1-18-deepest": Architecture((4, 4, 4, 4)),
    "resnetv1-18-bridge": Architecture((2, 2, 2, 2)),
    "resnetv1-34-bridge": Architecture((3, 4, 6, 3)),
    "resnetv1-50-bridge": Architecture((3, 4, 6, 3), bottleneck=True),
    "resnetv1-18-bridge-film": Architecture((2, 2, 2, 2), use_film=True),
    "resnetv1-34-bridge-film": Architecture((3, 4, 6, 3), use_film=True),
    "resnetv1-50-bridge-film": Architecture((3, 4, 6, 3), bottleneck=True, use_film=True),
    "convnet-3": Architecture(),
    "convnet-3-film": Architecture(use_film=True),
}


def make_encoder(name: str, kwargs: Mapping[str, Any]) -> ResNetEncoder | ConvNetEncoder:
    """A new encoder.

    Args:
        name: A key of `ENCODERS`.
        kwargs: Fields of `EncoderSettings` by name (`encoder_kwargs` of a configuration).

    Raises:
        ConfigError: An unknown name or setting, or a width that the 4 groups of the normalisation do not divide.
    """
    if name not in ENCODERS:
        hint = did_you_mean(name, list(ENCODERS)) or "choose one of the allowed encoders"
        raise ConfigError("config.encoder", given=name, allowed=ENCODERS, do=hint)
    architecture = ENCODERS[name]
    settings = read_section(EncoderSettings, {"use_film": architecture.use_film, **kwargs}, "config.encoder_kwargs")
    if settings.num_filters < 4 or settings.num_filters % 4:
        raise ConfigError(
            "config.encoder_kwargs.num_filters",
            given=settings.num_filters,
            allowed="a multiple of 4 (the group normalisation has 4 groups)",
            do=f"take {max(4, settings.num_filters // 4 * 4)} or {max(4, settings.num_filters // 4 * 4) + 4}",
        )
    if architecture.stage_sizes is None:
        return ConvNetEncoder(settings)
    return ResNetEncoder(architecture.stage_sizes, architecture.bottleneck, settings)
