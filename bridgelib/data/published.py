"""The statistics of actions published with BridgeData V2 (Walke et al. 2023)."""

import numpy as np

from bridgelib.data.statistics import Moments, Statistics

_MEAN = np.array(
    [1.9296819e-04, 1.3667766e-04, -1.4583133e-04, -1.8390431e-04, -3.0808983e-04, 2.7425270e-04, 5.9716219e-01]
)
_STD = np.array([0.00912848, 0.0127196, 0.01229497, 0.02606696, 0.02875283, 0.07807977, 0.48710242])
_ACTION = Moments(mean=_MEAN, std=_STD, min=_MEAN, max=_STD)

PUBLISHED = Statistics(action=_ACTION, proprio=_ACTION, trajectories=0, transitions=0)
"""As the predecessor normalises with them: actions and proprio alike, and as the bounds too. That is wrong of the data,
but it is what its policies were trained with, so it is right for them."""
