"""Which samples a batch holds: for training a pure function of (seed, step), for validation each once, in order."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from bridgelib.data.samples import DRAWS, Samples, Transitions
from bridgelib.errors import ConfigError, DataError

Batch = dict[str, Any]

# Independent streams of random numbers for every seed.
_TRAINING, _VALIDATION = 0, 1


class TrainingBatches:
    """Batches drawn with replacement: for each sample a group by its weight, then a transition uniform in the group.

    Args:
        samples: The samples of the training split.
        groups: The TFRecords of each group; a TFRecord may stand in several groups. From a group of
            none no sample comes.
        weights: How often samples come from each group, in any unit; None for equal weights.
        batch_size: Samples in the whole batch, over all processes.
        seed: Any whole number.
        process: The number of this process and how many share a batch; each takes its own slice of the same batch.

    Raises:
        ConfigError: Weights that do not fit the groups, or processes that do not divide the batch.
        DataError: A group without a transition to sample.
    """

    def __init__(
        self,
        samples: Samples,
        groups: Sequence[Sequence[Path]],
        weights: Sequence[float] | None,
        batch_size: int,
        seed: int,
        process: tuple[int, int] = (0, 1),
    ):
        self._samples, self._batch_size, self._seed = samples, batch_size, seed
        self._share = _share(batch_size, process)
        filled = np.array([len(group) > 0 for group in groups])
        self._groups = {place: _transitions(samples, group, place) for place, group in enumerate(groups) if len(group)}
        shares = np.ones(len(groups)) if weights is None else np.asarray(weights, np.float64)
        shares = shares * filled if len(shares) == len(groups) else shares
        if len(shares) != len(groups) or not (np.isfinite(shares).all() and (shares >= 0).all() and shares.any()):
            raise ConfigError(
                "sample_weights",
                given=shares.tolist(),
                allowed=f"{len(groups)} weights, one per group, none negative, not all zero",
                do="give one weight per group",
            )
        self._thresholds = np.cumsum(shares / shares.sum())[:-1]

    def batch(self, step: int) -> Batch:
        """The batch of a step, from 0 on; the same bytes whenever and wherever it is asked for."""
        draws = _generator(self._seed, _TRAINING, step).random((self._batch_size, 2 + DRAWS))[self._share]
        group = np.searchsorted(self._thresholds, draws[:, 0], side="right")
        trajectory, position = np.empty((2, len(draws)), np.int64)
        for number, transitions in self._groups.items():
            chosen = group == number
            places = np.floor(draws[chosen, 1] * len(transitions)).astype(np.int64)
            trajectory[chosen], position[chosen] = transitions.locate(places)
        return self._samples.batch(trajectory, position, draws[:, 2:])


class ValidationBatches:
    """Every transition of the validation split once, in fixed order; the last batch is padded with its last sample.

    The random part of a sample (its goal, its instruction) is a pure function of the seed and the transition's number.

    Args:
        samples: The samples of the validation split.
        batch_size: Samples in a whole batch, over all processes.
        seed: Any whole number.
        limit: At most so many batches; their transitions are then spread evenly over the whole split. None for all.
        process: See `TrainingBatches`.

    Raises:
        ConfigError: Processes that do not divide the batch.
        DataError: There is no transition to sample.
    """

    def __init__(
        self,
        samples: Samples,
        batch_size: int,
        seed: int,
        limit: int | None = None,
        process: tuple[int, int] = (0, 1),
    ):
        self._samples, self._batch_size = samples, batch_size
        self._share = _share(batch_size, process)
        self._transitions = Transitions(np.arange(len(samples.counts)), samples.counts)
        count = len(self._transitions)
        if count == 0:
            raise DataError("validation split", given="no transition to sample", do=_WITHOUT_TRANSITIONS)
        self._draws = _generator(seed, _VALIDATION).random((count, DRAWS))
        kept = count if limit is None else min(count, limit * batch_size)
        self._numbers = np.arange(kept) * count // kept

    def __len__(self) -> int:
        """How many batches there are."""
        return -(-len(self._numbers) // self._batch_size)

    def batch(self, number: int) -> Batch:
        """Batch `number`, from 0 on."""
        places = number * self._batch_size + np.arange(self._batch_size)[self._share]
        numbers = self._numbers[np.minimum(places, len(self._numbers) - 1)]
        batch = self._samples.batch(*self._transitions.locate(numbers), self._draws[numbers])
        return batch | {"valid": places < len(self._numbers)}

    def __iter__(self) -> Iterator[Batch]:
        """All batches in order."""
        return map(self.batch, range(len(self)))


_WITHOUT_TRANSITIONS = "give data with trajectories (skip_unlabeled and goal_delta may leave out all there are)"


def _transitions(samples: Samples, group: Sequence[Path], number: int) -> Transitions:
    """The transitions of one group."""
    in_group = np.isin([str(file) for file in samples.records.files], [str(Path(file)) for file in group])
    trajectories = np.flatnonzero(in_group[samples.records.file_of])
    transitions = Transitions(trajectories, samples.counts[trajectories])
    if len(transitions) == 0:
        listed = ", ".join(map(str, group[:3])) + (f" and {len(group) - 3} more" if len(group) > 3 else "")
        raise DataError(f"group {number} ({listed})", given="no transition to sample", do=_WITHOUT_TRANSITIONS)
    return transitions


def _share(batch_size: int, process: tuple[int, int]) -> slice:
    """The part of a whole batch that belongs to a process."""
    index, count = process
    if batch_size % count:
        raise ConfigError(
            "batch size", given=f"{batch_size}, for {count} processes", allowed=f"a multiple of {count}", do="change it"
        )
    return slice(batch_size // count * index, batch_size // count * (index + 1))


def _generator(seed: int, *stream: int) -> np.random.Generator:
    """Random numbers of one stream of a seed; Philox by name, because numpy's default may change."""
    return np.random.Generator(np.random.Philox(np.random.SeedSequence(seed % 2**64, spawn_key=stream)))
