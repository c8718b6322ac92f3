"""Convex solids made of flat faces, and how a lamp lights them."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np


@dataclass(frozen=True)
class Solid:
    """A convex solid.

    Args:
        vertices: Corners in metres, float64 [V, 3].
        faces: Corner numbers of each face, anticlockwise as seen from outside.
        corners: The first three corners of each face, int [F, 3]; they span its plane.
    """

    vertices: np.ndarray
    faces: tuple[tuple[int, ...], ...]
    corners: np.ndarray

    def moved(self, rotation: np.ndarray, translation: np.ndarray) -> "Solid":
        """This solid turned by a rotation matrix, then shifted."""
        return Solid(self.vertices @ rotation.T + translation, self.faces, self.corners)


Point = np.ndarray | tuple[float, float, float]
Coloured = tuple[Solid, tuple[float, float, float]]


def lit_faces(planes: np.ndarray, eye: np.ndarray, light: np.ndarray, ambient: float) -> tuple[np.ndarray, np.ndarray]:
    """Which faces an eye sees, and how bright they are (Lambert's law with ambient light).

    Args:
        planes: Three corners of each face, anticlockwise as seen from outside, float64 [F, 3, 3].
        eye: The camera's position, float [3].
        light: Unit vector towards the lamp, float [3].
        ambient: Share of the light that comes from everywhere, in [0, 1].

    Returns:
        Numbers of the visible faces, int [K], and their brightness in [ambient, 1], float64 [K].
    """
    first, second, third = planes.transpose(1, 0, 2)
    normals = cross(second - first, third - first)
    visible = np.flatnonzero(np.einsum("fc,fc->f", normals, eye - first) > 0)
    facing = normals[visible] @ light / np.linalg.norm(normals[visible], axis=1)
    return visible, ambient + (1 - ambient) * np.maximum(facing, 0)


@lru_cache(maxsize=256)
def frustum(sides: int, bottom_radius: float, top_radius: float, height: float) -> Solid:
    """A prism or truncated cone on the plane z = 0 around the z axis; the radii are measured to the sides."""
    angles = (2 * np.arange(sides) + 1) * np.pi / sides
    circle = np.stack([np.cos(angles), np.sin(angles), np.zeros(sides)], axis=1) / np.cos(np.pi / sides)
    vertices = np.concatenate([circle * bottom_radius, circle * top_radius + (0, 0, height)])
    around = range(sides)
    walls = tuple((i, (i + 1) % sides, (i + 1) % sides + sides, i + sides) for i in around)
    faces = (*walls, tuple(reversed(around)), tuple(i + sides for i in around))
    return Solid(vertices, faces, np.array([face[:3] for face in faces]))


@lru_cache(maxsize=64)
def box(low: tuple[float, float, float], high: tuple[float, float, float]) -> Solid:
    """The box between two opposite corners, its edges along the axes."""
    unit = frustum(4, 0.5, 0.5, 1.0)
    vertices = np.asarray(low) + (unit.vertices + np.array([0.5, 0.5, 0.0])) * np.subtract(high, low)
    return Solid(vertices, unit.faces, unit.corners)


def strut(start: Point, end: Point, start_radius: float, end_radius: float, sides: int = 12) -> Solid:
    """A rod from one point to another, thicker or thinner towards its end."""
    along = np.subtract(end, start)
    length = float(np.linalg.norm(along))
    axis = along / length
    # Any vector that is not parallel to the axis will do to span the cross-section.
    across = cross(axis, np.array((0.0, 0.0, 1.0) if abs(axis[2]) < 0.9 else (0.0, 1.0, 0.0)))
    across /= np.linalg.norm(across)
    rotation = np.stack([across, cross(axis, across), axis], axis=1)
    unit = frustum(sides, start_radius, end_radius, 1.0)
    return Solid(unit.vertices * (1, 1, length), unit.faces, unit.corners).moved(rotation, np.asarray(start))


def cross(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """The cross product of vectors, float [..., 3]; `np.cross` takes three times as long, to handle axes."""
    (a, b, c), (x, y, z) = first.T, second.T
    return np.array([b * z - c * y, c * x - a * z, a * y - b * x]).T


def turned(roll: float, pitch: float, yaw: float) -> np.ndarray:
    """The rotation matrix of roll about x, then pitch about y, then yaw about z (fixed axes), float64 [3, 3]."""
    (cr, cp, cy), (sr, sp, sy) = np.cos([roll, pitch, yaw]), np.sin([roll, pitch, yaw])
    return np.array(
        [
            [cy * cp, cy * sp * sr - sy * cr, cy * sp * cr + sy * sr],
            [sy * cp, sy * sp * sr + cy * cr, sy * sp * cr - cy * sr],
            [-sp, cp * sr, cp * cr],
        ]
    )
