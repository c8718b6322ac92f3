import numpy as np
import pytest

from bridgelib.sim.camera import Camera, table_camera


@pytest.fixture
def level():
    """Two metres in front of the origin, looking along +y: x runs to the right, z upwards."""
    return Camera(position=(0, -2, 0), target=(0, 0, 0), focal_length=1.0, size=(100, 200))


@pytest.mark.parametrize(
    ("point", "pixel"),
    [
        ((0, 0, 0), (100, 50)),  # what it looks at is in the middle
        ((0.5, 0, 0), (125, 50)),  # 0.5 m to the right at 2 m: 0.5 / 2 * 100 pixels
        ((0, 0, 0.25), (100, 37.5)),  # upwards is towards row 0
        ((0.5, 2, 0), (112.5, 50)),  # twice as far, half as large
        ((-0.5, 2, -0.8), (87.5, 70)),
    ],
)
def test_project_worked_by_hand(level, point, pixel):
    np.testing.assert_allclose(level.project(np.array([point])), [pixel], atol=1e-12)


def test_project_from_above_worked_by_hand():
    # 3-4-5: from (4, 0, 3) down to the origin, 5 m away. Straight ahead of the origin, at (-4, 0, -3), 10 m away.
    camera = Camera(position=(4, 0, 3), target=(0, 0, 0), focal_length=2.0, size=(50, 50))
    points = np.array([[0, 0, 0], [-4, 0, -3], [0, 1, 0], [0.6, 0, -0.8]])
    # +y is right here; (0.6, 0, -0.8) is 1 m straight down the image: 1 / 5 * 2 * 50 = 20 pixels.
    np.testing.assert_allclose(camera.project(points), [[25, 25], [25, 25], [45, 25], [25, 45]], atol=1e-9)


def test_on_plane_undoes_project():
    camera = table_camera((480, 640))
    rng = np.random.default_rng(0)
    spots = rng.uniform((0.1, -0.3), (0.5, 0.3), (50, 2))
    for height in (0.0, 0.05):
        points = np.concatenate([spots, np.full((50, 1), height)], axis=1)
        np.testing.assert_allclose(camera.on_plane(camera.project(points), height), spots, atol=1e-9)


def test_rays_above_the_horizon_meet_no_table(level):
    found = level.on_plane(np.array([[100.0, 10.0], [100.0, 90.0]]), height=-1.0)
    assert np.isnan(found[0]).all()
    np.testing.assert_allclose(found[1], [0, 0.5])  # 1 m down at a slope of 0.4: 2.5 m ahead of y = -2


def test_the_reach_of_the_arm_is_in_the_picture():
    height, width = 480, 640
    corners = np.array([[x, y, z] for x in (0.2, 0.4) for y in (-0.16, 0.16) for z in (0.0, 0.12)])
    pixels = table_camera((height, width)).project(corners)
    assert (pixels > 0).all() and (pixels < (width, height)).all()


def test_another_size_shows_the_same_scene():
    point = np.array([[0.3, 0.1, 0.05]])
    small, large = table_camera((120, 160)).project(point), table_camera((480, 640)).project(point)
    np.testing.assert_allclose(large, 4 * small)
