"""Which trajectories are evaluated, and which of them are shown."""

from collections.abc import Sequence

import numpy as np

TRANSITIONS = 20_000
"""The most transitions that are evaluated by default."""

SHOWN_OF_A_TASK = 2
MOST_SHOWN = 24
MOST_STEPS_SHOWN = 2000  # so that evaluation.json stays below 2 MB


def evenly_spread(lengths: np.ndarray, limit: int) -> np.ndarray:
    """As many trajectories, spread evenly, as fit into `limit` transitions; at least one, if there is one.

    Args:
        lengths: int64 [K]; transitions of each.
        limit: The most transitions.

    Returns:
        int64 [chosen]; their numbers, rising.
    """
    spreads = (spread(len(lengths), count) for count in range(len(lengths), 1, -1))
    return next((numbers for numbers in spreads if lengths[numbers].sum() <= limit), spread(len(lengths), 1))


def shown(tasks: Sequence[str], lengths: np.ndarray) -> np.ndarray:
    """The trajectories whose actions are shown over time: some of each task, spread evenly.

    Args:
        tasks: The task of each of K trajectories.
        lengths: int64 [K]; their transitions.

    Returns:
        int64 [shown]; SHOWN_OF_A_TASK of each task, fewer where there are many tasks or many steps; rising.
    """
    named = np.asarray(tasks)
    of_each = (np.flatnonzero(named == task) for task in np.unique(named))
    chosen = np.sort(np.concatenate([members[spread(len(members), SHOWN_OF_A_TASK)] for members in of_each]))
    chosen = chosen[spread(len(chosen), MOST_SHOWN)]
    return chosen[evenly_spread(lengths[chosen], MOST_STEPS_SHOWN)]


def spread(count: int, most: int) -> np.ndarray:
    """At most `most` of the numbers below `count`, spread evenly: int64, rising."""
    kept = min(count, most)
    return np.arange(kept) * count // max(1, kept)
