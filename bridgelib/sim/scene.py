"""The simulated table as an environment: reset, step, success. Everything follows from the task and the seed."""

import zlib

import numpy as np

from bridgelib.errors import ConfigError, did_you_mean
from bridgelib.sim.arm import OPENING, reached_opening, reached_pose
from bridgelib.sim.look import Look
from bridgelib.sim.placement import Body, random_layout
from bridgelib.sim.renderer import Renderer
from bridgelib.sim.tasks import TASKS

VERSION = 1  # of the simulated world: what a scene holds, how it moves, how it looks, how the expert acts in it

# Closed fingers push like an upright rod of this radius, metres.
FINGER_RADIUS = 0.014
# How far, in metres, the gripper may be off an object's axis and still get hold of it.
_GRASP_TOLERANCE = 0.020
# Metres per step.
_SLOW = 0.004


class Scene:
    """One episode of a task, in BridgeData's units and meaning; there is no physics engine behind it.

    The gripper takes hold of what stands between its closing fingers, lets go of it when it opens, and pushes what it
    touches while it is closed. A step lasts 0.2 s.

    Args:
        task: A key of TASKS.
        seed: Draws the arrangement, the look, and the inaccuracies of arm and camera. `reset` begins the very same
            episode again.
        image_size: Height and width of the camera's images in pixels.

    Raises:
        ConfigError: There is no such task.
    """

    def __init__(self, task: str, seed: int, image_size: tuple[int, int] = (480, 640)):
        if task not in TASKS:
            raise ConfigError("simulated task", given=task, allowed=TASKS, do=did_you_mean(task, tuple(TASKS)))
        self.task, self.seed, self.image_size = TASKS[task], seed, (*image_size,)
        self._begin()

    def _begin(self) -> None:
        # Four streams, so that the size of an image or the number of steps changes nothing else.
        names = self.task.scene
        entropy = np.random.SeedSequence([zlib.crc32("+".join(names).encode()), self.seed])
        layout, look, motion, sensor = map(np.random.default_rng, entropy.spawn(4))
        arrangement = random_layout([TASKS[name] for name in names], layout)
        self.pairs = dict(zip(names, arrangement.pairs, strict=True))
        self.distractors, self.state = arrangement.distractors, arrangement.state
        self._held: Body | None = None
        self.steps = 0
        self._grip = np.zeros(4)
        self._drift = np.zeros(6)
        self._motion, self._look, self._sensor = motion, look, sensor
        self._renderer: Renderer | None = None

    @property
    def item(self) -> Body:
        """The object that the task moves."""
        return self.pairs[self.task.name].item

    @property
    def target(self) -> Body:
        """The target that the task moves it to."""
        return self.pairs[self.task.name].target

    @property
    def items(self) -> list[Body]:
        """The objects that can be moved to a target: the task's, and the other task's where the scene has one."""
        return [pair.item for pair in self.pairs.values()]

    @property
    def holding(self) -> bool:
        """Whether the gripper holds an item."""
        return self._held is not None

    def reset(self) -> dict[str, np.ndarray]:
        """Begin the episode, from the start however often it is called.

        Returns:
            The first observation: `image` uint8 [H, W, 3] and `state` float64 [7] (x, y, z in metres, roll, pitch,
            yaw in radians, gripper: 1 open, 0 closed), both in base_link.
        """
        self._begin()
        return self.observation()

    def step(self, action: np.ndarray) -> dict[str, np.ndarray]:
        """Let the arm follow one action, and look.

        Args:
            action: Changes of x, y, z, roll, pitch, yaw and the gripper's absolute target (1 open, 0 closed),
                float [7]. What lies outside the arm's limits is cut to them.

        Returns:
            The next observation, as `reset` gives it.

        Raises:
            ValueError: The action has another shape, or a number that is not finite.
        """
        self.move(action)
        return self.observation()

    def move(self, action: np.ndarray) -> None:
        """As `step`, without looking; a blind episode is a hundred times faster."""
        action = np.asarray(action, dtype=float)
        if action.shape != (7,) or not np.isfinite(action).all():
            raise ValueError(f"an action is 7 finite numbers, not {action!r}")
        pose, opening = self.state[:6], float(self.state[6])
        reached = reached_pose(pose, action[:6], self._drift, self._motion)
        self._drift = reached - pose
        graspable = self._held or self._between_fingers(reached, opening)
        width = _width(graspable) if graspable else 0.0
        opened = reached_opening(opening, float(action[6]), width)
        self.state = np.append(reached, opened)
        self.steps += 1
        self._carry(graspable if opened <= width + 0.02 else None)
        self._push()

    def observation(self) -> dict[str, np.ndarray]:
        """What camera and joint sensors say now; see `reset`."""
        if self._renderer is None:
            targets = [pair.target for pair in self.pairs.values()]
            self._renderer = Renderer(self.image_size, Look.random(self._look), targets, self._sensor)
        image = self._renderer.picture(self.state, [*self.items, *self.distractors], self.steps)
        return {"image": image, "state": self.state.copy()}

    def success(self) -> bool:
        """Whether the task is done: the item is where it belongs, and the gripper does not hold it."""
        return self._is_done(self.task.name)

    def other_success(self) -> bool:
        """Whether the other task of the scene is done; False where the scene has only one."""
        return self.task.other is not None and self._is_done(self.task.other)

    def distance(self) -> float:
        """Metres between the axes of the task's item and target, over ground."""
        return self.pairs[self.task.name].distance

    def _is_done(self, name: str) -> bool:
        pair = self.pairs[name]
        return pair.item is not self._held and pair.distance <= TASKS[name].tolerance

    def _between_fingers(self, pose: np.ndarray, opening: float) -> Body | None:
        """The item that the fingers are around, so that closing them takes hold of it."""
        for item in self.items:
            off_axis = np.hypot(*(pose[:2] - item.position[:2]))
            within = off_axis <= _GRASP_TOLERANCE and item.position[2] <= pose[2] <= item.top
            if within and opening > _width(item):
                return item
        return None

    def _carry(self, gripped: Body | None) -> None:
        """Take hold of an item, move it along with the gripper, or let it drop onto what is below."""
        pose = self.state[[0, 1, 2, 5]]
        if gripped and not self.holding:
            # Closing fingers centre the item between them.
            self._grip = np.append([0.0, 0.0], (np.append(gripped.position, gripped.yaw) - pose)[2:])
        self._held = gripped
        if gripped:
            carried = pose + self._grip
            gripped.position, gripped.yaw = carried[:3], float(carried[3])
        for item in self.items:
            support = self._surface_below(item)
            item.position[2] = max(item.position[2], support) if item is gripped else support

    def _surface_below(self, item: Body) -> float:
        """Height of the table, or of the target that lies on it."""
        below = [
            pair.target.shape.height
            for pair in self.pairs.values()
            if np.hypot(*(item.position[:2] - pair.target.position[:2])) <= pair.target.shape.radius
        ]
        return max(below, default=0.0)

    def _push(self) -> None:
        """Shift everything that closed fingers have run into, until it just touches them."""
        if self.holding:
            return
        tip, opening = self.state[:3], self.state[6]
        for body in (*self.items, *self.distractors):
            if tip[2] > body.top or opening * OPENING > 2 * body.shape.radius:
                continue
            away, reach = body.position[:2] - tip[:2], FINGER_RADIUS + body.shape.radius
            if away @ away < reach**2:
                heading = _pushed_direction(away, self._drift[:2])
                along = away @ heading
                body.position[:2] += heading * (np.sqrt(along**2 + reach**2 - away @ away) - along)


def _width(item: Body) -> float:
    """The gripper's opening when it has closed on an item."""
    return 2 * item.shape.radius / OPENING


def _pushed_direction(away: np.ndarray, motion: np.ndarray) -> np.ndarray:
    """Which way a body goes that fingers run into: between straight away from them and along with them.

    The fingers are flat and not quite slippery, so that a push is steadier than that of a rod.

    Args:
        away: From the fingers to the body's axis, float64 [2].
        motion: The motion of the fingers during the step, float64 [2].

    Returns:
        Unit vector, float64 [2].
    """
    heading = away / max(float(np.hypot(*away)), 1e-9)
    if away @ motion > 0:
        # Trembling has no direction: below this speed motion counts less and less.
        heading = heading + motion / max(float(np.hypot(*motion)), _SLOW)
    return heading / max(float(np.hypot(*heading)), 1e-9)
