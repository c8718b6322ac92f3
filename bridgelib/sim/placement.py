"""Where the things lie when an episode begins."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bridgelib.sim.arm import natural_orientation
from bridgelib.sim.tasks import DISTRACTORS, Shape, Task
from bridgelib.sim.ways import clearance, random_ways

# Metres in base_link: where distractors may stand, and where the gripper begins.
_TABLE_TOP = ((0.18, 0.44), (-0.20, 0.20))
_GRIPPER_START = ((0.25, -0.08, 0.14), (0.34, 0.08, 0.19))

_SPOTS_TRIED = 1000  # before a distractor is left out


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
class Pair:
    """An item and the target where it belongs."""

    item: Body
    target: Body

    @property
    def distance(self) -> float:
        """Metres between their axes, over ground."""
        return float(np.hypot(*(self.item.position[:2] - self.target.position[:2])))


@dataclass
class Layout:
    """Everything that an episode begins with; `state` is Bridge's full_state, float64 [7]."""

    pairs: list[Pair]
    distractors: list[Body]
    state: np.ndarray


def random_layout(tasks: Sequence[Task], rng: np.random.Generator) -> Layout:
    """Draw an arrangement in which each of the tasks can be done and nothing lies in its way."""
    ways = random_ways([task.manner for task in tasks], rng)
    return Layout(
        pairs=[_pair(task, way, rng) for task, way in zip(tasks, ways, strict=True)],
        distractors=_random_distractors(ways, rng),
        state=_random_state(rng),
    )


def _pair(task: Task, way: np.ndarray, rng: np.random.Generator) -> Pair:
    item, target = way
    cloth_turn = rng.uniform(-0.35, 0.35)
    # A cube stands square to the arm, which therefore grips its sides and not its edges.
    return Pair(
        item=Body(task.item, np.append(item, 0.0), float(np.arctan2(item[1], item[0]))),
        target=Body(task.target, np.append(target, 0.0), float(cloth_turn)),
    )


def _random_distractors(ways: np.ndarray, rng: np.random.Generator) -> list[Body]:
    """Different shapes, clear of items, targets, the ways between them and of one another.

    Beside one way there are one to three; beside two at most one, and none where no room is found for it.
    """
    count = int(rng.integers(1, 4) if len(ways) == 1 else rng.integers(0, 2))
    placed: list[Body] = []
    for number in rng.permutation(len(DISTRACTORS))[:count]:
        spots = (_random_spot(rng) for _ in range(_SPOTS_TRIED))
        spot = next((spot for spot in spots if _is_free(spot, ways, placed)), None)
        if spot is not None:
            placed.append(Body(DISTRACTORS[number], np.append(spot, 0.0), float(rng.uniform(0, np.pi))))
    return placed


def _random_spot(rng: np.random.Generator) -> np.ndarray:
    low, high = np.transpose(_TABLE_TOP)
    return rng.uniform(low, high)


def _is_free(spot: np.ndarray, ways: np.ndarray, placed: list[Body]) -> bool:
    """Whether a distractor may stand there."""
    clear_of_tasks = (clearance(spot, ways) > 0.075) & (np.hypot(*(spot - ways[:, 1]).T) > 0.105)
    return bool(clear_of_tasks.all()) and all(np.hypot(*(spot - other.position[:2])) > 0.06 for other in placed)


def _random_state(rng: np.random.Generator) -> np.ndarray:
    position = rng.uniform(*_GRIPPER_START)
    return np.concatenate([position, natural_orientation(position), [1.0]])
