"""Some trajectories to look at: predicted beside demonstrated actions over time, and where the policy looked."""

import base64
import io
from collections.abc import Iterator
from typing import Any

import numpy as np
from PIL import Image

from bridgelib.evaluation.offline.data_split import DataSplit
from bridgelib.evaluation.offline.demonstrated import Demonstrated
from bridgelib.evaluation.offline.intervals import rounded
from bridgelib.evaluation.offline.saliency import as_map, saliency
from bridgelib.evaluation.offline.sampling import shown
from bridgelib.evaluation.offline.situations import Situations

PICTURES = 4
"""Frames of each trajectory that are shown, with where the policy looked."""

_WIDEST = 96  # pixels of a picture
_FORMAT: dict[str, Any] = {"format": "WEBP", "quality": 70, "method": 4}


def examples(
    situations: Situations, split: DataSplit, chosen: np.ndarray, demonstrated: Demonstrated, predicted: np.ndarray
) -> list[dict[str, Any]]:
    """Some of the evaluated trajectories of each task.

    Args:
        situations: The situations of the split.
        split: The trajectories.
        chosen: int64 [K]; the trajectories that were evaluated.
        demonstrated: The N transitions of these.
        predicted: float32 [N, A]; the policy's first actions.

    Returns:
        Of each: `task`; `number`, in the task's TFRecord; `name`, its folder in the raw tree; `instruction`;
        `demonstrated` and `predicted`, T lists of A numbers in the robot's units; and its `pictures`, each with its
        `step`, the frame as a data URL, and the map of `saliency`, SIDE lists of SIDE shares of its largest value.
    """
    made = []
    for place in shown([split.tasks[trajectory] for trajectory in chosen], demonstrated.lengths):
        trajectory, rows = int(chosen[place]), demonstrated.rows(place)
        made.append(
            {
                "task": split.tasks[trajectory],
                "number": trajectory - split.tasks.index(split.tasks[trajectory]),
                "name": split.names[trajectory],
                "instruction": split.instructions[trajectory],
                "demonstrated": _lists(demonstrated.actions[rows]),
                "predicted": _lists(predicted[rows]),
                "pictures": list(_pictures(situations, trajectory, int(demonstrated.lengths[place]))),
            }
        )
    return made


def _pictures(situations: Situations, trajectory: int, length: int) -> Iterator[dict[str, Any]]:
    """The pictures of some frames, spread evenly from the first to the last that has an action."""
    steps = np.arange(PICTURES) * (length - 1) // (PICTURES - 1)  # not distinct in a short one: one size, one program
    situation = situations.at(np.full(PICTURES, trajectory), steps)
    gradients, frames = saliency(situations.policy, situation), situations.newest(situation.images)
    for place in np.unique(steps, return_index=True)[1]:
        yield {"step": int(steps[place]), "image": _data_url(frames[place]), "saliency": as_map(gradients[place])}


def _data_url(frame: np.ndarray) -> str:
    image, written = Image.fromarray(frame), io.BytesIO()
    image.thumbnail((_WIDEST, _WIDEST))
    image.save(written, **_FORMAT)
    return f"data:image/webp;base64,{base64.b64encode(written.getvalue()).decode()}"


def _lists(actions: np.ndarray) -> list[list[float | None]]:
    return [[rounded(value, digits=4) for value in action] for action in actions]
