"""Rollouts: an actor in many scenes side by side, each until it succeeds or its last step."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Protocol, TypeVar

import numpy as np

from bridgelib.evaluation.environment import Environment, Observation
from bridgelib.progress import Progress

STEPS = 80
"""The most steps of an episode; a demonstration takes 30 on average."""

WIDTH = 32
"""Scenes that run side by side. Fixed, and filled up where fewer are left: another width would be another program."""

_FRAME_HEIGHT = 128

E = TypeVar("E", bound=Environment, contravariant=True)


class Actor(Protocol[E]):
    """Whatever acts in scenes of some kind."""

    def begin(self, environments: Sequence[E]) -> None:
        """A new episode begins in each of these scenes, WIDTH of them at most."""

    def act(self, observations: Sequence[Observation | None]) -> list[np.ndarray | None]:
        """An action for each scene in the order of `begin`; None where a scene has ended and shows nothing."""


@dataclass(frozen=True)
class Episode:
    """The outcome of one scene.

    Attributes:
        seed: The seed of the scene.
        success: Whether the task was done at any moment; the episode ends there.
        steps: Actions carried out.
        distance: Metres between the object and where it belongs, at the end.
        did_other: Whether the other task was done that the scene allows, instead of this one.
        frames: The camera's images, made smaller, uint8 [h, w, 3] each; none where they were not asked for.
    """

    seed: int
    success: bool
    steps: int
    distance: float
    did_other: bool = False
    frames: tuple[np.ndarray, ...] = field(default=(), repr=False, compare=False)


class _Successes(Progress):
    """Progress that says how many have succeeded so far."""

    succeeded = 0

    def ended(self, count: int, succeeded: int = 0) -> None:
        """Count episodes that ended, and those of them that succeeded."""
        self.succeeded += succeeded
        self.advance(count, f"{self.succeeded} succeeded")


def roll_out(
    environments: Iterable[E],
    episodes: int,
    actor: Actor[E],
    label: str,
    steps: int = STEPS,
    filmed: int = 0,
) -> Iterator[Episode]:
    """Let an actor act in scenes, WIDTH of them at once.

    Args:
        environments: The scenes; each is reset first. Best a generator: scenes of a simulator are large, and those
            that are over are let go.
        episodes: How many there are.
        actor: The actor.
        label: The label of the progress line.
        steps: The most steps of an episode.
        filmed: How many episodes, from the first on, keep their frames.

    Yields:
        The episodes, in the order of the scenes.
    """
    progress, coming = _Successes(episodes, "episodes", label), iter(environments)
    for first in range(0, episodes, WIDTH):
        films = [number + first < filmed for number in range(WIDTH)]
        yield from _side_by_side(list(islice(coming, WIDTH)), actor, steps, films, progress)


def _side_by_side(
    environments: Sequence[E], actor: Actor[E], steps: int, films: Sequence[bool], progress: "_Successes"
) -> Iterator[Episode]:
    begun = [environment.reset() for environment in environments]
    actor.begin(environments)
    observations: list[Observation | None] = [*begun]
    frames = [[_small(seen)] if film else [] for seen, film in zip(begun, films, strict=False)]
    taken, others = [0] * len(environments), [False] * len(environments)
    for _ in range(steps):
        for number, action in enumerate(actor.act(observations)):
            if action is None:
                continue
            environment = environments[number]
            observations[number] = seen = environment.step(action)
            taken[number] += 1
            if films[number]:
                frames[number].append(_small(seen))
            others[number] = environment.other_success()
            if environment.success() or others[number]:
                observations[number] = None
                progress.ended(1, environment.success())
        if not any(observations):
            break
    progress.ended(sum(observation is not None for observation in observations))
    for number, environment in enumerate(environments):
        end = (environment.success(), taken[number], environment.distance(), others[number])
        yield Episode(environment.seed, *end, tuple(frames[number]))


def _small(observation: Observation) -> np.ndarray:
    """The camera's image with every n-th row and column, about _FRAME_HEIGHT high."""
    image = observation["image"]
    every = max(1, round(image.shape[0] / _FRAME_HEIGHT))
    return image[::every, ::every].copy()  # a view would keep the whole image
