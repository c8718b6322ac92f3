"""Episodes to look at: animated WebP pictures."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from PIL import Image

from bridgelib.evaluation.rollouts import Episode
from bridgelib.files import disk_errors, written_whole

_STEP = 200  # milliseconds, as long as a step takes
_LAST = 1500
_FORMAT: dict[str, Any] = {"format": "WEBP", "quality": 70, "method": 4}


def few_filmed(episodes: Iterable[Episode], each: int = 3) -> Iterator[Episode]:
    """Episodes as they come, of which only the first `each` successes and failures keep their frames."""
    counts = {True: 0, False: 0}
    for episode in episodes:
        counts[episode.success] += bool(episode.frames)
        yield episode if counts[episode.success] <= each else replace(episode, frames=())


def write_pictures(folder: Path, task: str, episodes: Sequence[Episode], each: int = 3) -> list[str]:
    """Write some successes and some failures, the first that were filmed.

    Args:
        folder: The folder to write to. Former pictures of these episodes are removed: they may be of another policy.
        task: The task of the episodes.
        episodes: The episodes; those without frames are passed over.
        each: The most successes, and the most failures, to write.

    Returns:
        The names of the files.
    """
    with disk_errors(folder):
        for episode in episodes:
            for success in (True, False):
                (folder / _name(task, success, episode.seed)).unlink(missing_ok=True)
    names = []
    for episode in few_filmed(episodes, each):
        if episode.frames:
            names.append(_name(task, episode.success, episode.seed))
            _write(folder / names[-1], episode)
    return names


def _name(task: str, success: bool, seed: int) -> str:
    return f"{task}-{'success' if success else 'failure'}-{seed}.webp"


def _write(path: Path, episode: Episode) -> None:
    first, *others = (Image.fromarray(frame) for frame in episode.frames)
    durations = [_STEP] * len(others) + [_LAST]
    with written_whole(path) as partial:
        first.save(partial, save_all=True, append_images=others, duration=durations, loop=0, **_FORMAT)
