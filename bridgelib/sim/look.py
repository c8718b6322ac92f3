"""How the table looks, apart from what lies on it: light, surfaces, the camera's sensor."""

from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from PIL import Image

from bridgelib.sim.camera import Camera

_TABLE = ((-0.30, 0.585), (-0.60, 0.50))
_TABLE_THICKNESS = 0.035

_TABLE_COLOURS = ((0.80, 0.68, 0.52), (0.74, 0.63, 0.50), (0.80, 0.75, 0.67), (0.70, 0.66, 0.60))
_WALL_COLOURS = ((0.72, 0.75, 0.78), (0.78, 0.75, 0.71), (0.66, 0.70, 0.70))


@dataclass(frozen=True)
class Look:
    """The look of a scene: all that differs between two pictures of the same arrangement.

    Args:
        light: Unit vector towards the lamp, float64 [3].
        ambient: Share of the light that has no direction.
        exposure: Gain of the three colour channels, float64 [3].
        table: Colour of the table top.
        wall: Colour of the wall behind it.
        grain: Phases of the wood's grain, float64 [4].
        noise: Standard deviation of the sensor noise in levels of 255.
    """

    light: np.ndarray
    ambient: float
    exposure: np.ndarray
    table: np.ndarray
    wall: np.ndarray
    grain: np.ndarray
    noise: float

    @classmethod
    def random(cls, rng: np.random.Generator) -> "Look":
        """Draw a look; all of them are mild, so that colours keep their names."""
        light = np.array([0.30, 0.38, 1.0]) + rng.uniform(-0.12, 0.12, 3)
        return cls(
            light=light / np.linalg.norm(light),
            ambient=float(rng.uniform(0.50, 0.60)),
            exposure=rng.uniform(0.94, 1.06) * rng.uniform(0.98, 1.02, 3),
            table=np.array(_TABLE_COLOURS[rng.integers(len(_TABLE_COLOURS))]),
            wall=np.array(_WALL_COLOURS[rng.integers(len(_WALL_COLOURS))]),
            grain=rng.uniform(0, 2 * np.pi, 4),
            noise=float(rng.uniform(1.0, 2.5)),
        )


def empty_table(camera: Camera, look: Look) -> Image.Image:
    """The wooden table before a wall, with nothing on it, as an RGB image of the camera's size."""
    ground = _ground(camera)
    picture = look.wall.astype(np.float32) * ground.wall_light
    picture[ground.on_edge] = look.table * 0.55
    picture[ground.on_top] = look.table * _grain(ground.x, ground.y, look.grain)[:, None]
    picture *= ground.falloff
    return Image.fromarray(np.clip(picture, 0, 255).astype(np.uint8))


class _Ground(NamedTuple):
    """What the pixels of the fixed camera see of the bare table, float32 and bool."""

    on_top: np.ndarray  # [H, W]
    on_edge: np.ndarray  # [H, W]
    x: np.ndarray  # [N], metres, of the pixels on top
    y: np.ndarray
    wall_light: np.ndarray  # [H, W, 1]
    falloff: np.ndarray  # [H, W, 1], times 255


@lru_cache(maxsize=2)
def _ground(camera: Camera) -> _Ground:
    height, width = camera.size
    rows, columns = np.mgrid[0:height, 0:width] + 0.5
    pixels = np.stack([columns.ravel(), rows.ravel()], axis=1)

    def on_table(z: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        x, y = camera.on_plane(pixels, z).T.reshape(2, height, width)
        (low_x, high_x), (low_y, high_y) = _TABLE
        return x, y, (x > low_x) & (x < high_x) & (y > low_y) & (y < high_y)

    x, y, on_top = on_table(0.0)
    falloff = 1.06 - 0.35 * np.hypot(columns / width - 0.45, rows / height - 0.5) ** 2
    return _Ground(
        on_top=on_top,
        on_edge=on_table(-_TABLE_THICKNESS)[2] & ~on_top,
        x=x[on_top].astype(np.float32),
        y=y[on_top].astype(np.float32),
        wall_light=(0.80 + 0.20 * (rows / height)).astype(np.float32)[..., None],
        falloff=(255 * falloff).astype(np.float32)[..., None],
    )


def _grain(x: np.ndarray, y: np.ndarray, phases: np.ndarray) -> np.ndarray:
    """Brightness of planks that run along y, around 1."""
    phases = phases.astype(np.float32)
    plank = np.floor(x / 0.11)
    tone = 0.03 * np.sin(plank * 12.9898 + phases[0])
    waves = x * 260 + 1.6 * np.sin(y * 7 + plank * 2.3 + phases[1]) + phases[2]
    fibres = 0.016 * np.sin(waves) + 0.010 * np.sin(2.7 * waves + y * 11 + phases[3])
    gap = np.abs(x / 0.11 - np.round(x / 0.11)) < 0.010
    return 0.97 + tone + fibres - 0.10 * gap
