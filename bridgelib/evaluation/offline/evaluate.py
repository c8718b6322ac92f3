"""evaluation.json: what a policy is worth on the validation split of its data. Pure in policy and data.

    version           1
    experiment, algorithm, step     which policy; `step` are the updates of its training
    told              how the policy is told what to do
    dimensions        name and unit of the numbers of an action, in order
    definitions       what the words in this file mean
    validation        trajectories and transitions of the whole split; of them `left_out` because they train as well,
                      `usable` and `evaluated`
    training          `frames` that were looked through for the nearest neighbour, `of` how many
    note              why there is nothing below: the validation split is empty. Else null
    overall           who predicts -> its score
    by_task           task -> trajectories, transitions, and the scores
    by_dated_folder   <task>/<date>, or "" where names tell none -> the same, of the policy alone
    course            a score's errors in each tenth of a trajectory
    chunk             a score's errors at each step of the predicted chunk
    examples          some trajectories over time, with pictures

Those who predict are `policy`, `mean_action`, `previous_action` and `nearest_neighbour`. A score has an `error` for
each dimension, and of the `gripper` its `accuracy` and the `change_precision`, `change_recall` and `change_f1`. Each of
these numbers is a `value` and an `interval`, [low, high]; null where there is none.
"""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from bridgelib.config.experiments import Experiment
from bridgelib.data.copies import held_out, training_tasks
from bridgelib.errors import DataError
from bridgelib.evaluation.neighbours import FRAMES, SIDE, NeighbourIndex, training_neighbours
from bridgelib.evaluation.offline import baselines, gripper, intervals
from bridgelib.evaluation.offline.course import PARTS, over_the_chunk, over_the_course
from bridgelib.evaluation.offline.data_split import DataSplit
from bridgelib.evaluation.offline.demonstrated import Demonstrated
from bridgelib.evaluation.offline.examples import examples
from bridgelib.evaluation.offline.predictions import predicted
from bridgelib.evaluation.offline.sampling import TRANSITIONS, evenly_spread
from bridgelib.evaluation.offline.scores import Predictions, score_sums, scores
from bridgelib.evaluation.offline.situations import TOLD, Situations
from bridgelib.policy import Policy
from bridgelib.policy.memory import OPEN
from bridgelib.policy.spec import ACTION

VERSION = 1
DEFINITIONS = {
    "error": "absolute difference of the first predicted action from the demonstrated one, averaged over transitions",
    "interval": f"{intervals.LEVEL:.0%}, bootstrap over trajectories: {intervals.RESAMPLES} draws, percentiles",
    "gripper": f"open where the action is above {OPEN}",
    "change": "a transition whose gripper action opens or closes, other than the demonstrated action one step before; "
    f"found or right where the other has the same change at most {gripper.WINDOW} steps away",
    "course": f"{PARTS} equal parts of each trajectory's time",
    "chunk": "step k of a predicted chunk against the action demonstrated k - 1 steps later; none beyond the end",
    "mean_action": "the mean action of the training side",
    "previous_action": "the action demonstrated one step before; at the first step the mean action",
    "nearest_neighbour": f"the action of the training image that is nearest by its pixels, squashed to {SIDE} x {SIDE}",
    "saliency": "absolute gradient of the first predicted action (normalised, all dimensions) with respect to the "
    "present frame, in means over a grid, as shares of the largest",
}


def evaluation(
    experiment: Experiment,
    policy: Policy,
    data_root: Path,
    groups: Sequence[Sequence[str]],
    transitions: int = TRANSITIONS,
    frames: int = FRAMES,
) -> dict[str, Any]:
    """Evaluate a policy; shows progress.

    Args:
        experiment: The experiment that the policy was trained for.
        policy: The policy.
        data_root: The folder of the tasks.
        groups: The tasks of each group of the experiment's dataset.
        transitions: The most transitions of the validation split; whole trajectories, spread evenly.
        frames: The most frames of the training split, for the nearest neighbour; spread evenly.

    Returns:
        What evaluation.json holds, as above.

    Raises:
        DataError: A TFRecord cannot be read, its images are of another size than the policy's, the policy is not of
            this experiment, the training split is empty, or every validation trajectory trains.
    """
    _require_same_algorithm(experiment, policy)
    _require_same_angles(experiment, policy)
    tasks, settings = sorted({task for group in groups for task in group}), experiment.config["dataset_kwargs"]
    split, training = (DataSplit.open(data_root, tasks, name) for name in ("val", "train"))
    left_out = _left_out(split, training, training_tasks(groups, experiment.dataset.sample_weights))
    usable = np.setdiff1d(split.usable(settings["skip_unlabeled"] or policy.spec.goal == "language"), left_out)
    chosen = usable[evenly_spread(split.lengths[usable], transitions)]
    parts = {"left_out": left_out, "usable": usable, "evaluated": chosen}
    extents = {name: split.extent(trajectories) for name, trajectories in parts.items()}
    head = {**_about(experiment, policy), "validation": {**split.extent(np.arange(len(split))), **extents}}
    if not len(chosen):
        return {**head, **_nothing(tasks, len(split))}
    relabel, angles = settings["relabel_actions"], settings["relabel_angles"]
    neighbours = training_neighbours(training.records, relabel, frames, angles)
    demonstrated = Demonstrated.of(split.records, relabel, chosen, angles)
    return {
        **head,
        "note": None,
        "training": {"frames": len(neighbours), "of": len(training.records.actions)},
        **_results(policy, split, chosen, demonstrated, neighbours),
    }


def _left_out(split: DataSplit, training: DataSplit, trained: Sequence[str]) -> np.ndarray:
    """The validation trajectories that train as well: their numbers, int64, rising."""
    train = {task: index for task, index in training.by_task.items() if task in trained}
    return np.flatnonzero(np.concatenate(list(held_out(train, split.by_task).values())))


def _require_same_algorithm(experiment: Experiment, policy: Policy) -> None:
    """Refuse a policy that cannot be the experiment's."""
    if policy.spec.algorithm != experiment.algorithm:
        raise DataError(
            f"policy of experiment '{experiment.name}'",
            given=f"a policy of {policy.spec.algorithm}",
            allowed=experiment.algorithm,
            do="name the experiment's own policy: <runs>/<experiment>/latest/policy",
        )


def _require_same_angles(experiment: Experiment, policy: Policy) -> None:
    """Refuse a policy that has learned other rotations than the experiment's data would show it."""
    kwargs, statistics = experiment.config["dataset_kwargs"], policy.spec.statistics
    wanted = kwargs["relabel_angles"] if kwargs["relabel_actions"] else None
    if not statistics.are_of(wanted):
        given = statistics.relabel_angles or "those of actions as commanded"
        raise DataError(
            f"policy of experiment '{experiment.name}', relabel_angles",
            given=f"statistics with angles {given}",
            allowed=f"{wanted}, as the experiment's data has them",
            do=f"set config.dataset_kwargs.relabel_angles: {given} in the experiment, or train the policy again"
            if statistics.relabel_angles
            else "evaluate it for the experiment that it was trained for, or train it again",
        )


def _nothing(tasks: Sequence[str], trajectories: int) -> dict[str, Any]:
    """Say that there is nothing to evaluate on."""
    why = "has no trajectory with an instruction" if trajectories else "is empty"
    note = f"The validation side of {', '.join(tasks)} {why}, so nothing can be said of how good this policy is."
    print(f"ATTENTION: {note} Convert more trajectories, or lower train_proportion.", file=sys.stderr)
    empty: dict[str, Any] = {"by_task": {}, "by_dated_folder": {}, "course": [], "chunk": [], "examples": []}
    return {"note": note, "training": None, "overall": None, **empty}


def _results(
    policy: Policy, split: DataSplit, chosen: np.ndarray, demonstrated: Demonstrated, neighbours: NeighbourIndex
) -> dict[str, Any]:
    """The scores over the chosen trajectories, int64 [K], and examples of them."""
    situations = Situations(policy, split)
    chunks, nearest = predicted(situations, neighbours, chosen[demonstrated.trajectory], demonstrated.step)
    mean = policy.spec.statistics.action.mean
    predictions: Predictions = {
        "policy": chunks[:, 0],
        "mean_action": baselines.mean_action(demonstrated, mean),
        "previous_action": baselines.previous_action(demonstrated, mean),
        "nearest_neighbour": nearest,
    }
    sums = {who: score_sums(demonstrated, actions) for who, actions in predictions.items()}
    policy_alone = {"policy": sums["policy"]}
    return {
        "overall": scores(sums, np.arange(len(chosen))),
        "by_task": _grouped(sums, demonstrated, [split.tasks[each] for each in chosen]),
        "by_dated_folder": _grouped(policy_alone, demonstrated, [split.folders[each] for each in chosen]),
        "course": over_the_course(demonstrated, predictions),
        "chunk": over_the_chunk(demonstrated, chunks, mean),
        "examples": examples(situations, split, chosen, demonstrated, chunks[:, 0]),
    }


def _grouped(sums: Mapping[str, np.ndarray], demonstrated: Demonstrated, labels: Sequence[str]) -> dict[str, Any]:
    """Label -> trajectories, transitions and scores of those that bear it."""
    groups = {label: np.flatnonzero(np.asarray(labels) == label) for label in sorted(set(labels))}
    return {
        label: {
            "trajectories": len(members),
            "transitions": int(demonstrated.lengths[members].sum()),
            **scores(sums, members),
        }
        for label, members in groups.items()
    }


def _about(experiment: Experiment, policy: Policy) -> dict[str, Any]:
    return {
        "version": VERSION,
        "experiment": experiment.name,
        "algorithm": policy.spec.algorithm,
        "step": policy.spec.step,
        "told": TOLD[policy.spec.goal],
        "dimensions": [{"name": name, "unit": unit} for name, unit in ACTION.items()],
        "definitions": DEFINITIONS,
    }
