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

OPEN = 0.5
"""A gripper action above this opens."""

_ASKED_BY = {"none": "nothing", "image": "goal=<image>", "language": "instruction=<text>"}


class Memory:
    """What a policy remembers of one episode: the last frames, and the actions it has planned.

    Args:
        spec: Of the policy.
    """

    def __init__(self, spec: PolicySpec):
        self._history = spec.history
        self._past: deque[tuple[np.ndarray, np.ndarray]] = deque(maxlen=spec.history or 1)
        self.planned: deque[np.ndarray] = deque()

    def see(self, image: np.ndarray, proprio: np.ndarray) -> None:
        """Take in the present frame, uint8 [H, W, 3], and the robot's state, float32 [P]."""
        self._past.append((image, proprio))

    def observed(self) -> tuple[np.ndarray, np.ndarray]:
        """Images and proprio to predict from, [(history,) ...]; before the start the first frame repeats."""
        if self._history is None:
            return self._past[-1]
        past = [self._past[0]] * (self._history - len(self._past)) + list(self._past)
        images, proprio = zip(*past, strict=True)
        return np.stack(images), np.stack(proprio)


class Policy:
    """Acts one step at a time; remembers past frames and planned actions where its algorithm uses them.

    Args:
        spec: What it expects.
        agent: The trained agent.
        embed: Instruction -> float32 [E]; for policies that follow instructions.
        execute: How many actions of each predicted chunk to carry out before predicting anew; None: as it was trained.

    Attributes:
        agent: That agent.
        execute: That number.

    Raises:
        DataError: `execute` is less than one action.
    """

    def __init__(
        self, spec: PolicySpec, agent: Any, embed: Callable[[str], np.ndarray] | None = None, execute: int | None = None
    ):
        self.spec, self.agent, self._embed = spec, agent, embed
        self._normaliser = Normaliser(spec.statistics, spec.normalisation)
        execute = spec.execute if execute is None else execute
        if execute < 1:
            raise DataError("policy, execute", given=execute, allowed="1 or more", do="carry out at least one action")
        self.execute = min(execute, spec.chunk or 1)
        self.reset()

    def reset(self) -> None:
        """Forget past frames and planned actions; to be called where an episode begins."""
        self._memory = Memory(self.spec)

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
        goals = self.goals(goal, instruction)
        self._memory.see(self._checked("image", image), self._checked_proprio(proprio))
        if not self._memory.planned:
            images, proprio = self._memory.observed()
            alone = {key: value[None] for key, value in goals.items()}
            self._memory.planned.extend(self.plan(images[None], proprio[None], alone)[0])
        return self._memory.planned.popleft()

    def plan(self, images: np.ndarray, proprio: np.ndarray, goals: Mapping[str, np.ndarray]) -> np.ndarray:
        """What is to be carried out before looking again, for B observations; takes what `predict_batch` takes.

        Returns:
            float32 [B, execute, A]. The gripper half open between its two ends would meet the policy with a state that
            no demonstration has; a policy with a binary gripper opens it or closes it.
        """
        actions = self.predict_batch(images, proprio, goals)[:, : self.execute]
        if self.spec.gripper == "binary":
            actions[..., -1] = actions[..., -1] > OPEN
        return actions

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
        alone = {key: value[None] for key, value in goals.items()}
        return self.predict_batch(images[None], np.asarray(proprio)[None], alone)[0]

    def predict_batch(self, images: np.ndarray, proprio: np.ndarray, goals: Mapping[str, np.ndarray]) -> np.ndarray:
        """As `predict`, for B observations at once: every array has one more axis in front, [B, ...]."""
        actions = np.asarray(jax.device_get(self.agent.sample_actions(*self.inputs(images, proprio, goals))))
        return self._normaliser.action.inverse(actions.reshape(len(images), -1, self.spec.action_size))

    def inputs(
        self, images: np.ndarray, proprio: np.ndarray, goals: Mapping[str, np.ndarray]
    ) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray] | None]:
        """Observations and goals as its agent takes them; takes what `predict_batch` takes."""
        observations = {"image": images, "proprio": self._normaliser.proprio.forward(proprio)}
        if "image" in goals:  # the loader always delivers the goal's proprio; no network reads it
            goals = {**goals, "proprio": np.zeros((len(images), self.spec.proprio_size), np.float32)}
        return observations, dict(goals) or None

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

    def goals(self, goal: np.ndarray | None = None, instruction: str | None = None) -> dict[str, np.ndarray]:
        """What the policy is told to do, as `predict` takes it: `image`, `language` (embedded), or nothing.

        Raises:
            DataError: It was trained to be told otherwise.
        """
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
