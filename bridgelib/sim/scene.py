"""The simulated table as an environment: reset, step, success. Everything follows from the task and the seed."""

import zlib

import numpy as np

from bridgelib.errors import ConfigError, did_you_mean
from bridgelib.sim.arm import OPENING, reached_opening, reached_pose
from bridgelib.sim.layout import random_layout
from bridgelib.sim.look import Look
from bridgelib.sim.renderer import Renderer
from bridgelib.sim.tasks import TASKS

# Demonstrations have seeds from here on, scenes to evaluate policies in have lower ones: they are never the same.
FIRST_DEMONSTRATION_SEED = 2**48

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
        self.task, self.seed, self.image_size = TASKS[task], seed, tuple(image_size)
        self._begin()

    def _begin(self) -> None:
        # Four streams, so that the size of an image or the number of steps changes nothing else.
        entropy = np.random.SeedSequence([zlib.crc32(self.task.name.encode()), self.seed])
        layout, look, motion, sensor = map(np.random.default_rng, entropy.spawn(4))
        arrangement = random_layout(self.task, layout)
        self.item, self.target = arrangement.item, arrangement.target
        self.distractors, self.state = arrangement.distractors, arrangement.state
        self.holding = False
        self.steps = 0
        self._grip = np.zeros(4)
        self._drift = np.zeros(6)
        self._motion, self._look, self._sensor = motion, look, sensor
        self._renderer: Renderer | None = None

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
        width = 2 * self.item.shape.radius / OPENING
        graspable = self.holding or (opening > width and self._between_fingers(reached))
        opened = reached_opening(opening, float(action[6]), width if graspable else 0.0)
        self.state = np.append(reached, opened)
        self.steps += 1
        self._carry(graspable and opened <= width + 0.02)
        self._push()

    def observation(self) -> dict[str, np.ndarray]:
        """What camera and joint sensors say now; see `reset`."""
        if self._renderer is None:
            self._renderer = Renderer(self.image_size, Look.random(self._look), self.target, self._sensor)
        image = self._renderer.picture(self.state, [self.item, *self.distractors], self.steps)
        return {"image": image, "state": self.state.copy()}

    def success(self) -> bool:
        """Whether the task is done: the item is where it belongs, and the gripper does not hold it."""
        return not self.holding and self.distance() <= self.task.tolerance

    def distance(self) -> float:
        """Metres over ground between the axes of item and target."""
        return float(np.hypot(*(self.item.position[:2] - self.target.position[:2])))

    def _between_fingers(self, pose: np.ndarray) -> bool:
        """Whether the fingers are around the item, so that closing them takes hold of it."""
        off_axis = np.hypot(*(pose[:2] - self.item.position[:2]))
        return bool(off_axis <= _GRASP_TOLERANCE and self.item.position[2] <= pose[2] <= self.item.top)

    def _carry(self, gripped: bool) -> None:
        """Take hold of the item, move it along with the gripper, or let it drop onto what is below."""
        pose = self.state[[0, 1, 2, 5]]
        place = np.append(self.item.position, self.item.yaw)
        if gripped and not self.holding:
            # Closing fingers centre the item between them.
            self._grip = np.append([0.0, 0.0], (place - pose)[2:])
        self.holding = gripped
        if gripped:
            carried = pose + self._grip
            self.item.position, self.item.yaw = carried[:3], float(carried[3])
        support = self._surface_below_item()
        self.item.position[2] = max(self.item.position[2], support) if gripped else support

    def _surface_below_item(self) -> float:
        """Height of the table, or of the target that lies on it."""
        off = np.hypot(*(self.item.position[:2] - self.target.position[:2]))
        return self.target.shape.height if off <= self.target.shape.radius else 0.0

    def _push(self) -> None:
        """Shift everything that closed fingers have run into, until it just touches them."""
        if self.holding:
            return
        tip, opening = self.state[:3], self.state[6]
        for body in (self.item, *self.distractors):
            if tip[2] > body.top or opening * OPENING > 2 * body.shape.radius:
                continue
            away, reach = body.position[:2] - tip[:2], FINGER_RADIUS + body.shape.radius
            if away @ away < reach**2:
                heading = _pushed_direction(away, self._drift[:2])
                along = away @ heading
                body.position[:2] += heading * (np.sqrt(along**2 + reach**2 - away @ away) - along)


def _pushed_direction(away: np.ndarray, motion: np.ndarray) -> np.ndarray:
    """Which way a body goes that fingers run into: between straight away from them and along with them.

    The fingers are flat and not quite slippery, so that a push is steadier than that of a rod.

    Args:
        away: From the fingers to the body's axis, float64 [2].
        motion: Of the fingers during the step, float64 [2].

    Returns:
        Unit vector, float64 [2].
    """
    heading = away / max(float(np.hypot(*away)), 1e-9)
    if away @ motion > 0:
        # Trembling has no direction: below this speed motion counts less and less.
        heading = heading + motion / max(float(np.hypot(*motion)), _SLOW)
    return heading / max(float(np.hypot(*heading)), 1e-9)
