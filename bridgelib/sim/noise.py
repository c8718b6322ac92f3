"""Noise between what a demonstrator intends and what the arm does (DART; Laskey et al. 2017, "DART: Noise Injection").

A policy that copies an expert who never errs does not know what to do once it has erred. So the arm is shoved now and
then; and where something is to be held, the gripper now and then does the opposite of its command for some steps: it
closes beside the item, or loses it. What is recorded as action is what the expert intended, so the demonstrations
show how to recover.
"""

import numpy as np

_SHOVED = 0.15  # share of the steps in which the arm is shoved
_FUMBLED = 0.02  # share of the steps in which a fumble begins
_FUMBLE_STEPS = 3  # long enough for the gripper to close or to open


class ActionNoise:
    """The noise of one episode.

    Args:
        scale: Standard deviation of a shove in x, y and z, metres; with 0 the arm follows its commands.
        generator: Draws it.
        fumbles: Whether the gripper errs too, for some steps.
    """

    def __init__(self, scale: float, generator: np.random.Generator, fumbles: bool):
        self._scale, self._generator, self._fumbles = scale, generator, fumbles
        self._fumbling = 0

    def executed(self, intended: np.ndarray) -> np.ndarray:
        """The command that the arm gets in place of an action, float64 [7]."""
        if not self._scale:
            return intended
        shove = self._scale * self._generator.standard_normal(3) * (self._generator.random() < _SHOVED)
        starts = self._fumbles and self._generator.random() < _FUMBLED
        self._fumbling = _FUMBLE_STEPS if starts else max(0, self._fumbling - 1)
        gripper = 1 - intended[6] if self._fumbling else intended[6]
        return np.concatenate([intended[:3] + shove, intended[3:6], [gripper]])
