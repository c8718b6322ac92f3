"""Simple baselines that a policy must beat: the mean action and the previous one."""

import numpy as np

from bridgelib.evaluation.offline.demonstrated import Demonstrated


def mean_action(demonstrated: Demonstrated, mean: np.ndarray) -> np.ndarray:
    """The mean action of the training split, float [A], at every transition: float32 [N, A]."""
    return np.tile(np.asarray(mean, np.float32), (len(demonstrated), 1))


def previous_action(demonstrated: Demonstrated, mean: np.ndarray) -> np.ndarray:
    """The action demonstrated one step before, float32 [N, A]; `mean`, float [A], where a trajectory begins."""
    previous = np.roll(demonstrated.actions, 1, axis=0)
    previous[demonstrated.firsts] = mean
    return previous
