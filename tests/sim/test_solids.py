import numpy as np
import pytest

from bridgelib.sim.solids import box, frustum, lit_faces, strut, turned

OVERHEAD = np.array([0.0, 0.0, 1.0])


CUBE = frustum(4, 0.5, 0.5, 1.0)


def normals(solid):
    first, second, third = solid.vertices[solid.corners].transpose(1, 0, 2)
    return np.cross(second - first, third - first)


@pytest.mark.parametrize(
    "solid",
    [
        frustum(4, 0.02, 0.02, 0.04),
        frustum(24, 0.02, 0.01, 0.05),
        box((-1.0, 0.0, 2.0), (1.0, 0.5, 3.0)),
        strut(np.array([0, 0, 0.1]), np.array([0.2, 0.1, 0.3]), 0.02, 0.01),
        strut(np.array([0, 0, 0.1]), np.array([0, 0, 0.3]), 0.02, 0.01),
    ],
)
def test_faces_look_outwards(solid):
    middle = solid.vertices.mean(axis=0)
    for face, normal in zip(solid.faces, normals(solid), strict=True):
        assert normal @ (solid.vertices[list(face)].mean(axis=0) - middle) > 0


def test_four_sided_frustum_is_a_cube_with_the_given_half_edge():
    vertices = frustum(4, 0.02, 0.02, 0.04).vertices
    np.testing.assert_allclose(
        sorted(map(tuple, np.round(vertices, 9))),
        sorted((x, y, z) for x in (-0.02, 0.02) for y in (-0.02, 0.02) for z in (0.0, 0.04)),
        atol=1e-9,
    )


def test_box_spans_its_corners():
    vertices = box((-1.0, 0.0, 2.0), (1.0, 0.5, 3.0)).vertices
    np.testing.assert_allclose(vertices.min(axis=0), [-1, 0, 2], atol=1e-12)
    np.testing.assert_allclose(vertices.max(axis=0), [1, 0.5, 3])


def test_strut_reaches_from_start_to_end():
    start, end = np.array([0.1, 0.0, 0.1]), np.array([0.1, 0.3, 0.5])
    rod = strut(start, end, 0.02, 0.01, sides=6)
    np.testing.assert_allclose(rod.vertices[:6].mean(axis=0), start, atol=1e-12)
    np.testing.assert_allclose(rod.vertices[6:].mean(axis=0), end, atol=1e-12)


def test_a_cube_seen_from_a_corner_shows_three_faces_lit_by_lambert():
    visible, brightness = lit_faces(CUBE.vertices[CUBE.corners], np.array([5.0, 4.0, 6.0]), OVERHEAD, ambient=0.4)
    # The lamp is overhead: the top is fully bright, the two walls get the ambient light only.
    assert sorted(brightness) == pytest.approx([0.4, 0.4, 1.0])
    assert len(visible) == 3


def test_light_falls_off_with_the_cosine():
    _, brightness = lit_faces(CUBE.vertices[CUBE.corners], np.array([0.0, 0.0, 9.0]), np.array([0.8, 0.0, 0.6]), 0.5)
    assert brightness == pytest.approx([0.5 + 0.5 * 0.6])


@pytest.mark.parametrize(
    ("angles", "given", "expected"),
    [
        ((0, 0, np.pi / 2), (1, 0, 0), (0, 1, 0)),  # yaw turns forward to the left
        ((np.pi / 2, 0, 0), (0, 1, 0), (0, 0, 1)),
        ((0, np.pi / 2, 0), (0, 0, 1), (1, 0, 0)),
        ((np.pi / 2, 0, np.pi / 2), (0, 0, 1), (1, 0, 0)),  # roll first: z -> -y, then yaw: -y -> x
    ],
)
def test_turned_worked_by_hand(angles, given, expected):
    np.testing.assert_allclose(turned(*angles) @ given, expected, atol=1e-12)
