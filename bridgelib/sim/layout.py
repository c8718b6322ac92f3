"""Where the things lie when an episode begins."""

from dataclasses import dataclass

import numpy as np

from bridgelib.sim.arm import natural_orientation
from bridgelib.sim.tasks import DISTRACTORS, Shape, Task

# Metres in base_link: where items and targets may lie, and where distractors may.
_REACH = ((0.210, 0.390), (-0.13, 0.13))
_TABLE_TOP = ((0.18, 0.44), (-0.20, 0.20))
_GRIPPER_START = ((0.25, -0.08, 0.14), (0.34, 0.08, 0.19))

_SEPARATION = {"place": (0.13, 0.22), "push": (0.11, 0.17)}
# A pushing gripper comes down this far behind the item's axis and must find room there.
PUSH_RUN_UP = 0.055


@dataclass
class Body:
    """A shape somewhere on the table (or in the gripper).

    Args:
        shape: What it is.
        position: Middle of its footprint, metres in base_link, float64 [3].
        yaw: Radians about the vertical.
    """

    shape: Shape
    position: np.ndarray
    yaw: float

    @property
    def top(self) -> float:
        """Height of its upper side above the table, metres."""
        return float(self.position[2]) + self.shape.height


@dataclass
class Layout:
    """Everything that an episode begins with; `state` is Bridge's full_state, float64 [7]."""

    item: Body
    target: Body
    distractors: list[Body]
    state: np.ndarray


def random_layout(task: Task, rng: np.random.Generator) -> Layout:
    """Draw an arrangement in which the task can be done and nothing lies in its way."""
    while True:
        item, target = _within(_REACH, rng), _within(_REACH, rng)
        if _separated(task.manner, item, target):
            break
    cloth_turn = rng.uniform(-0.35, 0.35)
    # A cube stands square to the arm, which therefore grips its sides and not its edges.
    return Layout(
        item=Body(task.item, np.append(item, 0.0), float(np.arctan2(item[1], item[0]))),
        target=Body(task.target, np.append(target, 0.0), float(cloth_turn)),
        distractors=_random_distractors(task, item, target, rng),
        state=_random_state(rng),
    )


def _within(region: tuple, rng: np.random.Generator) -> np.ndarray:
    (low_x, high_x), (low_y, high_y) = region
    return np.array([rng.uniform(low_x, high_x), rng.uniform(low_y, high_y)])


def _separated(manner: str, item: np.ndarray, target: np.ndarray) -> bool:
    """Whether the way from item to target is neither too short nor too long, and can be begun within reach."""
    nearest, farthest = _SEPARATION[manner]
    distance = float(np.linalg.norm(target - item))
    if not nearest <= distance <= farthest:
        return False
    if manner == "place":
        return True
    (low_x, high_x), (low_y, high_y) = _REACH
    x, y = item - (target - item) / distance * PUSH_RUN_UP
    return bool(low_x - 0.01 <= x <= high_x + 0.01 and low_y - 0.02 <= y <= high_y + 0.02)


def _random_distractors(task: Task, item: np.ndarray, target: np.ndarray, rng: np.random.Generator) -> list[Body]:
    """One to three different shapes, clear of item, target, the way between them and of one another."""
    start = item - (target - item) / np.linalg.norm(target - item) * PUSH_RUN_UP
    count = int(rng.integers(1, 4))
    placed: list[Body] = []
    for number in rng.permutation(len(DISTRACTORS))[:count]:
        shape = DISTRACTORS[number]
        while True:
            spot = _within(_TABLE_TOP, rng)
            clear_of_task = _distance_to_segment(spot, start, target) > 0.075 and np.hypot(*(spot - target)) > 0.105
            if clear_of_task and all(np.hypot(*(spot - other.position[:2])) > 0.06 for other in placed):
                break
        placed.append(Body(shape, np.append(spot, 0.0), float(rng.uniform(0, np.pi))))
    return placed


def _distance_to_segment(point: np.ndarray, start: np.ndarray, end: np.ndarray) -> float:
    along = end - start
    share = np.clip((point - start) @ along / (along @ along), 0, 1)
    return float(np.linalg.norm(point - start - share * along))


def _random_state(rng: np.random.Generator) -> np.ndarray:
    position = rng.uniform(*_GRIPPER_START)
    return np.concatenate([position, natural_orientation(position), [1.0]])
