"""Episodes to look at: animated WebP pictures."""

from collections.abc import Iterable
from pathlib import Path

from PIL import Image

from bridgelib.evaluation.rollouts import Episode
from bridgelib.files import written_whole

_STEP = 200  # milliseconds, as long as a step takes
_LAST = 1500
_FORMAT = {"format": "WEBP", "quality": 70, "method": 4}


def write_pictures(folder: Path, task: str, episodes: Iterable[Episode], each: int = 3) -> list[str]:
    """Write some successes and some failures, the first that were filmed.

    Args:
        folder: Where to.
        task: Of the episodes.
        episodes: Those without frames are passed over.
        each: At most so many of either.

    Returns:
        The names of the files.
    """
    names, counts = [], {True: 0, False: 0}
    for episode in episodes:
        if episode.frames and counts[episode.success] < each:
            counts[episode.success] += 1
            outcome = "success" if episode.success else "failure"
            names.append(f"{task}-{outcome}-{episode.seed}.webp")
            _write(folder / names[-1], episode)
    return names


def _write(path: Path, episode: Episode) -> None:
    first, *others = (Image.fromarray(frame) for frame in episode.frames)
    durations = [_STEP] * len(others) + [_LAST]
    with written_whole(path) as partial:
        first.save(partial, save_all=True, append_images=others, duration=durations, loop=0, **_FORMAT)
