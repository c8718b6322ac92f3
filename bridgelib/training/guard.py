"""The guard against NaN and infinity: nothing of the kind is ever logged as a number or saved as a state."""

from collections.abc import Mapping
from typing import Any

import jax
import numpy as np

from bridgelib.errors import DataError


class FiniteGuard:
    """Remembers up to which step all was finite, so that a failure can say in which steps it began.

    Args:
        step: The step training starts from.
    """

    def __init__(self, step: int = 0):
        self.good_step = self.saved_step = step

    def check_values(self, values: Mapping[str, float], step: int) -> None:
        """Check the scalars of `step`.

        Raises:
            DataError: One is not finite.
        """
        for name, value in values.items():
            if not np.isfinite(value):
                raise self._failure(f"{name} is {float(value)}", step)
        self.good_step = step

    def check_state(self, state: Any, step: int) -> None:
        """Check every float leaf of a pytree of arrays that is about to be saved.

        Raises:
            DataError: One holds something that is not finite.
        """
        for path, leaf in jax.tree_util.tree_leaves_with_path(state):
            if np.issubdtype(leaf.dtype, np.floating) and not np.isfinite(leaf).all():
                raise self._failure(f"{jax.tree_util.keystr(path)} holds NaN or infinity", step)
        self.good_step = self.saved_step = step

    def _failure(self, what: str, step: int) -> DataError:
        kept = (
            f"the last good checkpoint, of step {self.saved_step}, is kept" if self.saved_step else "none was saved yet"
        )
        return DataError(
            f"training, between step {self.good_step} and step {step}",
            given=what,
            do=f"look at the data and the learning rate; {kept}",
        )
