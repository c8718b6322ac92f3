"""A policy that acts: camera image in, action in metres, radians and gripper units out."""

import math
from collections.abc import Callable, Mapping
from numbers import Real
from typing import Any

import jax
import numpy as np
from PIL import Image

from bridgelib.data.normalization import Normalizer
from bridgelib.errors import DataError
from bridgelib.policy.memory import Memory
from bridgelib.policy.spec import PolicySpec

_ASKED_BY = {"none": "nothing", "image": "goal=<image>", "language": "instruction=<text>"}


class Policy:
    """Acts one step at a time; remembers past frames and planned actions where its algorithm uses them.

    Args:
        spec: What it expects.
        agent: The trained agent.
        embed: Instruction -> float32 [E]; for policies that follow instructions.
        execute: How many actions of each predicted chunk to carry out before predicting anew; None: as it was trained.
        ensemble: Instead, predict at each step and take the mean of all predictions of it: the m of `Ensemble`, 0.01 in
            its paper. For policies that predict chunks.

    Attributes:
        agent, ensemble: As given.
        execute: How many actions of each predicted chunk are carried out.

    Raises:
        DataError: `execute` is less than one action, or there is nothing to make an ensemble of.
    """

    def __init__(
        self,
        spec: PolicySpec,
        agent: Any,
        embed: Callable[[str], np.ndarray] | None = None,
        execute: int | None = None,
        ensemble: float | None = None,
    ):
        self.spec, self.agent, self._embed = spec, agent, embed
        self._normaliser = Normalizer(spec.statistics, spec.normalisation)
        if ensemble is not None:
            _require_ensemble(spec, execute, ensemble)
            execute = 1
        execute = spec.execute if execute is None else execute
        if isinstance(execute, bool) or not isinstance(execute, int | np.integer) or execute < 1:
            allowed, do = "a whole number, 1 or more", "carry out at least one action"
            raise DataError("policy, execute", given=repr(execute), allowed=allowed, do=do)
        self.execute, self.ensemble = min(execute, spec.chunk or 1), ensemble
        self.reset()

    def reset(self) -> None:
        """Forget past frames and predicted actions; to be called where an episode begins."""
        self._memory = self.begin()

    def begin(self) -> Memory:
        """The memory of a new episode, for callers that let the policy act in several at a time."""
        return Memory(self.spec, self.execute, self.ensemble)

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
        if self._memory.must_predict:
            self._memory.predicted(self.predict(*self._memory.observed(), goals))
        return self._memory.next_action()

    def prepare(self, image: np.ndarray) -> np.ndarray:
        """A camera's image as training saw it: resized to its size, whatever the aspect, by Pillow's LANCZOS.

        Args:
            image: uint8 [h, w, 3], RGB, any size.

        Returns:
            uint8 [H, W, 3].

        Raises:
            DataError: The image is of another shape or type.
        """
        height, width, _ = self.spec.image_shape
        image = _array(image)
        if image.dtype != np.uint8 or image.ndim != 3 or image.shape[-1] != 3 or image.size == 0:
            raise DataError(
                "policy, camera image",
                given=f"{image.dtype}{list(image.shape)}{', without a pixel' if image.size == 0 else ''}",
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

        Raises:
            DataError: The network's output is not finite.
        """
        alone = {key: value[None] for key, value in goals.items()}
        return self.predict_batch(images[None], np.asarray(proprio)[None], alone)[0]

    def predict_batch(self, images: np.ndarray, proprio: np.ndarray, goals: Mapping[str, np.ndarray]) -> np.ndarray:
        """As `predict`, for B observations at once: every array has one more axis in front, [B, ...]."""
        actions = np.asarray(jax.device_get(self.agent.sample_actions(*self.inputs(images, proprio, goals))))
        if not np.isfinite(actions).all():  # NaN would go to the arm, and through the means of an evaluation
            raise DataError(
                f"policy ({self.spec.algorithm} after {self.spec.step} updates), action",
                given="NaN or infinity",
                allowed="finite numbers",
                do="do not use it: its training went wrong, or its weights are damaged. Take an earlier checkpoint "
                "(export_policy.py)",
            )
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
        image = _array(image)
        if image.shape != self.spec.image_shape or image.dtype != np.uint8:
            raise DataError(
                f"policy, {name}",
                given=f"{image.dtype}{list(image.shape)}",
                allowed=f"uint8{list(self.spec.image_shape)}, as in training",
                do="resize it as training did: policy.prepare(image)",
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
            shape = list(np.asarray(proprio).shape)
            raise DataError(
                "policy, proprio",
                given="none" if proprio is None else f"shape {shape}" if shape != [size] else proprio,
                allowed=f"{size} finite numbers, the robot's state in metres, radians and gripper units",
                do="give the state of the same moment as the image",
            )
        return state

    def goals(self, goal: np.ndarray | None = None, instruction: str | None = None) -> dict[str, np.ndarray]:
        """The goal as `predict` takes it: `image`, `language` (embedded), or nothing.

        Raises:
            DataError: The policy was trained with another kind of goal.
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


def _array(image: Any) -> np.ndarray:
    """Whatever is given for an image, as an array; of nested lists that are none, one of objects, which is refused."""
    try:
        return np.asarray(image)
    except ValueError:
        return np.asarray(None)


def _require_ensemble(spec: PolicySpec, execute: int | None, m: float) -> None:
    """Refuse temporal ensembling where there is nothing to take the mean of, or by no usable weights."""
    where = "policy, ensemble"
    if execute is not None:
        do = "give one of the two: an ensemble predicts anew at each step"
        raise DataError(where, given=f"{m}, with execute={execute}", do=do)
    if (spec.chunk or 1) < 2:
        allowed = "a policy that predicts chunks of two actions or more"
        do = "leave it out, or train with dataset_kwargs.act_pred_horizon"
        raise DataError(where, given=f"{spec.algorithm}, which predicts one action at a time", allowed=allowed, do=do)
    if isinstance(m, bool) or not isinstance(m, Real) or not (math.isfinite(m) and m >= 0):
        raise DataError(where, given=repr(m), allowed="a number, 0 or more", do="take 0.01, as its paper does")
