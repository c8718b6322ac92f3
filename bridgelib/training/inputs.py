"""What a run reads: statistics and batches of the tasks of its dataset."""

import hashlib
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bridgelib.data.batch import check_batch
from bridgelib.data.batches import Batch, TrainingBatches, ValidationBatches
from bridgelib.data.copies import held_out, say_repeated, training_tasks
from bridgelib.data.records import Records
from bridgelib.data.remarks import remarks_on
from bridgelib.data.samples import Samples
from bridgelib.data.statistics import Statistics, statistics_of
from bridgelib.formats.index import RecordIndex, load_index
from bridgelib.layout import SPLITS, records_path


@dataclass(frozen=True)
class Inputs:
    """The data of one run.

    Attributes:
        statistics: Statistics of the training split of all tasks together.
        training: The training batches.
        validation: The validation batches, or None where the validation split has no transition.
        identity: What was read, as JSON: task -> digest and counts for each split, how many validation trajectories
            were left out, and the numbers of the statistics. It does not depend on where the data lies or how it is
            encoded in files.
        files: TFRecord -> bytes, for the record.
    """

    statistics: Statistics
    training: TrainingBatches
    validation: ValidationBatches | None
    identity: Mapping[str, Any]
    files: Mapping[str, int]


def open_inputs(
    data_root: Path,
    groups: Sequence[Sequence[str]],
    weights: Sequence[float] | None,
    config: Mapping[str, Any],
    needs: frozenset[str],
    *,
    process: tuple[int, int] = (0, 1),
    embeddings: Mapping[str, np.ndarray] | None = None,
) -> Inputs:
    """Open the TFRecords of a dataset.

    Args:
        data_root: The folder of the tasks.
        groups: The tasks of each group.
        weights: How often samples come from each group; None for equal weights.
        config: The experiment's complete tree.
        needs: What the agent asks for; see `bridgelib.data.batch`.
        process: This process's number and how many share a batch.
        embeddings: Instruction -> float32 [E]; for agents that need language.

    Raises:
        DataError: A TFRecord is missing or damaged, the training split is empty, or every validation trajectory trains.
        ConfigError: Weights, goal strategy or normalisation that cannot be used.
    """
    tasks = sorted({task for group in groups for task in group})
    files = {split: {task: records_path(data_root / task, split) for task in tasks} for split in SPLITS}
    indices = {split: {task: load_index(file) for task, file in files[split].items()} for split in files}
    kwargs = config["dataset_kwargs"]
    statistics = statistics_of(list(indices["train"].values()), kwargs["relabel_actions"], kwargs["relabel_angles"])
    for noticed in remarks_on(statistics):
        print(f"statistics of the training split: {noticed.detail}", file=sys.stderr)

    def samples(split: str, skipped: np.ndarray | None = None) -> Samples:
        records = Records(list(files[split].values()), list(indices[split].values()))
        return Samples(records, statistics, kwargs, needs, embeddings, skipped)

    group_files = [[files["train"][task] for task in group] for group in groups]
    training = TrainingBatches(samples("train"), group_files, weights, config["batch_size"], config["seed"], process)
    left_out, validation = _left_out(indices, groups, weights), None
    if any(len(index) for index in indices["val"].values()) and (unseen := samples("val", left_out)).counts.any():
        options = {"limit": config["eval_batches"], "process": process}
        validation = ValidationBatches(unseen, config["val_batch_size"], config["seed"], **options)
    else:
        print(
            f"ATTENTION: the validation split of {', '.join(tasks)} is empty, so nothing will say how good this policy "
            "is. Convert more trajectories, or lower train_proportion in the machine profile.",
            file=sys.stderr,
        )
    _check_contract(training.batch(0), validation.batch(0) if validation else None, config, needs)
    sizes = {str(file): indices[split][task].file_size for split in files for task, file in files[split].items()}
    return Inputs(statistics, training, validation, _identity(indices, left_out, statistics), sizes)


def _left_out(
    indices: Mapping[str, Mapping[str, RecordIndex]], groups: Sequence[Sequence[str]], weights: Sequence[float] | None
) -> np.ndarray:
    """Which validation trajectories are in the training split too: bool [trajectories], task after task."""
    trained = {task: indices["train"][task] for task in training_tasks(groups, weights)}
    for split, repeated in (("training", trained), ("validation", indices["val"])):
        say_repeated(repeated, split)
    return np.concatenate(list(held_out(trained, indices["val"]).values()))


def _check_contract(
    training: Batch, validation: Batch | None, config: Mapping[str, Any], needs: frozenset[str]
) -> None:
    """Hold both splits to the batch contract, and to one image size."""
    dataset_kwargs = config["dataset_kwargs"]
    axes = {"history": dataset_kwargs["obs_horizon"], "chunk": dataset_kwargs["act_pred_horizon"]}
    masked = dataset_kwargs["chunk_padding"] == "mask"
    sizes = check_batch(training, needs, **axes, masked=masked)
    if validation:
        known = {letter: sizes[letter] for letter in sizes.keys() - {"B"}}
        check_batch(validation, needs, **axes, masked=masked, sizes=known)


def _identity(
    indices: Mapping[str, Mapping[str, RecordIndex]], left_out: np.ndarray, statistics: Statistics
) -> dict[str, Any]:
    """See `Inputs`; rare entries appear only where they apply, so that the digests of other runs stay as they are."""
    splits = {split: {task: _digest(index) for task, index in indices[split].items()} for split in indices}
    seldom = {"left_out_of_validation": int(left_out.sum())} if left_out.any() else {}
    return {**splits, **seldom, "statistics": statistics.numbers()}


def _hashed_of_array(array: np.ndarray) -> Iterator[bytes]:
    yield repr((str(array.dtype), array.shape)).encode()
    yield np.ascontiguousarray(array).tobytes()


def _hashed_of_texts(texts: Sequence[str]) -> Iterator[bytes]:
    """The bytes of the same texts as a numpy array of strings, as they were once kept: run digests depend on them.

    Yielded one by one, since such an array takes the room of its longest text for each.
    """
    width = max([1, *map(len, texts)])
    yield repr((f"<U{width}", (len(texts),))).encode()
    for text in texts:
        yield text.encode("utf-32-le").ljust(4 * width, b"\0")


def _digest(index: RecordIndex) -> dict[str, Any]:
    """What a TFRecord holds: counts, image size, and a hash over content ids, states, actions and instructions."""
    digest = hashlib.sha256()
    for content in (index.identities, index.state, index.actions, index.languages, index.language_offsets):
        for part in _hashed_of_texts(content) if isinstance(content, tuple) else _hashed_of_array(content):
            digest.update(part)
    return {
        "trajectories": len(index),
        "transitions": len(index.actions),
        "image_shape": list(index.image_shape),
        "digest": digest.hexdigest()[:16],
    }
