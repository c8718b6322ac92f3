"""Gaze maps: where a demonstrator would look, from the boxes of the objects that matter.

Frame i's map is a sum of Gaussians around the box centres of the frames about it,

    g_i = sum over j in [-k, k] of alpha^|j| * N(centres of frame i + j, sigma = gamma * beta^-|j|),

scaled to [0, 1]: what lies further away in time counts less and is blurred more. Frames beyond the trajectory's ends
have no boxes.
"""

from collections.abc import Sequence

import numpy as np

from bridgelib.errors import DataError

Boxes = np.ndarray | Sequence[Sequence[float]] | None


def gaze_maps(
    boxes: Sequence[Boxes],
    size: int,
    *,
    window: int = 2,
    alpha: float = 0.7,
    beta: float = 0.7,
    gamma: float = 0.06,
) -> np.ndarray:
    """The gaze maps of one trajectory.

    Args:
        boxes: For each frame its boxes (left, top, right, bottom) as shares of the image, from 0 to 1; a frame may have
            none. What sticks out of the image is cut off; a box without area is left aside.
        size: Side of the square image, in pixels.
        window: k; how many frames before and after count.
        alpha: Factor on the weight for each frame of distance, in (0, 1].
        beta: Sigma is divided by it for each frame of distance, in (0, 1].
        gamma: Standard deviation at distance 0, as a share of the image's side; at least one pixel.

    Returns:
        float32 [frames, size, size, 1]; from 0 to 1 in each frame, all 0 where no box is near.

    Raises:
        DataError: A box that is not four finite numbers.
    """
    centres = [_centres(frame, number) * (size - 1) for number, frame in enumerate(boxes)]
    maps = np.zeros((len(boxes), size, size))
    for offset in range(-window, window + 1):
        sigma = max(1.0, gamma * size) * beta ** -abs(offset)
        for number in range(max(0, -offset), min(len(boxes), len(boxes) - offset)):
            maps[number] += alpha ** abs(offset) * _gaussians(centres[number + offset], sigma, size)
    low, high = maps.min(axis=(1, 2), keepdims=True), maps.max(axis=(1, 2), keepdims=True)
    return ((maps - low) / np.where(high > low, high - low, 1))[..., None].astype(np.float32)


def _gaussians(centres: np.ndarray, sigma: float, size: int) -> np.ndarray:
    """Sum of the normal densities around centres [N, 2] (x, y in pixels), float64 [size, size]."""
    distance = np.arange(size) - centres[..., None]  # [N, 2, size]
    density = np.exp(-0.5 * (distance / sigma) ** 2) / (np.sqrt(2 * np.pi) * sigma)
    return density[:, 1].T @ density[:, 0]  # a density of the plane is the product of those of its axes


def _centres(boxes: Boxes, frame: int) -> np.ndarray:
    """Centres of the boxes that have an area within the image, float64 [N, 2]: x, y as shares of the image."""
    if boxes is None or len(boxes) == 0:
        return np.empty((0, 2))
    try:
        corners = np.array([[float(number) for number in box] for box in boxes], np.float64)
    except (TypeError, ValueError):
        corners = np.empty(0)
    if corners.ndim != 2 or corners.shape[1] != 4 or not np.isfinite(corners).all():
        raise DataError(
            f"gaze boxes of frame {frame}",
            given=str(boxes)[:200],
            allowed="a list of boxes [x1, y1, x2, y2], each number from 0 to 1",
            do="correct the file of boxes",
        )
    corners = np.clip(corners, 0, 1)
    has_area = (corners[:, 2] > corners[:, 0]) & (corners[:, 3] > corners[:, 1])
    return (corners[has_area, :2] + corners[has_area, 2:]) / 2
