"""Forecast of the disk space that a run's checkpoints take. Arithmetic only, since dry runs have no JAX."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from bridgelib.config.algorithms import ALGORITHMS
from bridgelib.config.algorithms.encoders import ENCODERS
from bridgelib.config.algorithms.parts import TargetSettings

_FLOAT = 4  # bytes of a float32
_MOMENTS = 2  # Adam keeps two moments per weight, for each loss

# By the layers of an encoder: 3 is the small convolutional network, the others are ResNets.
# Weights at 64 filters, without head. A network of other width has the square of the ratio of that.
_ENCODER = {3: 5.7e4, 18: 11.2e6, 34: 21.3e6, 50: 23.6e6}
_FILM = {3: 1.64e5, 18: 1.97e6, 34: 3.9e6, 50: 15.5e6}  # linear in the width: from an instruction of 512 entries
_FEATURES = {3: 1, 18: 8, 34: 8, 50: 32}  # times the filters: the width of the last feature map
_HEAD = (256, 256, 256)  # layers of a head whose widths are not among the settings


@dataclass(frozen=True)
class CheckpointForecast:
    """The disk that one run needs at its largest.

    Attributes:
        count: The most checkpoints there at a time, the one being written included.
        bytes_each: The size of one.
        policy_bytes: The exported policy.
    """

    count: int
    bytes_each: int
    policy_bytes: int

    @property
    def total(self) -> int:
        """Bytes in all."""
        return self.count * self.bytes_each + self.policy_bytes

    def __str__(self) -> str:
        return f"{self.count} checkpoints of {self.bytes_each / 1e6:.0f} MB, {self.total / 1e9:.2f} GB in all"


def checkpoint_forecast(algorithm: str, config: Mapping[str, Any]) -> CheckpointForecast:
    """The disk that an experiment's checkpoints and policy need, to a few per cent.

    Args:
        algorithm: A key of `ALGORITHMS`.
        config: Its complete configuration tree.
    """
    declared, weights = ALGORITHMS[algorithm], approximate_weights(algorithm, config)
    targets = isinstance(declared.agent_kwargs, TargetSettings)
    saved = -(-config["num_steps"] // config["save_interval"])
    periodic = config["num_steps"] // config["keep_every"] if config["keep_every"] else 0
    kept = min(saved, config["keep_last"] + periodic) + 1  # and the best
    return CheckpointForecast(
        count=kept + 1,  # and the one being written
        bytes_each=bytes_of_checkpoint(weights, declared.losses, targets),
        policy_bytes=_FLOAT * weights * (1 + targets),
    )


def bytes_of_checkpoint(weights: int, losses: int = 1, targets: bool = False) -> int:
    """Weights, Adam's moments for each loss, and the targets of an algorithm that keeps them, in float32."""
    return _FLOAT * weights * (1 + _MOMENTS * losses + targets)


def approximate_weights(algorithm: str, config: Mapping[str, Any]) -> int:
    """How many weights an algorithm's networks have, to a few per cent."""
    declared, architecture = ALGORITHMS[algorithm], ENCODERS[config["encoder"]]
    width, agent, depth = relative_width(config), config["agent_kwargs"], architecture.layers
    film = by_depth(_FILM, depth) * width if architecture.use_film else 0
    encoder = by_depth(_ENCODER, depth) * width**2 + film
    encoding = _FEATURES[nearest(_FEATURES, depth)] * 64 * width * _pooled_to(config["encoder_kwargs"])
    encoders = 1 if agent.get("shared_encoder", True) else declared.encoders
    if not (agent.get("early_goal_concat", True) or agent.get("shared_goal_encoder", True)):
        encoders *= 2
    more, per_entry = declared.more_weights
    widths = [encoding, *(agent.get(declared.head) or {}).get("hidden_dims", _HEAD)]
    head = sum(before * after for before, after in pairwise(widths))
    return round(encoders * encoder + declared.heads * head + more + per_entry * encoding)


def relative_width(config: Mapping[str, Any]) -> float:
    """How many filters an encoder has, as a ratio to 64; one that has no such number counts as one of 64."""
    return config["encoder_kwargs"].get("num_filters", 64) / 64


def by_depth(table: Mapping[int, float], depth: int) -> float:
    """A table's value for a depth; for one that is not in it, in proportion to the nearest that is."""
    known = nearest(table, depth)
    return table[known] * depth / known


def nearest(depths: Iterable[int], depth: int) -> int:
    """The closest of some depths, as a ratio."""
    return min(depths, key=lambda known: abs(math.log(max(1, depth) / known)))


def _pooled_to(encoder_kwargs: Mapping[str, Any]) -> int:
    """Entries of the encoding for each channel of the last feature map."""
    entries = {"spatial_softmax": 2, "spatial_learned_embeddings": encoder_kwargs.get("num_spatial_blocks", 1)}
    return entries.get(encoder_kwargs.get("pooling_method", "avg"), 1)
