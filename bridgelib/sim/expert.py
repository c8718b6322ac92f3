"""The scripted expert: it knows where everything is, and always does the same thing in the same situation."""

from collections.abc import Callable, Iterator

import numpy as np

from bridgelib.sim.arm import natural_orientation
from bridgelib.sim.scene import FINGER_RADIUS, Scene
from bridgelib.sim.ways import PUSH_RUN_UP

# Metres: heights of the middle between the fingertips, and the way made in one step.
_ABOVE, _GRASP, _PUSH = 0.095, 0.020, 0.024
# Height per distance over ground on the way down.
_SLOPE = 4.0
_FASTEST, _SLOWEST = {"place": 0.022, "push": 0.019}, 0.006

# The gripper's opening below which nothing is in it; metres an item may be off the way of a push; a height to turn at.
_EMPTY, _SLIPPED, _CLEAR = 0.3, 0.018, 0.065

# Metres left at which a push ends, well within the task's tolerance: an expert that lets 2.5 cm pass where the item has
# slipped aside has taught policies to stop short of it.
_ARRIVED = 0.010

OPEN, CLOSED = 1.0, 0.0


def actions(scene: Scene) -> Iterator[np.ndarray]:
    """The expert's actions, to be executed by the caller one after the other until they end.

    Args:
        scene: The episode; it is looked into before each action, never changed.

    Yields:
        Changes of x, y, z, roll, pitch, yaw and the gripper's absolute target, float64 [7].
    """
    trigger = OPEN
    stages = {"place": _place, "push": _push}[scene.task.manner](scene)
    for goal, gripper, finished in stages:
        while not finished():
            # A human squeezes the trigger in more than one step: one value in between, as in the real data.
            trigger += float(np.clip(gripper - trigger, -0.6, 0.6))
            yield _towards(scene.state, goal(), trigger, _FASTEST[scene.task.manner])


Stage = tuple[Callable[[], np.ndarray], float, Callable[[], bool]]


def _place(scene: Scene) -> Iterator[Stage]:
    """Pick the item up, carry it over the target, set it down, back off; try again where it was missed or lost."""

    def item() -> np.ndarray:
        return np.append(scene.item.position[:2], _GRASP)

    def target() -> np.ndarray:
        return np.append(scene.target.position[:2], _GRASP + scene.target.shape.height + 0.004)

    above_target = _near(scene, target, across=0.008, upward=0.005)
    while not scene.holding:
        yield _gliding(scene, item), OPEN, _near(scene, item, across=0.006, upward=0.005)
        yield item, CLOSED, lambda: scene.holding or scene.state[6] < _EMPTY
        if scene.holding:
            yield _gliding(scene, target), CLOSED, lambda: above_target() or not scene.holding
        if not scene.holding:
            yield _straight_up(scene, _ABOVE), OPEN, lambda: scene.state[6] > 0.9
    yield target, OPEN, lambda: scene.state[6] > 0.9
    yield _straight_up(scene, _ABOVE + 0.02), OPEN, lambda: scene.state[2] > 0.085


def _push(scene: Scene) -> Iterator[Stage]:
    """Go behind the item, as seen from the target, and shove it there; again where it has slipped aside."""

    def behind(distance: float) -> np.ndarray:
        away = scene.item.position[:2] - scene.target.position[:2]
        return np.append(scene.item.position[:2] + away / np.linalg.norm(away) * distance, _PUSH)

    def start() -> np.ndarray:
        return behind(PUSH_RUN_UP)

    def through() -> np.ndarray:
        # Aimed at the far side of the item, so that the fingers stay behind its middle and never stop short.
        contact, item, goal = behind(FINGER_RADIUS + scene.item.shape.radius), scene.item, scene.target
        ahead = goal.position[:2] - item.position[:2]
        return contact + np.append(ahead / np.linalg.norm(ahead) * min(0.02, np.linalg.norm(ahead) + 0.004), 0.0)

    def arrived() -> bool:
        return scene.distance() < _ARRIVED

    def slipped() -> bool:
        """Whether the item is no longer between fingers and target: to push on would drive it away."""
        ahead = scene.target.position[:2] - scene.item.position[:2]
        heading, reach = ahead / max(float(np.linalg.norm(ahead)), 1e-9), scene.item.position[:2] - scene.state[:2]
        return reach @ heading < 0 or abs(reach[0] * heading[1] - reach[1] * heading[0]) > _SLIPPED

    while not arrived():
        yield _gliding(scene, start), CLOSED, _near(scene, start, across=0.006, upward=0.006)
        yield through, CLOSED, lambda: arrived() or slipped()
        if not arrived():
            yield _straight_up(scene, _ABOVE), CLOSED, lambda: scene.state[2] > _CLEAR
    yield _straight_up(scene, _ABOVE + 0.02), CLOSED, lambda: scene.state[2] > 0.085


def _near(scene: Scene, goal: Callable[[], np.ndarray], across: float, upward: float) -> Callable[[], bool]:
    """Whether the gripper is within the given distances (metres) of a goal, over ground and in height."""

    def reached() -> bool:
        off = scene.state[:3] - goal()
        return np.hypot(off[0], off[1]) < across and abs(off[2]) < upward

    return reached


def _gliding(scene: Scene, goal: Callable[[], np.ndarray]) -> Callable[[], np.ndarray]:
    """The way to a goal through the air: high while far from it, lower and lower when near."""

    def waypoint() -> np.ndarray:
        x, y, low = goal()
        away = np.hypot(x - scene.state[0], y - scene.state[1])
        return np.array([x, y, np.clip(low + _SLOPE * (away - 0.006), low, _ABOVE)])

    return waypoint


def _straight_up(scene: Scene, height: float) -> Callable[[], np.ndarray]:
    """The point above where the gripper is now."""
    return lambda: np.append(scene.state[:2], height)


def _towards(state: np.ndarray, goal: np.ndarray, gripper: float, fastest: float) -> np.ndarray:
    """The action that leads towards a point: fast from afar, slower when near, the gripper held naturally."""
    way = goal - state[:3]
    distance = float(np.linalg.norm(way))
    pace = min(max(0.6 * distance, _SLOWEST), fastest, distance)
    change = way * (pace / distance) if distance > 0 else way
    turn = natural_orientation(state[:3] + change) - state[3:6]
    return np.concatenate([change, turn, [gripper]])
