"""A scene that counts: done after as many steps as its seed says, if it is told to go on."""

import numpy as np


class Counting:
    """Adds the first entry of each action; done at `seed`, the other thing at minus that."""

    def __init__(self, seed: int, camera: bool = True):
        self.seed, self.instruction, self.camera, self.resets = seed, f"count to {seed}", camera, 0

    def reset(self):
        self.resets += 1
        self.count = 0
        return self._observation()

    def step(self, action):
        self.count += int(action[0])
        return self._observation()

    def _observation(self):
        image = np.full((4, 6, 3), abs(self.count) % 256, np.uint8)
        return {"state": np.full(7, self.count, np.float64), **({"image": image} if self.camera else {})}

    def success(self):
        return self.count == self.seed

    def other_success(self):
        return self.count == -self.seed

    def distance(self):
        return abs(self.seed - self.count) / 100

    def goal_image(self):
        return np.full((4, 6, 3), self.seed % 256, np.uint8)


class Steady:
    """An actor that says the same in every scene, and keeps what it saw."""

    def __init__(self, change: int = 1):
        self.change, self.seen, self.begun = change, [], []

    def begin(self, environments):
        self.begun.append([environment.seed for environment in environments])

    def act(self, observations):
        self.seen.append(list(observations))
        action = np.append([float(self.change)], np.zeros(6))
        return [None if seen is None else action for seen in observations]
