"""From the numbers of transitions to the arrays of a batch."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from bridgelib.config.algorithms.goals import read_goals
from bridgelib.config.algorithms.parts import Angles
from bridgelib.data import goals
from bridgelib.data.actions import relabelled_actions
from bridgelib.data.batch import NEEDS
from bridgelib.data.chunks import action_chunk, demonstrated, held_still, history_frames
from bridgelib.data.instructions import Instructions
from bridgelib.data.normalization import Normalizer
from bridgelib.data.records import Records
from bridgelib.data.statistics import Statistics
from bridgelib.errors import DataError

DRAWS = goals.DRAWS + 1
"""Uniform numbers a sample takes: two for its goal, one for the choice among its trajectory's instructions."""


class Samples:
    """Makes the samples of one split (training or validation) of a dataset, as an agent needs them.

    Args:
        records: The TFRecords of this split.
        statistics: The statistics of the training split, whichever split this is.
        dataset_kwargs: The tree of that name in an algorithm's configuration.
        needs: What the agent asks for, a subset of `batch.NEEDS`. Nothing else is read from disk.
        embeddings: Instruction -> float32 [E]; only for agents that need "language".
        held_out: bool [trajectories]; those that are not to be sampled. None for none.

    Attributes:
        counts: int64 [trajectories]; how many transitions of each, from the first on, can be sampled. It is 0 for
            trajectories that are held out, or have no instruction where such are to be skipped, and smaller than the
            length where the goal strategy has no goals for the last transitions.

    Raises:
        ConfigError: `dataset_kwargs` name an unknown strategy, normalisation or padding.
        DataError: There are no gaze maps, or an instruction has no embedding.
    """

    def __init__(
        self,
        records: Records,
        statistics: Statistics | None,
        dataset_kwargs: Mapping[str, Any],
        needs: frozenset[str],
        embeddings: Mapping[str, np.ndarray] | None = None,
        held_out: np.ndarray | None = None,
    ):
        assert needs <= NEEDS, f"unknown needs {sorted(needs - NEEDS)}"
        if "gaze" in needs and not records.has_gaze:
            raise DataError(
                ", ".join(map(str, records.files[:3])),
                given="trajectories without gaze maps",
                do="set `gaze` of the machine profile and convert again, or choose an algorithm that needs none",
            )
        self.records, self.needs = records, needs
        self._history, self._chunk = dataset_kwargs["obs_horizon"], dataset_kwargs["act_pred_horizon"]
        chosen, told = (dataset_kwargs[f"goal_relabeling_{key}"] for key in ("strategy", "kwargs"))
        self._strategy = read_goals(chosen, told, "dataset_kwargs.goal_relabeling_kwargs")
        normalizer = Normalizer(statistics, dataset_kwargs["normalization_type"])
        self._proprio = normalizer.proprio.forward(records.state)
        actions = learnt_actions(records, dataset_kwargs["relabel_actions"], dataset_kwargs["relabel_angles"])
        self._actions = normalizer.action.forward(actions)
        self._padding = dataset_kwargs["chunk_padding"]
        self._no_motion = normalizer.action.forward(np.zeros(actions.shape[1]))
        languages, self.counts = records.languages, goals.transitions_with_goal(self._strategy, records.lengths)
        if held_out is not None:
            self.counts = np.where(held_out, 0, self.counts)
        if dataset_kwargs["skip_unlabeled"]:
            languages = [tuple(filter(None, texts)) for texts in languages]
            self.counts = np.where([bool(texts) for texts in languages], self.counts, 0)
        self._instructions = Instructions(languages, embeddings or {}) if "language" in needs else None

    def batch(self, trajectory: np.ndarray, step: np.ndarray, draws: np.ndarray) -> dict[str, Any]:
        """The arrays of B samples, as `batch.contract` has them.

        Args:
            trajectory: int64 [B]; numbers of trajectories in the records.
            step: int64 [B]; numbers of transitions in their trajectories, below `counts[trajectory]`.
            draws: float64 [B, DRAWS]; uniform numbers in [0, 1), which decide all that is random about each sample.
        """
        length, first = self.records.lengths[trajectory], self.records.first_frame[trajectory]
        frames = first + step if self._history is None else first[:, None] + history_frames(step, self._history)
        goal_frames = goals.goal_frames(self._strategy, step, length, draws[:, : goals.DRAWS])
        batch: dict[str, Any] = {
            "observations": self._observations(frames),
            **self._actions_of(trajectory, step, length),
            "rewards": goals.rewards(step, goal_frames),
            # No demonstration of this format ends in a terminal state: it is cut off while the robot could continue.
            "masks": np.ones(len(step), bool),
            "terminals": np.zeros(len(step), bool),
            "valid": np.ones(len(step), bool),
        }
        if "next_observations" in self.needs:
            batch["next_observations"] = self._observations(frames + 1)
        if "goals" in self.needs:
            batch["goals"] = {
                "image": self.records.images(first + goal_frames),
                "proprio": self._proprio[first + goal_frames],
            }
        if self._instructions:
            embeddings = self._instructions.embeddings(trajectory, draws[:, goals.DRAWS])
            batch.setdefault("goals", {})["language"] = embeddings
        return batch

    def _actions_of(self, trajectory: np.ndarray, step: np.ndarray, length: np.ndarray) -> dict[str, np.ndarray]:
        """`actions` of these samples, and `action_mask` where the loss is to leave some of a chunk out."""
        first = self.records.first_action[trajectory]
        if self._chunk is None:
            return {"actions": self._actions[first + step]}
        actions = self._actions[first[:, None] + action_chunk(step, length, self._chunk)]  # [B, chunk, A]
        shown = demonstrated(step, length, self._chunk)
        match self._padding:
            case "mask":
                return {"actions": actions, "action_mask": shown}
            case "still":
                return {"actions": held_still(actions, shown, self._no_motion)}
            case _:
                return {"actions": actions}

    def _observations(self, frames: np.ndarray) -> dict[str, np.ndarray]:
        observations = {"image": self.records.images(frames), "proprio": self._proprio[frames]}
        return observations | ({"gaze": self.records.gaze(frames)} if "gaze" in self.needs else {})


class Transitions:
    """Transitions of chosen trajectories, numbered through.

    Args:
        trajectories: int64 [K]; numbers of trajectories.
        counts: int64 [K]; how many transitions of each, from the first on.
    """

    def __init__(self, trajectories: np.ndarray, counts: np.ndarray):
        self._trajectories = trajectories
        self._ends = np.cumsum(counts, dtype=np.int64)
        self._starts = self._ends - counts

    def __len__(self) -> int:
        """How many transitions there are."""
        return int(self._ends[-1]) if len(self._ends) else 0

    def locate(self, numbers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Trajectory and step, int64 [B] each, of transitions by their numbers, int64 [B]."""
        places = np.searchsorted(self._ends, numbers, side="right")
        return self._trajectories[places], numbers - self._starts[places]


def learnt_actions(records: Records, relabel: bool, angles: Angles = "wrapped") -> np.ndarray:
    """float32 [actions, 7], in the robot's units: as commanded, or relabelled with what was reached.

    How differences of angles are taken is said by `relabelled_actions`.
    """
    if not relabel:
        return records.actions
    states, actions = (
        np.split(rows, firsts[1:])
        for rows, firsts in ((records.state, records.first_frame), (records.actions, records.first_action))
    )
    return np.concatenate([relabelled_actions(*each, angles) for each in zip(states, actions, strict=True)])
