"""Pictures of the table: flat-shaded solids, soft shadows, and the camera's imperfections."""

from itertools import pairwise

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from bridgelib.sim.arm import base_solids, finger_solids, link_solids
from bridgelib.sim.camera import table_camera
from bridgelib.sim.look import Look, empty_table
from bridgelib.sim.placement import Body
from bridgelib.sim.solids import Coloured, frustum, lit_faces, turned

# Solids are drawn this much larger and then averaged, which smooths their edges.
_OVERSAMPLING = 2
_SHADOW = 0.50

Point = tuple[float, float]
Face = tuple[list[Point], tuple[int, int, int]]
"""Corners in pixels of the larger canvas, and a colour."""


class Renderer:
    """Draws one scene over and over: what never moves is drawn once.

    Args:
        size: Height and width of the pictures in pixels.
        look: Light, surfaces and sensor.
        targets: The flat bodies that stay where they are.
        rng: The sensor noise.
    """

    def __init__(self, size: tuple[int, int], look: Look, targets: list[Body], rng: np.random.Generator):
        self.camera, self.look = table_camera(size), look
        self._eye = np.asarray(self.camera.position)
        table = empty_table(table_camera((size[0] * _OVERSAMPLING, size[1] * _OVERSAMPLING)), look)
        # Targets have separate footprints, and a higher rim may hide the edge of a lower one.
        targets = sorted(targets, key=lambda target: target.shape.height)
        shaded = self._shaded(table.reduce(_OVERSAMPLING), self._outlines([_body_solid(target) for target in targets]))
        self._background = self._drawn(
            shaded, self._faces([draw(target) for target in targets for draw in (_body_solid, _inlay)])
        )
        base = base_solids()
        self._base_faces, self._base_outlines = self._faces(base), self._outlines(base)
        height, width = size
        # One large field of noise, of which each frame takes another window: drawing it anew would take longest of all.
        self._noise = np.round(look.noise * rng.standard_normal((height + 64, width + 64, 3), np.float32)).astype(
            np.int16
        )

    def picture(self, state: np.ndarray, bodies: list[Body], window: int = 0) -> np.ndarray:
        """The camera's image.

        Args:
            state: Bridge's full_state, float [7].
            bodies: What stands on the table or hangs in the gripper.
            window: Which part of the noise to use, such as the number of the frame.

        Returns:
            uint8 [H, W, 3].
        """
        pose, opening = state[:6], float(state[6])
        upright = [_body_solid(body) for body in bodies] + finger_solids(pose, opening)
        # The painter's algorithm. Upright things with separate footprints hide one another by their distance over
        # ground; all other links are higher than any of them and the camera higher still, so they come last.
        upright.sort(key=lambda entry: -float(np.hypot(*(entry[0].vertices[:, :2].mean(axis=0) - self._eye[:2]))))
        moving = [*upright, *link_solids(pose)]
        shaded = self._shaded(self._background, [*self._base_outlines, *self._outlines(moving)])
        return self._developed(self._drawn(shaded, [*self._base_faces, *self._faces(moving)]), window)

    def _drawn(self, below: Image.Image, faces: list[Face]) -> Image.Image:
        """Faces painted over a picture in the given order."""
        width, height = below.size
        canvas = below.resize((width * _OVERSAMPLING, height * _OVERSAMPLING), Image.Resampling.NEAREST)
        draw = ImageDraw.Draw(canvas)
        for corners, colour in faces:
            draw.polygon(corners, fill=colour)
        return canvas.reduce(_OVERSAMPLING)

    def _faces(self, solids: list[Coloured]) -> list[Face]:
        """The faces that the camera sees, solid by solid, as they are to be painted on the larger canvas.

        All solids go through numpy together: one by one, its calls would take longer than the drawing.
        """
        starts = np.cumsum([0, *(len(solid.vertices) for solid, _ in solids)]).tolist()
        vertices = np.concatenate([solid.vertices for solid, _ in solids])
        planes = np.concatenate([solid.corners + start for (solid, _), start in zip(solids, starts, strict=False)])
        visible, brightness = lit_faces(vertices[planes], self._eye, self.look.light, self.look.ambient)
        colours = np.repeat([colour for _, colour in solids], [len(solid.faces) for solid, _ in solids], axis=0)
        levels = np.minimum(brightness[:, None] * colours[visible] * 255, 255).astype(int).tolist()
        corners = [tuple(corner) for corner in (self.camera.project(vertices) * _OVERSAMPLING).tolist()]
        faces = [(start, face) for (solid, _), start in zip(solids, starts, strict=False) for face in solid.faces]
        return [
            ([corners[start + corner] for corner in face], tuple(level))
            for (start, face), level in zip((faces[number] for number in visible.tolist()), levels, strict=True)
        ]

    def _outlines(self, solids: list[Coloured]) -> list[list[Point]]:
        """The shadow of each solid on the table: the convex hull of its corners' shadows, in pixels."""
        light = self.look.light
        vertices = np.concatenate([solid.vertices for solid, _ in solids])
        shadows = self.camera.project(vertices - np.outer(vertices[:, 2] / light[2], light)).tolist()
        ends = np.cumsum([len(solid.vertices) for solid, _ in solids]).tolist()
        return [_convex_hull(shadows[begin:end]) for begin, end in pairwise([0, *ends])]

    def _shaded(self, table: Image.Image, outlines: list[list[Point]]) -> Image.Image:
        """A picture of the table with the soft shadows of these outlines."""
        mask = Image.new("L", table.size)
        draw = ImageDraw.Draw(mask)
        for outline in outlines:
            draw.polygon(outline, fill=255)
        mask = mask.filter(ImageFilter.BoxBlur(table.height / 160))
        return Image.composite(table.point(lambda level: level * _SHADOW), table, mask)

    def _developed(self, picture: Image.Image, window: int) -> np.ndarray:
        """Exposure and noise."""
        height, width = self.camera.size
        levels = np.arange(256)
        tables = np.concatenate([np.clip(np.round(levels * gain), 0, 255) for gain in self.look.exposure])
        exposed = np.asarray(picture.point(tables.astype(int).tolist()), dtype=np.int16)
        down, right = (window * 37) % 64, (window * 23) % 64
        noisy = exposed + self._noise[down : down + height, right : right + width]
        return np.clip(noisy, 0, 255, out=noisy).astype(np.uint8)


def _body_solid(body: Body) -> Coloured:
    shape = body.shape
    solid = frustum(shape.sides, shape.radius, shape.radius * shape.taper, shape.height)
    return solid.moved(turned(0, 0, body.yaw), body.position), shape.colour


def _inlay(target: Body) -> Coloured:
    """A slightly darker field within the target, which makes a rim of a plate and a hem of a cloth."""
    shape = target.shape
    radius = shape.radius * shape.taper * 0.78
    top = target.position + np.array([0, 0, shape.height])
    red, green, blue = (0.88 * channel for channel in shape.colour)
    return frustum(shape.sides, radius, radius, 1e-4).moved(turned(0, 0, target.yaw), top), (red, green, blue)


def _convex_hull(points: list[list[float]]) -> list[Point]:
    """The corners of the convex hull, in order (Andrew's monotone chain)."""
    ordered = sorted((x, y) for x, y in points)
    hull: list[Point] = []
    for chain in (ordered, ordered[-2::-1]):
        base = len(hull)
        for point in chain:
            while len(hull) - base >= (2 if base == 0 else 1) and _turns_right(hull[-2], hull[-1], point):
                hull.pop()
            hull.append(point)
    return hull


def _turns_right(first: tuple, second: tuple, third: tuple) -> bool:
    across = (second[0] - first[0]) * (third[1] - first[1]) - (second[1] - first[1]) * (third[0] - first[0])
    return across <= 0
