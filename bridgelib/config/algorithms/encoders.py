"""The image encoders that a configuration may name (`encoder`); how they are made is in `bridgelib.networks`."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Architecture:
    """What the name of an encoder stands for; without stages it is the small convolutional network."""

    stage_sizes: tuple[int, ...] | None = None
    bottleneck: bool = False
    use_film: bool = False

    @property
    def layers(self) -> int:
        """How deep it is: of a ResNet all that a block or the ends have, beside shortcuts."""
        return 3 if self.stage_sizes is None else 2 + (3 if self.bottleneck else 2) * sum(self.stage_sizes)


ENCODERS: dict[str, Architecture] = {
    # 18, 34 and 50 layers: He et al. 2016, table 1
    "resnetv1-18": Architecture((2, 2, 2, 2)),
    "resnetv1-34": Architecture((3, 4, 6, 3)),
    "resnetv1-50": Architecture((3, 4, 6, 3), bottleneck=True),
    "resnetv1-18-deeper": Architecture((3, 3, 3, 3)),
    "resnetv1-18-deepest": Architecture((4, 4, 4, 4)),
    # the same networks under the names of the published configurations
    "resnetv1-18-bridge": Architecture((2, 2, 2, 2)),
    "resnetv1-34-bridge": Architecture((3, 4, 6, 3)),
    "resnetv1-50-bridge": Architecture((3, 4, 6, 3), bottleneck=True),
    "resnetv1-18-bridge-film": Architecture((2, 2, 2, 2), use_film=True),
    "resnetv1-34-bridge-film": Architecture((3, 4, 6, 3), use_film=True),
    "resnetv1-50-bridge-film": Architecture((3, 4, 6, 3), bottleneck=True, use_film=True),
    "convnet-3": Architecture(),
    "convnet-3-film": Architecture(use_film=True),
}
