"""Gaze boxes of a trajectory: where the objects that matter lie in each frame, as a detector marked them."""

import numpy as np

from bridgelib.raw.rejection import Rejected

SOURCES = ("none", "filter", "no_filter")  # no boxes, those of filter.pkl, those of no_filter.pkl
MOST_BOXES = 1000  # in a frame; in a hostile pickle, frames that share their boxes could unfold to any size
MARGIN = 0.1  # a detector's edges may lie a little outside of the image; pixels in place of shares lie far outside


def read_boxes(content: object, frames: int, name: str) -> tuple[np.ndarray, ...]:
    """The boxes of each frame.

    Args:
        content: What was pickled: for each frame None or a list of boxes [left, top, right, bottom], as shares of the
            image's width and height, from 0 to 1.
        frames: How many frames there are, before the correction of the camera's latency.
        name: The file, for messages.

    Returns:
        float64 [boxes, 4] for each frame; [0, 4] where it has none.

    Raises:
        Rejected: `malformed_gaze`, `gaze_length_mismatch` or `gaze_out_of_range`.
    """
    rows = _rows(content)
    if rows is None:
        raise Rejected("malformed_gaze", f"{name} holds a {type(content).__name__}, not a list with an entry per frame")
    if len(rows) != frames:
        raise Rejected("gaze_length_mismatch", f"{name} has boxes for {len(rows)} frames, there are {frames}")
    return tuple(_boxes(frame, f"{name}, frame {number}") for number, frame in enumerate(rows))


def _boxes(frame: object, where: str) -> np.ndarray:
    rows = [] if frame is None else _rows(frame)
    if rows is None or len(rows) > MOST_BOXES or not all(map(_is_box, rows)):
        raise Rejected("malformed_gaze", f"{where}: not a list of at most {MOST_BOXES} boxes of four numbers")
    try:
        boxes = np.array(rows, np.float64).reshape(-1, 4)
    except OverflowError:
        raise Rejected("gaze_out_of_range", f"{where}: a whole number that is too large") from None
    inside = ((boxes >= -MARGIN) & (boxes <= 1 + MARGIN)).all(axis=1)
    if not inside.all():
        raise Rejected("gaze_out_of_range", f"{where}: a box {boxes[~inside][0].tolist()}, not of numbers from 0 to 1")
    return boxes


def _is_box(box: object) -> bool:
    if isinstance(box, np.ndarray):
        return box.shape == (4,) and box.dtype.kind in "iuf"
    return isinstance(box, list | tuple) and len(box) == 4 and all(map(_is_number, box))


def _is_number(edge: object) -> bool:
    return isinstance(edge, int | float | np.integer | np.floating)


def _rows(content: object) -> list | tuple | np.ndarray | None:
    """A list, a tuple or an array that has rows; None for all else."""
    return content if isinstance(content, list | tuple) or (isinstance(content, np.ndarray) and content.ndim) else None
