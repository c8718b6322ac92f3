"""The results of rollouts as JSON: of each task success rate, interval, steps and distance; and every scene."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from bridgelib.evaluation.intervals import paired_difference, wilson
from bridgelib.evaluation.rollouts import Episode

VERSION = 1
QUARTILES = (25, 50, 75)


def task_result(episodes: Sequence[Episode]) -> dict[str, Any]:
    """The result of one task.

    Returns:
        episodes, successes: Their numbers.
        rate, interval: The share of successes, and its 95 % interval (Wilson).
        did_other: How many did the other thing that their scene allows.
        steps_to_success: Quartiles over the successes, None where there is none.
        distance: Quartiles of the metres left at the end, over all.
        scenes: seed, success, steps, distance and did_other of each.
    """
    successes = [episode for episode in episodes if episode.success]
    return {
        "episodes": len(episodes),
        "successes": len(successes),
        "rate": len(successes) / len(episodes),
        "interval": list(wilson(len(successes), len(episodes))),
        "did_other": sum(episode.did_other for episode in episodes),
        "steps_to_success": _quartiles([episode.steps for episode in successes]),
        "distance": _quartiles([episode.distance for episode in episodes]),
        "scenes": [
            {
                "seed": episode.seed,
                "success": episode.success,
                "steps": episode.steps,
                "distance": round(episode.distance, 6),
                "did_other": episode.did_other,
            }
            for episode in episodes
        ],
    }


def _quartiles(values: Sequence[float]) -> list[float] | None:
    return [round(float(value), 6) for value in np.percentile(values, QUARTILES)] if values else None


def difference(first: Mapping[str, Any], second: Mapping[str, Any]) -> dict[str, Any] | None:
    """How much more often the first succeeds, over the scenes that both results have; None where there are none.

    Args:
        first, second: As `task_result` gives them.

    Returns:
        scenes: How many both have.
        difference, interval: The difference of the rates, and its 95 % interval; see `paired_difference`.
    """
    outcomes = [{scene["seed"]: scene["success"] for scene in result["scenes"]} for result in (first, second)]
    shared = sorted(outcomes[0].keys() & outcomes[1].keys())
    if not shared:
        return None
    value, low, high = paired_difference(*([outcome[seed] for seed in shared] for outcome in outcomes))
    return {"scenes": len(shared), "difference": value, "interval": [low, high]}
