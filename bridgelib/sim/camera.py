"""A pinhole camera that stands still beside the table."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np


@dataclass(frozen=True)
class Camera:
    """A perspective projection without distortion.

    Args:
        position: Where it stands, metres in base_link.
        target: The point it looks at; it appears in the middle of the image.
        focal_length: In image heights.
        size: Height and width of the image in pixels.
    """

    position: tuple[float, float, float]
    target: tuple[float, float, float]
    focal_length: float
    size: tuple[int, int]

    @cached_property
    def axes(self) -> np.ndarray:
        """The directions right, down and forward as rows of a rotation matrix, float64 [3, 3]."""
        forward = np.subtract(self.target, self.position)
        forward = forward / np.linalg.norm(forward)
        right = np.cross(forward, (0.0, 0.0, 1.0))
        right = right / np.linalg.norm(right)
        return np.stack([right, np.cross(forward, right), forward])

    @cached_property
    def _centre(self) -> np.ndarray:
        height, width = self.size
        return np.array([width / 2, height / 2])

    def project(self, points: np.ndarray) -> np.ndarray:
        """Where points appear, in pixels from the image's upper left corner.

        Args:
            points: Metres in base_link, in front of the camera, float [N, 3].

        Returns:
            Columns to the right and rows down, float64 [N, 2].
        """
        right, down, forward = self.axes @ (np.asarray(points, dtype=float) - self.position).T
        return np.stack([right, down], axis=1) * (self.focal_length * self.size[0] / forward)[:, None] + self._centre

    def on_plane(self, pixels: np.ndarray, height: float = 0.0) -> np.ndarray:
        """Where the rays through pixels meet a horizontal plane: the inverse of `project` for points of known height.

        Args:
            pixels: Columns and rows, float [N, 2].
            height: The plane's z in metres.

        Returns:
            x and y in metres, float64 [N, 2]; NaN where the ray does not meet the plane.
        """
        across = (np.asarray(pixels, dtype=float) - self._centre) / (self.focal_length * self.size[0])
        rays = np.concatenate([across, np.ones((len(across), 1))], axis=1) @ self.axes
        with np.errstate(divide="ignore", invalid="ignore"):
            distance = (height - self.position[2]) / rays[:, 2]
        met = np.where(distance > 0, distance, np.nan)
        return np.asarray(self.position)[:2] + rays[:, :2] * met[:, None]


def table_camera(size: tuple[int, int]) -> Camera:
    """The fixed camera of the simulated table: in front of the robot and to its right, looking back and down."""
    return Camera(position=(0.70, -0.36, 0.50), target=(0.28, -0.010, 0.065), focal_length=1.32, size=size)
