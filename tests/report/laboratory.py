"""A whole laboratory made up: raw folders, TFRecords, trainings, evaluations and rollouts, of any size, within seconds.

Nothing was converted, trained or rolled out; every file is such as the workflow writes it.
"""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import yaml
from PIL import Image

from bridgelib.config.experiments import Experiment
from bridgelib.config.settings import Settings, load_settings
from bridgelib.conversion.data_origins import records_origin
from bridgelib.data.dimensions import DIMENSIONS
from bridgelib.evaluation.results import task_result
from bridgelib.evaluation.rollouts import Episode
from bridgelib.formats.index import RecordIndex
from tests.conftest import REPOSITORY

DATE = "2021-08-02_10-00-00"
FRAMES = 8  # of each task, shown again and again
PLATE, CLOTH = "put_red_cube_on_plate", "push_blue_cylinder_onto_green_cloth"
HOSTILE = "</script><script>alert(1)</script><b>&amp;"
"""An instruction that would change a page which took it for its own."""


@dataclass(frozen=True)
class Size:
    """How large it is: tasks, trajectories of each, their steps, pixels of an image, logged lines of each training."""

    tasks: int = 3
    trajectories: int = 8
    steps: int = 20
    pixels: int = 48
    lines: int = 12


def write_machine(folder: Path, experiments: dict, **keys: object) -> Settings:
    """The profile `mine.yaml` and `experiments.yaml` of a machine in a folder; as the workflow loads them."""
    roots = {root: root for root in ("raw", "numpy", "tfrecord", "runs")}
    profile = {**roots, "depth": 2, "im_size": 48, "jax_platform": "cpu", **keys}
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "mine.yaml").write_text(yaml.safe_dump(profile))
    (folder / "experiments.yaml").write_text(yaml.safe_dump(experiments))
    chosen = {"machine": str(folder / "mine.yaml"), "experiments": str(folder / "experiments.yaml")}
    return load_settings(chosen, REPOSITORY, {}, folder)


def write_data(folder: Path, names: list[str], size: Size, seed: int = 0) -> None:
    """The tasks: raw folders that are listed and never opened, TFRecords, reports."""
    generator = np.random.default_rng(seed)
    for number, name in enumerate(names):
        for trajectory in range(min(2, size.trajectories)):
            (folder / "raw" / name / DATE / "raw" / "traj_group0" / f"traj{trajectory}").mkdir(parents=True)
        _write_task(folder / "tfrecord" / name, name, number, size, generator)


def _write_task(folder: Path, name: str, number: int, size: Size, generator: np.random.Generator) -> None:
    validation = max(1, size.trajectories // 8)
    counts = {"train": size.trajectories - validation, "val": validation}
    first, states, actions = 0, [], []
    for split, count in counts.items():
        index = _written_split(folder / split / "out.tfrecord", name, first, count, size, generator)
        states, actions, first = [*states, index.state], [*actions, index.actions], first + count
    moments = {"action": _moments(np.concatenate(actions)), "proprio": _moments(np.concatenate(states))}
    content = {**moments, "trajectories": counts["train"], "transitions": counts["train"] * size.steps}
    _write_json(folder / "statistics.json", {**content, "relabel_angles": "wrapped", "crossings": None})
    _write_json(folder / "report.json", _report(name, number, counts, size))


def _written_split(
    path: Path, name: str, first: int, count: int, size: Size, generator: np.random.Generator
) -> RecordIndex:
    """Trajectories that wander, each a little longer or shorter; the last of a task goes twice as far."""
    path.parent.mkdir(parents=True)
    path.write_bytes(_frames(size.pixels, first + len(name)))
    lengths = size.steps + generator.integers(-3, 4, count)
    actions = generator.normal(0, 0.01, (lengths.sum(), 7)).astype(np.float32)
    actions[:, 6] = np.arange(len(actions)) % size.steps < size.steps // 2
    actions[-lengths[-1] :, :3] *= 2
    frames = np.insert(actions, np.cumsum(lengths), 0, axis=0)[: lengths.sum() + count]
    state = np.cumsum(frames, axis=0, dtype=np.float32) % 0.5
    state[:, 6] = frames[:, 6]
    bytes_each, total = size.pixels**2 * 3, int(lengths.sum()) + count
    words = [(HOSTILE,) if number == 0 else (name.replace("_", " "),) for number in range(count)]
    index = RecordIndex(
        encoding="raw",
        image_shape=(size.pixels, size.pixels, 3),
        frame_position=np.arange(total) % FRAMES * bytes_each,
        frame_length=np.full(total, bytes_each),
        gaze_position=np.full(total, -1),
        frame_offsets=np.cumsum([0, *(lengths + 1)]),
        action_offsets=np.cumsum([0, *lengths]),
        language_offsets=np.arange(count + 1),
        state=state,
        actions=actions,
        languages=tuple(text for texts in words for text in texts),
        names=tuple(f"{name}/{DATE}/raw/traj_group0/traj{first + number}" for number in range(count)),
        identities=tuple(f"{first + number:032x}" for number in range(count)),
        record_position=np.array([path.stat().st_size]),
        record_checksums=np.empty((0, 2), np.uint32),
    )
    index.save(path)
    return index


def _frames(pixels: int, seed: int) -> bytes:
    coarse = np.random.default_rng(seed).integers(0, 256, (FRAMES, 6, 6, 3), np.uint8)
    resized = (Image.fromarray(frame).resize((pixels, pixels), Image.Resampling.BICUBIC) for frame in coarse)
    return b"".join(image.tobytes() for image in resized)


def _moments(rows: np.ndarray) -> dict[str, list[float]]:
    return {key: getattr(rows, key)(axis=0).tolist() for key in ("mean", "std", "min", "max")}


def _report(name: str, number: int, counts: dict[str, int], size: Size) -> dict:
    """Every third task has a rejected trajectory and two remarks."""
    place, odd = f"{name}/{DATE}/raw/traj_group0", number % 3 == 0
    rejected = [{"trajectory": f"{place}/traj99", "reason": "broken_image", "detail": "images0/im_7.jpg"}]
    remarks = [
        {"trajectory": f"{place}/traj1", "remark": "black_frames", "detail": "images0/im_3.jpg"},
        {"trajectory": None, "remark": "near_constant", "detail": "roll of the action is 0 and varies by 1e-05"},
    ]
    kept = sum(counts.values())
    splits = {
        split: {"trajectories": count, "transitions": count * size.steps, "frames": count * size.steps, "bytes": 10**6}
        for split, count in counts.items()
    }
    return {
        **splits,
        "found": kept + odd,
        "kept": kept,
        "rejected": rejected * odd,
        "passed_over": [],
        "instructed": kept,
        "remarks": remarks * odd,
        "origin": records_origin({}, "none", {DATE: f"{number:012x}"}),
    }


def write_run(runs: Path, experiment: Experiment, size: Size, quality: float, resumed: bool = False) -> None:
    """A training that is done; the better, the nearer `quality` is to 1."""
    run = runs / experiment.name / f"{experiment.name}-0123456789ab"
    run.mkdir(parents=True)
    lines, steps = [], np.linspace(0, experiment.config["num_steps"], size.lines, dtype=int)
    for number, step in enumerate(steps.tolist()):
        error = 7 * (1 - quality * number / size.lines) + 0.1 * (number % 3)
        timing = {"seconds": float(number), **({"resumed_from": step} if resumed and number == size.lines // 2 else {})}
        validation = {"mse": error, "mse_of_mean_action": 6.5, "transitions": 900.0, "gripper_accuracy": 0.9}
        lines.append({"kind": "validation", "step": step, "time": timing, **validation})
        training = {"loss": error / 2, "lr": 3e-4, "grad_norm": 1.0}
        lines.append(
            {"kind": "train", "step": step, "time": {"seconds": float(number), "steps_per_second": 90.0}, **training}
        )
    (run / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    made = {
        "versions": {"bridgelib": "0.2.0", "jax": "0.10.2"},
        "device": "cpu: 1 x cpu",
        "host": "lab",
        "revision": "f" * 40,
    }
    _write_json(run / "config.json", {"identity": {}, "began_with": made, "config": experiment.config})
    (run.parent / "latest").symlink_to(run.name)
    done = {"run": run.name, "step": experiment.config["num_steps"], "weights": "00", "seconds": 3600 * quality}
    _write_json(run.parent / "done.json", {**done, "validation": None, "origin": {"experiment": experiment.digest}})


def write_evaluation(runs: Path, name: str, tasks: list[str], quality: float) -> None:
    """An evaluation on some tasks, with two examples."""

    def score(error: float) -> dict:
        number = {"value": error, "interval": [0.9 * error, 1.1 * error]}
        gripper = {"accuracy": {"value": 0.9, "interval": [0.8, 1.0]}, "change_f1": None}
        return {"error": dict.fromkeys(DIMENSIONS, number), "gripper": gripper}

    scores = {
        "policy": score(0.006 * (1 - quality) + 0.002),
        "mean_action": score(0.008),
        "previous_action": score(0.004),
        "nearest_neighbour": score(0.007),
    }
    rows = np.sin(np.linspace(0, 6, 30)[:, None] + np.arange(7)).round(3).tolist()
    example = {"name": f"{DATE}/traj0", "instruction": HOSTILE, "demonstrated": rows, "predicted": rows, "pictures": []}
    extent = {"trajectories": 20, "transitions": 600}
    content = {
        "note": None,
        "step": 100,
        "told": "nothing",
        "dimensions": [{"name": each, "unit": "m"} for each in DIMENSIONS],
        "validation": {**extent, "usable": extent, "evaluated": extent},
        "overall": scores,
        "by_task": {task: {**extent, **scores} for task in tasks},
        "by_dated_folder": {f"{task}/{DATE}": {**extent, "policy": scores["policy"]} for task in tasks},
        "examples": [{"task": task, **example} for task in tasks[:2]],
        "origin": {"policy": name},
    }
    _write_json(runs / name / "evaluation.json", content)


def write_rollouts(
    runs: Path, name: str, tasks: list[str], rate: float, blind: bool = False, episodes: int = 40
) -> None:
    """Rollouts of a policy with that rate of success, and films of a success and a failure of each task."""
    results, pictures = {}, []
    for task in tasks:
        results[task] = _result(rate, episodes)
        for outcome in ("success", "failure"):
            pictures.append(f"{task}-{outcome}-1000000.webp")
            _write_film(runs / name / "rollouts" / pictures[-1])
    policy = {"algorithm": "bc", "blind": blind, "step": 100}
    _write_json(runs / name / "rollouts.json", {"tasks": results, "policy": policy, "pictures": pictures, "origin": {}})


def write_references(runs: Path, tasks: list[str]) -> None:
    """The references."""
    rates = {"expert": 1.0, "replay": 0.95, "relabelled": 0.9, "nearest": 0.2, "random": 0.0}
    found = {name: {"tasks": {task: _result(rate, 40) for task in tasks}} for name, rate in rates.items()}
    _write_json(runs / "references.json", {"references": found, "origin": {}})


def _result(rate: float, episodes: int) -> dict:
    outcomes = [number < rate * episodes for number in range(episodes)]
    return task_result(
        [Episode(1_000_000 + place, done, 25, 0.0 if done else 0.1) for place, done in enumerate(outcomes)]
    )


def _write_film(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    frames = [Image.new("RGB", (64, 48), (9 * number, 120, 200)) for number in range(15)]
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=200, format="WEBP", quality=50)


def _write_json(path: Path, content: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))


def write_laboratory(folder: Path, size: Size, experiments: dict, **keys: object) -> Settings:
    """All of it: of every experiment a training, an evaluation and rollouts."""
    names = [PLATE, CLOTH, *(f"task_{number:03d}" for number in range(size.tasks - 2))][: size.tasks]
    settings = write_machine(folder, experiments, **keys)
    write_data(folder, names, size)
    runs, simulated = folder / "runs", names[:2]
    write_references(runs, simulated)
    for number, (name, experiment) in enumerate(settings.experiments.items()):
        quality = (number + 1) / (len(settings.experiments) + 1)
        write_run(runs, experiment, size, quality, resumed=number % 3 == 1)
        write_evaluation(runs, name, names if experiment.dataset.name == "all" else [experiment.dataset.name], quality)
        blind = bool(experiment.config["agent_kwargs"].get("blind"))
        write_rollouts(runs, name, simulated, 0.0 if blind else quality, blind)
        (folder / "benchmarks" / "train_policy").mkdir(parents=True, exist_ok=True)
        row = "s\th:m:s\tmax_rss\tmean_load\n3.5\t0:00:03\t550.25\tNA\n"
        (folder / "benchmarks" / "train_policy" / f"{name}.tsv").write_text(row)
    return settings
