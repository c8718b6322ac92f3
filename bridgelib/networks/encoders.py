"""How the image encoders of `bridgelib.config.algorithms.encoders` are made."""

from bridgelib.config.algorithms.encoders import ENCODERS
from bridgelib.config.algorithms.parts import EncoderSettings
from bridgelib.networks.convnet import ConvNetEncoder
from bridgelib.networks.layers import LayerSettings
from bridgelib.networks.resnet import ResNetEncoder

Encoder = ResNetEncoder | ConvNetEncoder


def make_encoder(name: str, settings: EncoderSettings) -> Encoder:
    """A new encoder of a name in `ENCODERS`."""
    architecture = ENCODERS[name]
    layers = LayerSettings(**vars(settings), use_film=architecture.use_film)
    if architecture.stage_sizes is None:
        return ConvNetEncoder(layers)
    return ResNetEncoder(architecture.stage_sizes, architecture.bottleneck, layers)
