"""Which trajectories train and which validate: a pure function of their content, the proportion and a seed."""

import hashlib
from collections.abc import Iterable

from bridgelib.errors import ConfigError

VERSION = 1


def training_split(content_ids: Iterable[str], train_proportion: float, seed: int) -> frozenset[str]:
    """The content ids of one task that are for training; the others are for validation.

    Ids are ordered by sha256("seed:id"), and the first n·p (to the nearest integer) train. Two or more trajectories
    leave no split empty; a single one trains. Adding a trajectory moves at most one of the others to the other split.

    Args:
        content_ids: Content ids, in any order.
        train_proportion: Above 0, at most 1.
        seed: Another seed gives another split.

    Raises:
        ConfigError: The proportion is out of range.
    """
    if not 0 < train_proportion <= 1:
        raise ConfigError("train_proportion", given=train_proportion, allowed="above 0, at most 1")
    ordered = sorted(set(content_ids), key=lambda content_id: hashlib.sha256(f"{seed}:{content_id}".encode()).digest())
    if len(ordered) < 2:
        return frozenset(ordered)
    count = round(len(ordered) * train_proportion)
    return frozenset(ordered[: min(max(count, 1), len(ordered) - 1)])
