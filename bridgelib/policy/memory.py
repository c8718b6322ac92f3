"""What a policy remembers of an episode: past frames, and the actions it has predicted."""

from collections import deque
from typing import Protocol

import numpy as np

from bridgelib.policy.spec import PolicySpec

OPEN = 0.5
"""A gripper action above this opens."""


class Memory:
    """What a policy remembers of one episode: the last frames, and the actions it has predicted.

    Args:
        spec: The spec of the policy.
        execute: How many actions of each prediction to carry out before predicting anew.
        ensemble: The m of temporal ensembling, see `Ensemble`; None carries predictions out as they are.
    """

    def __init__(self, spec: PolicySpec, execute: int = 1, ensemble: float | None = None):
        self._history, self._gripper = spec.history, spec.gripper
        self._past: deque[tuple[np.ndarray, np.ndarray]] = deque(maxlen=spec.history or 1)
        self._plan: Plan = Queue(execute) if ensemble is None else Ensemble(spec.chunk or 1, ensemble)

    def see(self, image: np.ndarray, proprio: np.ndarray) -> None:
        """Take in the present frame, uint8 [H, W, 3], and the robot's state, float32 [P]."""
        self._past.append((image, proprio))

    def observed(self) -> tuple[np.ndarray, np.ndarray]:
        """Images and proprio to predict from, [(history,) ...]; before the start the first frame repeats."""
        if self._history is None:
            return self._past[-1]
        past = [self._past[0]] * (self._history - len(self._past)) + list(self._past)
        images, proprio = zip(*past, strict=True)
        return np.stack(images), np.stack(proprio)

    @property
    def must_predict(self) -> bool:
        """Whether a prediction is needed before the next action."""
        return self._plan.is_short

    def predicted(self, actions: np.ndarray) -> None:
        """Take in what the network predicts of what it sees now: float32 [Ta, A], in the robot's units."""
        self._plan.extend(actions)

    def next_action(self) -> np.ndarray:
        """The action of now: float32 [A].

        No demonstration has a half-open gripper, so a policy with a binary gripper opens or closes it. That comes last,
        so that the predictions of an ensemble are averaged with their confidence, and do not merely vote.
        """
        action = self._plan.pop()
        if self._gripper == "binary":
            action[-1] = action[-1] > OPEN
        return action


class Plan(Protocol):
    """The actions to carry out, made from the predictions: a `Queue` or an `Ensemble`."""

    @property
    def is_short(self) -> bool:
        """Whether a prediction is needed before the next action."""

    def extend(self, actions: np.ndarray) -> None:
        """Take in a prediction from now on, float32 [Ta, A]."""

    def pop(self) -> np.ndarray:
        """The action of now, float32 [A], the caller's own; the next one is that of a step later."""


class Queue:
    """The first actions of each prediction, one after the other, before the next prediction.

    Args:
        execute: How many of each prediction.
    """

    def __init__(self, execute: int):
        self._execute, self._left = execute, deque[np.ndarray]()

    @property
    def is_short(self) -> bool:
        """See `Plan`."""
        return not self._left

    def extend(self, actions: np.ndarray) -> None:
        """See `Plan`."""
        self._left.extend(actions[: self._execute].copy())

    def pop(self) -> np.ndarray:
        """See `Plan`."""
        return self._left.popleft()


class Ensemble:
    """The mean of all predictions of now, a new one at each step (Zhao et al. 2023, "ACT", section IV-B).

    Their weights are w_i = exp(-m i), the oldest prediction's i being 0: a smaller m takes in what is new faster.

    Args:
        chunk: Actions in a prediction.
        m: How fast the weights fall from the oldest prediction to the newest; 0 weighs all alike.
    """

    is_short = True

    def __init__(self, chunk: int, m: float):
        self._m, self._chunks = m, deque[np.ndarray](maxlen=chunk)

    def extend(self, actions: np.ndarray) -> None:
        """See `Plan`."""
        self._chunks.append(actions)

    def pop(self) -> np.ndarray:
        """See `Plan`."""
        oldest = len(self._chunks) - 1
        of_now = np.stack([chunk[oldest - number] for number, chunk in enumerate(self._chunks)])  # [predictions, A]
        weights = np.exp(-self._m * np.arange(len(of_now)))
        return (weights @ of_now / weights.sum()).astype(np.float32)
