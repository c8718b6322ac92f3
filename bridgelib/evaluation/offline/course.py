"""Where errors are made: over the course of a trajectory, and over the steps of a chunk."""

from typing import Any

import numpy as np

from bridgelib.evaluation.offline.demonstrated import Demonstrated
from bridgelib.evaluation.offline.scores import Predictions, mean_errors

PARTS = 10
"""Equal parts of relative time; transition i of T is in part PARTS · i / T, rounded down."""


def over_the_course(demonstrated: Demonstrated, predictions: Predictions) -> list[dict[str, Any]]:
    """The mean errors in each part of a trajectory: `from` and `to` as shares of it, `transitions`, `error`.

    Parts that no trajectory is long enough for have no number.
    """
    part = demonstrated.step * PARTS // demonstrated.lengths[demonstrated.trajectory]
    errors = {who: np.abs(actions.astype(np.float64) - demonstrated.actions) for who, actions in predictions.items()}
    return [
        {
            "from": number / PARTS,
            "to": (number + 1) / PARTS,
            "transitions": int((part == number).sum()),
            "error": {who: mean_errors(demonstrated, each, part == number) for who, each in errors.items()},
        }
        for number in range(PARTS)
    ]


def over_the_chunk(demonstrated: Demonstrated, chunks: np.ndarray, mean_action: np.ndarray) -> list[dict[str, Any]]:
    """The mean errors of each step of a chunk: `step` from 1 on, `transitions`, `error` of policy and mean action.

    The step k predicted at a transition is compared with the action demonstrated k - 1 transitions later; where the
    trajectory ends before, it does not count.

    Args:
        demonstrated: The N transitions.
        chunks: float32 [N, Ta, A], in the robot's units.
        mean_action: float [A].
    """
    return [_chunk_step(demonstrated, chunks[:, ahead], mean_action, ahead) for ahead in range(chunks.shape[1])]


def _chunk_step(
    demonstrated: Demonstrated, predicted: np.ndarray, mean_action: np.ndarray, ahead: int
) -> dict[str, Any]:
    counted = demonstrated.left > ahead
    # Beyond the end of a trajectory this is a transition of another one, and not counted below.
    later = np.minimum(np.arange(len(demonstrated)) + ahead, len(demonstrated) - 1)
    wanted = demonstrated.actions[later].astype(np.float64)
    return {
        "step": ahead + 1,
        "transitions": int(counted.sum()),
        "error": {
            "policy": mean_errors(demonstrated, np.abs(predicted - wanted), counted),
            "mean_action": mean_errors(demonstrated, np.abs(mean_action - wanted), counted),
        },
    }
