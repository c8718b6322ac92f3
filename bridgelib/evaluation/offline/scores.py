"""How far predicted actions are from demonstrated ones: the error of each dimension, and the gripper.

The error is the absolute difference, in the robot's units, of the first action that is predicted at a transition from
the one demonstrated there; averaged over transitions.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from bridgelib.data.dimensions import DIMENSIONS
from bridgelib.evaluation.offline.demonstrated import Demonstrated
from bridgelib.evaluation.offline.gripper import COUNTS, gripper_counts
from bridgelib.evaluation.offline.intervals import Numbers, Sums, share, with_intervals
from bridgelib.shapes import require_shapes

Predictions = Mapping[str, np.ndarray]
"""Predictor (policy or baseline) -> its actions float32 [N, A], in the robot's units."""

_ERRORS = 1 + len(DIMENSIONS)  # a count of transitions, then the errors; then the gripper's counts


def mean_errors(demonstrated: Demonstrated, errors: np.ndarray, counted: np.ndarray) -> dict[str, Any]:
    """The mean error of each dimension over some transitions, with its interval.

    Args:
        demonstrated: The N transitions.
        errors: float [N, A].
        counted: bool [N].
    """
    return with_intervals(_error_sums(demonstrated, errors, counted), _error_means)


def score_sums(demonstrated: Demonstrated, predicted: np.ndarray) -> Sums:
    """The sums that `score` needs, for each trajectory: float64 [K, C].

    Args:
        demonstrated: The N transitions of K trajectories.
        predicted: float32 [N, A].
    """
    require_shapes(demonstrated=(demonstrated.actions, "N A"), predicted=(predicted, "N A"))
    errors = np.abs(predicted.astype(np.float64) - demonstrated.actions)
    rows = (demonstrated.rows(number) for number in range(len(demonstrated.lengths)))
    grippers = [gripper_counts(demonstrated.actions[each, -1], predicted[each, -1]) for each in rows]
    counts = np.array([[gripper[name] for name in COUNTS] for gripper in grippers], np.float64)
    return np.hstack([_error_sums(demonstrated, errors, np.ones(len(errors), bool)), counts])


def score(sums: Sums) -> dict[str, Any]:
    """Errors and gripper over some trajectories with their intervals, as JSON.

    Args:
        sums: float64 [K, C]; of `score_sums`, the rows of these trajectories.
    """
    counts = dict(zip(COUNTS, sums[:, _ERRORS:].sum(axis=0), strict=True))
    return {
        "error": with_intervals(sums[:, :_ERRORS], _error_means),
        "gripper": {
            **with_intervals(sums, _gripper_shares),
            "demonstrated_changes": int(counts["demonstrated_changes"]),
            "policy_changes": int(counts["policy_changes"]),
        },
    }


def scores(sums: Mapping[str, Sums], trajectories: np.ndarray) -> dict[str, Any]:
    """Predictor -> `score` over some of the trajectories, int64 [...]."""
    return {who: score(rows[trajectories]) for who, rows in sums.items()}


def _error_sums(demonstrated: Demonstrated, errors: np.ndarray, counted: np.ndarray) -> Sums:
    """For each trajectory, how many transitions count and the sums of their errors: float64 [K, 1 + A]."""
    sums = np.zeros((len(demonstrated.lengths), _ERRORS))
    np.add.at(sums, demonstrated.trajectory[counted], np.insert(errors[counted], 0, 1.0, axis=1))
    return sums


def _error_means(totals: Sums) -> Numbers:
    return {name: share(totals[..., 1 + place], totals[..., 0]) for place, name in enumerate(DIMENSIONS)}


def _gripper_shares(totals: Sums) -> Numbers:
    count = dict(zip(COUNTS, np.moveaxis(totals[..., _ERRORS:], -1, 0), strict=True))
    precision = share(count["right"], count["policy_changes"])
    recall = share(count["found"], count["demonstrated_changes"])
    both = np.nan_to_num(precision) + np.nan_to_num(recall)
    harmonic = np.nan_to_num(share(2 * precision * recall, both))
    changes = count["demonstrated_changes"] + count["policy_changes"]
    return {
        "accuracy": share(count["agreeing"], totals[..., 0]),
        "change_precision": precision,
        "change_recall": recall,
        "change_f1": np.where(changes > 0, harmonic, np.nan),
    }
