"""The nearest neighbour among the training images, a baseline: a policy that beats it did more than memorise them."""

import numpy as np
from PIL import Image

from bridgelib.config.algorithms.parts import Angles
from bridgelib.data.records import Records
from bridgelib.data.samples import learnt_actions
from bridgelib.progress import Progress

SIDE = 24
"""Images are compared at this height and width; on simulated demonstrations of 64² as good as 32, better than 16."""

FRAMES = 20_000
"""How many training frames are compared with by default; where there are more, they are spread evenly."""

_QUERIES, _ROWS = 256, 8192  # so many distances at a time, whatever the number of images
_READ = 256  # training frames in memory at a time


class NeighbourIndex:
    """Images with the actions that were demonstrated in them, to be found again by their likeness.

    Likeness is the squared distance of the pixels of both images, shrunk to SIDE × SIDE by averaging. The nearest is
    found exactly: all are compared, in whole numbers; of several that are equally near it is the first.

    Args:
        images: uint8 [N, H, W, 3], N at least 1.
        actions: float32 [N, A].

    Attributes:
        actions: float32 [N, A]; as given.
    """

    def __init__(self, images: np.ndarray, actions: np.ndarray):
        assert len(images) == len(actions) > 0, f"{len(images)} images, {len(actions)} actions"
        self.actions = np.asarray(actions)
        self._pixels = _centred(shrunk(images))
        self._norms = _norms(self._pixels)

    def __len__(self) -> int:
        """How many images there are."""
        return len(self.actions)

    def nearest(self, images: np.ndarray) -> np.ndarray:
        """The numbers of the images that are nearest to these.

        Args:
            images: uint8 [B, H, W, 3], of any size.

        Returns:
            int64 [B].
        """
        pixels = _centred(shrunk(images))
        parts = [self._nearest(pixels[:, first : first + _QUERIES]) for first in range(0, len(images), _QUERIES)]
        return np.concatenate([np.empty(0, np.int64), *parts])

    def _nearest(self, queries: np.ndarray) -> np.ndarray:
        best = np.zeros(queries.shape[1], np.int64)
        least = np.full(len(best), np.iinfo(np.int64).max)
        for first in range(0, len(self), _ROWS):
            rows = slice(first, first + _ROWS)
            products = queries @ self._pixels[:, rows].transpose(0, 2, 1)  # one for each colour: [3, queries, rows]
            distances = self._norms[rows] - 2 * products.sum(axis=0, dtype=np.int64)  # but for the query's own norm
            found = distances.argmin(axis=1)
            distance = distances[np.arange(len(best)), found]
            nearer = distance < least
            best[nearer], least[nearer] = first + found[nearer], distance[nearer]
        return best


def training_neighbours(
    records: Records, relabel: bool, limit: int = FRAMES, angles: Angles = "wrapped"
) -> NeighbourIndex:
    """The index of the frames of a training split, with their actions as training sees them, in the robot's units.

    Args:
        records: The records of the training split.
        relabel: Whether its actions are relabelled with the motion that was reached.
        limit: The most frames to take, spread evenly over all that have an action.
        angles: How differences of angles are taken; see `relabelled_actions`.

    Raises:
        DataError: A frame cannot be read.
    """
    actions = learnt_actions(records, relabel, angles)
    kept = min(limit, len(actions))
    numbers = np.arange(kept) * len(actions) // kept
    frames = (np.repeat(records.first_frame - records.first_action, records.lengths) + np.arange(len(actions)))[numbers]
    progress, images = Progress(kept, "frames", "training images for the nearest neighbour"), []
    for first in range(0, kept, _READ):
        images.append(shrunk(records.images(frames[first : first + _READ])))
        progress.advance(len(images[-1]))
    return NeighbourIndex(np.concatenate(images), actions[numbers])


def shrunk(images: np.ndarray) -> np.ndarray:
    """Images uint8 [N, H, W, 3] as uint8 [N, SIDE, SIDE, 3], each pixel the mean of those it covers."""
    if images.shape[1:3] == (SIDE, SIDE):
        return images
    smaller = np.empty((len(images), SIDE, SIDE, 3), np.uint8)
    for number, image in enumerate(images):
        smaller[number] = np.asarray(Image.fromarray(image).resize((SIDE, SIDE), Image.Resampling.BOX))
    return smaller


def _centred(images: np.ndarray) -> np.ndarray:
    """Each colour's pixels less 128, float32 [3, N, pixels].

    The products of two such rows add up to at most 24² · 128² = 9,437,184 < 2^24, and so does each part of the sum:
    float32 holds them exactly, in whatever order they are added.
    """
    pixels = images.reshape(len(images), SIDE * SIDE, 3).astype(np.float32) - 128
    return np.ascontiguousarray(pixels.transpose(2, 0, 1))


def _norms(pixels: np.ndarray) -> np.ndarray:
    """The squared length of each image, int64 [N]."""
    return np.einsum("cnp,cnp->cn", pixels, pixels).sum(axis=0, dtype=np.int64)
