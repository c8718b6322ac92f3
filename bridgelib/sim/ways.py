"""The ways on which items are moved: drawn so that the arm can follow each, and none leads through another's objects.

A way is float64 [2, 2]: where the item lies and where its target does, x and y in metres in base_link. All functions
take many ways at once, [..., 2, 2].
"""

from collections.abc import Sequence
from itertools import permutations

import numpy as np

# Metres: where items and targets may lie, and how far apart those of one way.
REACH = ((0.210, 0.390), (-0.13, 0.13))
_LENGTH = {"place": (0.13, 0.22), "push": (0.11, 0.17)}
# A pushing gripper comes down this far behind the item's axis and must find room there.
PUSH_RUN_UP = 0.055
# How far another item and another target must lie from a way, so that neither open fingers nor a pushed item touch
# them; and two targets from one another.
_CLEAR_OF_ITEM, _CLEAR_OF_TARGET, _TARGETS_APART = 0.080, 0.105, 0.14

# One in some 1,250 arrangements of two ways has room; of single ways, one in two to seven.
_DRAWN_AT_ONCE = 2000


def random_ways(manners: Sequence[str], rng: np.random.Generator) -> np.ndarray:
    """Draw where the items and targets of tasks lie that share a table.

    Args:
        manners: "place" or "push", of each task.
        rng: The draw; evenly over all arrangements that have room.

    Returns:
        One way for each task, float64 [tasks, 2, 2].
    """
    low, high = np.transpose(REACH)
    drawn_at_once = _DRAWN_AT_ONCE if len(manners) > 1 else 1
    while True:
        ways = rng.uniform(low, high, (drawn_at_once, len(manners), 2, 2))
        fit = np.all([_can_be_gone(ways[:, number], manner) for number, manner in enumerate(manners)], axis=0)
        for one, other in permutations(range(len(manners)), 2):
            fit &= _leaves_room(ways[:, one], ways[:, other])
        if fit.any():
            return ways[np.argmax(fit)]


def begun_behind(ways: np.ndarray) -> np.ndarray:
    """Where a gripper that pushes begins, float64 [..., 2]."""
    item, target = ways[..., 0, :], ways[..., 1, :]
    along = target - item
    return item - along / _length(along)[..., None] * PUSH_RUN_UP


def clearance(spots: np.ndarray, ways: np.ndarray) -> np.ndarray:
    """How far spots are from ways, the run-up included.

    Args:
        spots: x and y in metres, float [..., 2].
        ways: float [..., 2, 2].

    Returns:
        Metres, float64 [...].
    """
    start = begun_behind(ways)
    along, off = ways[..., 1, :] - start, spots - start
    share = np.clip((off * along).sum(axis=-1) / (along**2).sum(axis=-1), 0, 1)
    return _length(off - share[..., None] * along)


def _can_be_gone(ways: np.ndarray, manner: str) -> np.ndarray:
    """Whether ways are neither too short nor too long, and begin within the arm's reach, bool [...]."""
    nearest, farthest = _LENGTH[manner]
    length = _length(ways[..., 1, :] - ways[..., 0, :])
    fit = (nearest <= length) & (length <= farthest)
    if manner == "push":
        low, high = np.transpose(REACH)
        margin, start = np.array([0.01, 0.02]), begun_behind(ways)
        fit &= ((start >= low - margin) & (start <= high + margin)).all(axis=-1)
    return fit


def _leaves_room(things: np.ndarray, ways: np.ndarray) -> np.ndarray:
    """Whether what lies at both ends of `things` is clear of `ways`, bool [...]."""
    item, target = things[..., 0, :], things[..., 1, :]
    return (
        (clearance(item, ways) > _CLEAR_OF_ITEM)
        & (clearance(target, ways) > _CLEAR_OF_TARGET)
        & (_length(target - ways[..., 1, :]) > _TARGETS_APART)
    )


def _length(vectors: np.ndarray) -> np.ndarray:
    return np.hypot(vectors[..., 0], vectors[..., 1])
