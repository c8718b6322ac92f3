"""Rollouts: an actor in many scenes at once, each to its success or to the last step."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from bridgelib.evaluation.environment import Environment, Observation
from bridgelib.progress import Progress

STEPS = 80
"""As long an episode lasts at most; a demonstration takes 30 on average."""

WIDTH = 32
"""Scenes that run side by side. Fixed, and filled up where fewer are left: another width would be another program."""


class Actor(Protocol):
    """Whatever acts in scenes."""

    def begin(self, environments: Sequence[Environment]) -> None:
        """A new episode begins in each of these scenes, WIDTH of them at most."""

    def act(self, observations: Sequence[Observation | None]) -> list[np.ndarray | None]:
        """An action for each scene in the order of `begin`; None where a scene has ended and shows nothing."""


@dataclass(frozen=True)
class Episode:
    """What became of one scene.

    Attributes:
        seed: Of the scene.
        success: Whether the task was done at any moment; the episode ends there.
        steps: Actions carried out.
        distance: Metres left at the end.
        frames: The camera's images, uint8 [h, w, 3] each; only where they are kept.
    """

    seed: int
    success: bool
    steps: int
    distance: float
    frames: tuple[np.ndarray, ...] = field(default=(), repr=False, compare=False)


def roll_out(
    environments: Sequence[Environment], actor: Actor, name: str, steps: int = STEPS, keep_frames: bool = False
) -> list[Episode]:
    """Let an actor act in scenes, WIDTH of them at once.

    Args:
        environments: The scenes; each is reset first.
        actor: Who acts.
        name: Of the work, for the progress that is shown.
        steps: Longest episode.
        keep_frames: Whether episodes keep their images.

    Returns:
        The episodes, in the order of the scenes.
    """
    progress = Progress(len(environments), "episodes", name)
    episodes: list[Episode] = []
    for first in range(0, len(environments), WIDTH):
        episodes += _side_by_side(environments[first : first + WIDTH], actor, steps, keep_frames, progress)
    return episodes


def _side_by_side(
    environments: Sequence[Environment], actor: Actor, steps: int, keep_frames: bool, progress: Progress
) -> list[Episode]:
    observations: list[Observation | None] = [environment.reset() for environment in environments]
    frames = [[observation["image"]] for observation in observations]
    taken = [0] * len(environments)
    actor.begin(environments)
    for _ in range(steps):
        for number, action in enumerate(actor.act(observations)):
            if action is None:
                continue
            environment = environments[number]
            observations[number] = environment.step(action)
            taken[number] += 1
            if keep_frames:
                frames[number].append(observations[number]["image"])
            if environment.success():
                observations[number] = None
                progress.advance()
        if not any(observations):
            break
    for _ in filter(None, observations):
        progress.advance()
    return [
        Episode(
            environment.seed,
            environment.success(),
            taken[number],
            environment.distance(),
            tuple(frames[number]) if keep_frames else (),
        )
        for number, environment in enumerate(environments)
    ]
