"""The picture tells where things are, from the full frame down to 64 by 64."""

import io

import numpy as np
import pytest
from PIL import Image

from bridgelib.sim.camera import table_camera
from bridgelib.sim.scene import Scene

PLACE, PUSH = "put_red_cube_on_plate", "push_blue_cylinder_onto_green_cloth"


def is_red(red, green, blue):
    return (red > 1.8 * green) & (red > 1.8 * blue) & (red > 50)


def is_blue(red, green, blue):
    return (blue > 1.5 * green) & (blue > 1.9 * red) & (blue > 50)


def is_green(red, green, blue):
    return (green > 1.5 * red) & (green > 1.3 * blue) & (green > 40)


def seen_at(image, colour, height):
    """Where on a horizontal plane the pixels of a colour are, on average; x and y in metres."""
    rows, columns = np.nonzero(colour(*image.astype(float).transpose(2, 0, 1)))
    assert len(rows) > 0, "nothing of this colour is to be seen"
    # Shrunk or not, a pixel of the picture is this much of the camera's own.
    camera = table_camera((480, 640))
    scale = np.array([640 / image.shape[1], 480 / image.shape[0]])
    middle = (np.array([columns.mean(), rows.mean()]) + 0.5) * scale
    return camera.on_plane(middle[None], height)[0]


def shrunk(image, side=64):
    """As training sees it: JPEG, then LANCZOS to a square."""
    saved = io.BytesIO()
    Image.fromarray(image).save(saved, "JPEG", quality=95)
    return np.asarray(Image.open(saved).resize((side, side), Image.Resampling.LANCZOS))


@pytest.mark.parametrize(("size", "shrink", "bound"), [((480, 640), None, 0.008), ((240, 320), 64, 0.012)])
@pytest.mark.parametrize(("task", "colour"), [(PLACE, is_red), (PUSH, is_blue)])
def test_colour_tells_where_the_item_is(task, colour, size, shrink, bound):
    errors = []
    for seed in range(15):
        scene = Scene(task, seed, size)
        image = scene.reset()["image"]
        found = seen_at(shrunk(image, shrink) if shrink else image, colour, scene.item.shape.height / 2)
        errors.append(np.linalg.norm(found - scene.item.position[:2]))
    assert np.median(errors) < bound
    # Now and then a finger hides part of the item.
    assert np.quantile(errors, 0.9) < 2 * bound


def test_colour_tells_where_the_target_is():
    errors = []
    for seed in range(15):
        scene = Scene(PUSH, seed, (240, 320))
        found = seen_at(shrunk(scene.reset()["image"]), is_green, 0.0)
        errors.append(np.linalg.norm(found - scene.target.position[:2]))
    assert np.median(errors) < 0.012


@pytest.mark.parametrize("task", (PLACE, PUSH))
def test_the_picture_tells_the_task(task):
    for seed in range(6):
        channels = shrunk(Scene(task, seed, (240, 320)).reset()["image"]).astype(float).transpose(2, 0, 1)
        red, blue = is_red(*channels).sum(), is_blue(*channels).sum()
        assert (red > 0, blue > 0) == (task == PLACE, task == PUSH)


def test_height_shows():
    """Along one viewing ray only size and shadow change; they do."""
    scene, camera = Scene(PLACE, 1, (240, 320)), table_camera((240, 320))
    eye, low = np.array(camera.position), np.array([0.3, 0.0, 0.03])
    high = low + 0.3 * (eye - low)
    np.testing.assert_allclose(camera.project(low[None]), camera.project(high[None]))
    pictures = []
    for place in (low, high):
        scene.state[:3] = place
        pictures.append(scene.observation()["image"].astype(int))
    assert (np.abs(pictures[0] - pictures[1]).max(axis=2) > 40).mean() > 0.02


def test_light_and_noise_differ_mildly_between_scenes_and_frames():
    scene = Scene(PLACE, 0, (240, 320))
    first, second = scene.reset()["image"].astype(float), scene.step(np.zeros(7))["image"].astype(float)
    corner = np.s_[200:, :60]  # bare table in the lower left
    between_frames = (first[corner] - second[corner]).std()
    assert 1.0 < between_frames < 5.0
    brightness = [Scene(PLACE, seed, (48, 64)).reset()["image"].mean() for seed in range(12)]
    assert 4 < np.std(brightness) < 25


def test_near_finger_hides_the_item_and_the_item_hides_the_far_finger():
    scene = Scene(PLACE, 0, (480, 640))
    scene.item.position[:] = 0.3, 0.0, 0.0
    scene.item.yaw = 0.0
    scene.distractors.clear()

    def red_pixels(yaw, opening):
        scene.state[:] = (0.3, 0.0, 0.02, 0, 0, yaw, opening)
        return is_red(*scene.observation()["image"].astype(float).transpose(2, 0, 1)).sum()

    bearing = np.arctan2(-0.36, 0.70 - 0.3)
    scene.state[:] = (0.3, 0.0, 0.24, 0, 0, 0, 1.0)
    free = is_red(*scene.observation()["image"].astype(float).transpose(2, 0, 1)).sum()
    # The camera sees the gripper from its side (one finger before the other) or from its front (side by side).
    from_the_side, from_the_front = red_pixels(bearing + np.pi / 2, 0.57), red_pixels(bearing, 0.57)
    assert 0.2 * free < from_the_side < 0.75 * free
    assert from_the_front > from_the_side
