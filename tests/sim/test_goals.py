import numpy as np
import pytest

from bridgelib.errors import ConfigError
from bridgelib.sim.demonstrations import demonstrate
from bridgelib.sim.goals import goal_image
from bridgelib.sim.scene import Scene
from bridgelib.sim.tasks import TASKS

SIZE = (48, 64)


@pytest.mark.parametrize("task", TASKS)
def test_a_goal_image_is_the_last_frame_of_the_experts_episode(task):
    np.testing.assert_array_equal(goal_image(task, 5, SIZE), demonstrate(task, 5, SIZE).images[-1])


@pytest.mark.parametrize("task", [name for name in TASKS if TASKS[name].other])
def test_goal_images_of_one_ambiguous_scene_differ_where_the_tasks_do(task):
    """Both show the table of the same first frame; what the two tasks move lies elsewhere."""
    goal, other = (goal_image(name, 3, SIZE).astype(int) for name in (task, TASKS[task].other))
    first = Scene(task, 3, SIZE).reset()["image"].astype(int)
    bare = np.s_[:, -8:]  # at the right edge nothing ever happens
    assert np.abs(goal[bare] - first[bare]).mean() < 5 and np.abs(other[bare] - first[bare]).mean() < 5
    assert (np.abs(goal - other).max(axis=2) > 40).mean() > 0.02


def test_a_goal_image_of_an_unknown_task_is_refused():
    with pytest.raises(ConfigError, match="simulated task"):
        goal_image("open_drawer", 0, SIZE)
