"""All references (`references.py`) rolled out in the same scenes as the policies."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bridgelib.data.records import Records
from bridgelib.evaluation.environment import SimulatedEnvironment, refuse_without_scenes
from bridgelib.evaluation.neighbours import NeighbourIndex, training_neighbours
from bridgelib.evaluation.references import Nearest, demonstrator, random_actor, replayer
from bridgelib.evaluation.results import VERSION, task_result
from bridgelib.evaluation.rollouts import STEPS, Actor, roll_out
from bridgelib.formats.index import load_index
from bridgelib.layout import records_path

LOOKING = ("nearest",)
"""The references that need the camera."""


def roll_out_references(
    data_root: Path, tasks: Sequence[str], seeds: Sequence[int], *, camera: tuple[int, int]
) -> dict[str, Any]:
    """Roll every reference out in the same scenes of each task; pure in data and seeds.

    Args:
        data_root: The folder of the tasks' TFRecords: nearest neighbour and random actions are of their training split.
        tasks: Keys of `bridgelib.sim.tasks.TASKS`.
        seeds: The seeds of the scenes.
        camera: Height and width of the camera's images.

    Returns:
        What references.json holds: reference -> task -> result.

    Raises:
        ConfigError: A seed that demonstrations may have, or no such task.
        DataError: A TFRecord is missing or damaged.
    """
    refuse_without_scenes(tasks, seeds, camera)
    results: dict[str, dict[str, Any]] = {}
    for task in dict.fromkeys(tasks):
        for name, actor in _references(records_path(data_root / task, "train")).items():
            scenes = (SimulatedEnvironment(task, seed, camera, camera=name in LOOKING) for seed in seeds)
            episodes = list(roll_out(scenes, len(seeds), actor, f"{name}, {task}"))
            results.setdefault(name, {"tasks": {}})["tasks"][task] = task_result(episodes)
    return {"version": VERSION, "camera": list(camera), "longest_episode": STEPS, "references": results}


def _references(file: Path) -> Mapping[str, Actor[SimulatedEnvironment]]:
    known = _training_images(file)
    return {
        "expert": demonstrator(),
        "replay": replayer(),
        "relabelled": replayer(relabel=True),
        "nearest": Nearest(known),
        "random": random_actor(known.actions),
    }


def _training_images(file: Path) -> NeighbourIndex:
    return training_neighbours(Records([file], [load_index(file)]), relabel=False)
