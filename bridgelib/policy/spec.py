"""The spec of a policy: all that must be known of it besides its weights."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import jax
import numpy as np

from bridgelib.agents import Agent, make_agent
from bridgelib.config.algorithms import ALGORITHMS
from bridgelib.data.statistics import Statistics
from bridgelib.networks.device import visible_devices
from bridgelib.policy.jaxrl_m.constructors import as_constructed

VERSION = 1
PREPROCESSING = {"resize": "lanczos", "aspect": "squashed", "colours": "RGB", "dtype": "uint8"}
ACTION = {"x": "m", "y": "m", "z": "m", "roll": "rad", "pitch": "rad", "yaw": "rad", "gripper": "1 is open, 0 closed"}

Goal = Literal["none", "image", "language"]


def goal_of(algorithm: str) -> Goal:
    """The kind of goal that a policy of an algorithm, a key of `bridgelib.config.algorithms.ALGORITHMS`, takes."""
    needs = ALGORITHMS[algorithm].needs
    return "language" if "language" in needs else "image" if "goals" in needs else "none"


@dataclass(frozen=True)
class PolicySpec:
    """How a policy was trained and what it expects.

    Attributes:
        algorithm: A key of `bridgelib.config.algorithms.ALGORITHMS`.
        config: The tree it was made of: agent_kwargs, encoder, encoder_kwargs.
        image_shape: (H, W, 3) of what it sees.
        proprio_size: Entries of the robot's state; all are in metres, radians and gripper units.
        action_size: Entries of an action.
        history: Frames per observation, or None for the present one without such an axis.
        chunk: Actions predicted at once, or None for one without such an axis.
        goal: The kind of goal it takes: an image, an instruction, or none.
        language_size: Entries of an instruction's embedding, where the goal is an instruction.
        normalisation: Kind of normalisation of actions and proprio.
        statistics: Statistics of the training data, for that normalisation.
        step: Updates made.
        execute: How many actions of each predicted chunk to carry out before predicting anew.
        gripper: "binary" for commands that only open or close, as the binarised actions of training, or "continuous"
            for what the network says.
    """

    algorithm: str
    config: Mapping[str, Any]
    image_shape: tuple[int, int, int]
    proprio_size: int
    action_size: int
    history: int | None
    chunk: int | None
    goal: Goal
    language_size: int | None
    normalisation: str
    statistics: Statistics
    step: int
    execute: int = 1
    gripper: Literal["binary", "continuous"] = "continuous"

    @classmethod
    def of(
        cls,
        algorithm: str,
        config: Mapping[str, Any],
        statistics: Statistics,
        image_shape: Sequence[int],
        language_size: int | None,
        step: int,
    ) -> "PolicySpec":
        """The spec of what was trained under a complete configuration tree.

        Args:
            algorithm, statistics, image_shape, step: The attributes.
            config: The tree.
            language_size: Entries of an instruction's embedding, if there are any.
        """
        dataset, goal = config["dataset_kwargs"], goal_of(algorithm)
        height, width, colours = image_shape
        return cls(
            algorithm=algorithm,
            config={key: config[key] for key in ("agent_kwargs", "encoder", "encoder_kwargs")},
            image_shape=(height, width, colours),
            proprio_size=len(statistics.proprio.mean),
            action_size=len(statistics.action.mean),
            history=dataset["obs_horizon"],
            chunk=dataset["act_pred_horizon"],
            goal=goal,
            language_size=language_size if goal == "language" else None,
            normalisation=dataset["normalization_type"],
            statistics=statistics,
            step=step,
            execute=config.get("act_exec_horizon") or 1,
            gripper=config.get("act_gripper", "continuous"),
        )

    def example(self) -> dict[str, Any]:
        """A batch of one, of zeros, in the shapes that the policy's agent works on."""
        past = () if self.history is None else (self.history,)
        ahead = () if self.chunk is None else (self.chunk,)
        goals = {
            "none": {},
            "image": {
                "image": np.zeros((1, *self.image_shape), np.uint8),
                "proprio": np.zeros((1, self.proprio_size), np.float32),
            },
            "language": {"language": np.zeros((1, self.language_size or 0), np.float32)},
        }[self.goal]
        observations = {
            "image": np.zeros((1, *past, *self.image_shape), np.uint8),
            "proprio": np.zeros((1, *past, self.proprio_size), np.float32),
        }
        if "gaze" in ALGORITHMS[self.algorithm].needs:
            observations["gaze"] = np.zeros((1, *past, *self.image_shape[:2], 1), np.float32)
        return {
            "observations": observations,
            # Only losses look at gaze and next observations, but an agent is made from a whole batch.
            "next_observations": observations,
            **({"goals": goals} if goals else {}),
            "actions": np.zeros((1, *ahead, self.action_size), np.float32),
        }

    def noise(self) -> dict[str, Any]:
        """As `example`, filled with the same noise each time: the golden input of a policy that comes without data."""
        draws = np.random.default_rng(0)

        def noise(leaf: np.ndarray) -> np.ndarray:
            if leaf.dtype == np.uint8:
                return draws.integers(0, 256, leaf.shape, np.uint8)
            return draws.standard_normal(leaf.shape, np.float32)

        return jax.tree_util.tree_map(noise, self.example())

    def agent(self) -> Agent:
        """An agent of these networks, its arrays as shapes and dtypes.

        Raises:
            ConfigError: JAX has no device: it asks for one already to make a random key.
        """
        visible_devices()
        key, config = jax.random.PRNGKey(0), as_constructed(self.algorithm, self.config)
        return jax.eval_shape(lambda key: make_agent(self.algorithm, key, self.example(), config), key)

    def to_json(self) -> dict[str, Any]:
        """The spec as plain lists and numbers, with all that is needed to use the policy without this library."""
        return {
            **asdict(self),
            "statistics": self.statistics.to_json(),
            "version": VERSION,
            "preprocessing": PREPROCESSING,
            "relabel_angles": self.statistics.relabel_angles,
            "action": ACTION,
        }

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> "PolicySpec":
        """The inverse of `to_json`."""
        known = {key: content[key] for key in cls.__dataclass_fields__ if key in content}
        return cls(
            **{
                **known,
                "image_shape": tuple(content["image_shape"]),
                "statistics": Statistics.from_json(content["statistics"]),
            }
        )
