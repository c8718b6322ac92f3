"""A policy that acts: camera image in, action in metres, radians and gripper units out."""

from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

import jax
import numpy as np
from PIL import Image

from bridgelib.data.normalisation import Normaliser
from bridgelib.errors import DataError
from bridgelib.policy.spec import PolicySpec

_ASKED_BY = {"none": "nothing", "image": "goal=<image>", "language": "instruction=<text>"}


class Policy:
    """Acts one step at a time; remembers past frames and planned actions where its algorithm uses them.

    Args:
        spec: What it expects.
        agent: The trained agent.
        embed: Instruction -> float32 [E]; for policies that follow instructions.
        execute: How many actions of each predicted chunk to carry out before predicting anew.

    Raises:
        DataError: `execute` is less than one action.
    """

    def __init__(
        self, spec: PolicySpec, agent: Any, embed: Callable[[str], np.ndarray] | None = None, execute: int = 1
    ):
        self.spec, self._agent, self._embed = spec, agent, embed
        self._normaliser = Normaliser(spec.statistics, spec.normalisation)
        if execute < 1:
            raise DataError("policy, execute", given=execute, allowed="1 or more", do="carry out at least one action")
        self._execute = min(execute, spec.chunk or 1)
        self.reset()

    def reset(self) -> None:
        """Forget past frames and planned actions; to be called where an episode begins."""
        self._past: deque[tuple[np.ndarray, np.ndarray]] = deque(maxlen=self.spec.history or 1)
        self._planned: deque[np.ndarray] = deque()

    def act(
        self,
        image: np.ndarray,
        proprio: np.ndarray | None = None,
        *,
        goal: np.ndarray | None = None,
        instruction: str | None = None,
    ) -> np.ndarray:
        """The next action.

        Args:
            image: uint8 [H, W, 3], RGB, in the size of training; `prepare` makes it from a camera's.
            proprio: float [P]; the robot's state in metres, radians and gripper units. Needed if the policy uses it.
            goal: uint8 [H, W, 3]; the image of what is wanted. For goal-conditioned policies, and only these.
            instruction: What is wanted, in words. For language-conditioned policies, and only these.

        Returns:
            float32 [A]: change of position (m) and of roll, pitch, yaw (rad) within one step, and the gripper's
            opening, 1 for open.

        Raises:
            DataError: An image of another size or type, a missing proprio, a goal of the wrong kind.
        """
        goals = self._goals(goal, instruction)
        self._past.append((self._checked("image", image), self._checked_proprio(proprio)))
        if not self._planned:
            self._planned.extend(self.predict(*self._observed(), goals)[: self._execute])
        return self._planned.popleft()

    def prepare(self, image: np.ndarray) -> np.ndarray:
        """A camera's image as training saw it: squashed to its size whatever the aspect, by Pillow's LANCZOS.

        Args:
            image: uint8 [h, w, 3], RGB, any size.

        Returns:
            uint8 [H, W, 3].

        Raises:
            DataError: It is no such image.
        """
        height, width, _ = self.spec.image_shape
        image = np.asarray(image)
        if image.dtype != np.uint8 or image.ndim != 3 or image.shape[-1] != 3:
            raise DataError(
                "policy, camera image",
                given=f"{image.dtype}{list(image.shape)}",
                allowed="uint8[height, width, 3], RGB from 0 to 255",
                do="give the camera's own bytes, channels last; of shares from 0 to 1: (255 * image).astype(uint8)",
            )
        return np.asarray(Image.fromarray(image).resize((width, height), Image.Resampling.LANCZOS))

    def predict(self, images: np.ndarray, proprio: np.ndarray, goals: Mapping[str, np.ndarray]) -> np.ndarray:
        """All actions that follow an observation; keeps no memory.

        Args:
            images: uint8 [(history,) H, W, 3].
            proprio: float [(history,) P], in the robot's units.
            goals: `image` uint8 [H, W, 3] or `language` float32 [E], or neither.

        Returns:
            float32 [Ta, A], in the robot's units; Ta is 1 for a policy without chunks.
        """
        observations = {"image": images[None], "proprio": self._normaliser.proprio.forward(proprio)[None]}
        if "image" in goals:  # the loader always delivers the goal's proprio; no network reads it
            goals = {**goals, "proprio": np.zeros(self.spec.proprio_size, np.float32)}
        batched = {key: value[None] for key, value in goals.items()}
        actions = np.asarray(jax.device_get(self._agent.sample_actions(observations, batched or None)))
        return self._normaliser.action.inverse(actions.reshape(-1, self.spec.action_size))

    def _observed(self) -> tuple[np.ndarray, np.ndarray]:
        """Images and proprio to predict from; before the start the first frame repeats."""
        if self.spec.history is None:
            return self._past[-1]
        past = [self._past[0]] * (self.spec.history - len(self._past)) + list(self._past)
        images, proprio = zip(*past, strict=True)
        return np.stack(images), np.stack(proprio)

    def _checked(self, name: str, image: np.ndarray) -> np.ndarray:
        image = np.asarray(image)
        if image.shape != self.spec.image_shape or image.dtype != np.uint8:
            raise DataError(
                f"policy, {name}",
                given=f"{image.dtype}{list(image.shape)}",
                allowed=f"uint8{list(self.spec.image_shape)}, as in training",
                do="squash it as training did: policy.prepare(image)",
            )
        return image

    def _checked_proprio(self, proprio: np.ndarray | None) -> np.ndarray:
        size = self.spec.proprio_size
        if proprio is None and not self.spec.config["agent_kwargs"].get("use_proprio"):
            return np.zeros(size, np.float32)
        try:
            state = np.asarray(proprio, np.float32)
        except (TypeError, ValueError):
            state = np.full(size, np.nan, np.float32)
        if state.shape != (size,) or not np.isfinite(state).all():  # NaN would go through the network to the arm
            shape = list(np.shape(proprio))
            raise DataError(
                "policy, proprio",
                given="none" if proprio is None else f"shape {shape}" if shape != [size] else proprio,
                allowed=f"{size} finite numbers, the robot's state in metres, radians and gripper units",
                do="give the state of the same moment as the image",
            )
        return state

    def _goals(self, goal: np.ndarray | None, instruction: str | None) -> dict[str, np.ndarray]:
        kinds = {"image": goal, "language": instruction}
        given = [kind for kind, value in kinds.items() if value is not None] or ["none"]
        if given != [self.spec.goal]:
            raise DataError(
                f"policy ({self.spec.algorithm}), goal",
                given=" and ".join(_ASKED_BY[kind] for kind in given),
                allowed=_ASKED_BY[self.spec.goal],
                do="tell the policy what to do in the way it was trained for",
            )
        if goal is not None:
            return {"image": self._checked("goal", goal)}
        return {} if instruction is None else {"language": self._embedded(instruction)}

    def _embedded(self, instruction: str) -> np.ndarray:
        if self._embed is None:
            raise DataError(
                "policy, instruction",
                given="no encoder for it",
                do="load the policy with the encoder of its training: load(path, embed=...)",
            )
        embedding = np.asarray(self._embed(instruction), np.float32)
        if embedding.shape != (self.spec.language_size,):
            raise DataError(
                "policy, embedding of the instruction",
                given=f"shape {list(embedding.shape)}",
                allowed=f"[{self.spec.language_size}], as in training",
                do="use the encoder of its training",
            )
        return embedding
