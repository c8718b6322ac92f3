"""What each versioned module of bridgelib writes for fixed inputs: a function for each, named like it.

Each looks at the work of its own module, as far as that can be, so that another one's change asks for no version here.
What floats and image codecs of another machine may do otherwise is rounded, or only its structure is looked at.
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from tests.results import results_below

DATES = ("2021-08-02_10-00-00", "2021-08-03_11-30-00")
WRITTEN: dict[str, Callable[[Path], Any]] = {}
"""Module -> what it writes, given an empty folder: bytes, or what JSON can hold."""


def digest(content: Any) -> str:
    """Sixteen hex digits of bytes, or of what JSON can hold."""
    if not isinstance(content, bytes):
        content = json.dumps(content, sort_keys=True, default=_plain).encode()
    return hashlib.sha256(content).hexdigest()[:16]


def of(module: str) -> Callable[[Callable], Callable]:
    """Enter a function under its module."""
    return lambda function: WRITTEN.setdefault(module, function)


def _plain(value: Any) -> Any:
    return value.tolist() if isinstance(value, np.ndarray | np.generic) else asdict(value)


def _coarse(frames: np.ndarray) -> list:
    """The mean colour of each frame, in steps that no codec's rounding crosses."""
    return np.round(np.asarray(frames, np.float64).mean(axis=(1, 2)) / 8).astype(int).tolist()


def _without(content: Any, *keys: str) -> Any:
    """JSON without these keys, wherever they stand."""
    if isinstance(content, dict):
        return {key: _without(value, *keys) for key, value in content.items() if key not in keys}
    return [_without(value, *keys) for value in content] if isinstance(content, list) else content


@of("formats.shard")
def shard(folder: Path) -> bytes:
    from dataclasses import replace

    from bridgelib.formats.shard import ShardWriter
    from tests.trajectories import make_trajectory

    trajectories = [make_trajectory(0), make_trajectory(1, languages=("", "schließe die Tür"))]
    boxes = (np.array([[0.1, 0.2, 0.3, 0.4]]), np.zeros((0, 4)), *[np.ones((2, 4))] * 3)
    for name, gaze in (("plain", "none"), ("gaze", "filter")):
        with ShardWriter(folder / name, 8, (0,), gaze) as writer:
            for trajectory in trajectories:
                writer.add(replace(trajectory, gaze_boxes=None if gaze == "none" else boxes))
    return (folder / "plain").read_bytes() + (folder / "gaze").read_bytes()


@of("formats.report")
def report(folder: Path) -> bytes:
    from bridgelib.formats.report import Report
    from bridgelib.raw.tree import PassedOver

    Report(3, 2, 70, 1, (_rejected(),), (PassedOver("task/x", "a copy", 3),)).save(folder / "report.json")
    return (folder / "report.json").read_bytes()


@of("conversion.raw_to_numpy")
def raw_to_numpy(folder: Path) -> Any:
    from bridgelib.conversion.raw_to_numpy import DatedFolder, Settings, convert_dated_folder
    from bridgelib.formats.shard import Shard
    from tests.raw_trees import FAULTS, write_dated_folder

    planted = ("truncated JPEG", "greyscale JPEG", "missing middle frame", "truncated obs_dict.pkl", "no full_state")
    paths = write_dated_folder(folder / "raw", "task", DATES[0], trajectories=4 + len(planted), cameras=(0, 1))
    for name, path in zip(planted, paths[4:], strict=True):
        FAULTS[name].plant(path)
    (paths[1] / "lang.txt").write_text("", encoding="utf-8")
    job = DatedFolder(folder / "raw", folder / "raw" / "task" / DATES[0], folder / "a.npz", folder / "a.report.json")
    convert_dated_folder(job, Settings(16, (0, 1)))
    account = json.loads((folder / "a.report.json").read_text(encoding="utf-8"))
    kept = [
        [each.name, each.state, each.time_stamp, each.actions, each.languages, *map(_coarse, each.frames.values())]
        for each in Shard(folder / "a.npz")
    ]
    return [_without(account, "origin", "content", "detail"), kept]


@of("formats.tfrecord")
def tfrecord(folder: Path) -> bytes:
    from bridgelib.formats.tfrecord import tfrecord_writer
    from tests.trajectories import make_trajectory, write_tfrecord

    trajectories = [make_trajectory(0), make_trajectory(1, languages=("", "schließe die Tür"))]
    gaze = np.linspace(0, 1, 5 * 8 * 8, dtype=np.float32).reshape(5, 8, 8, 1)
    with tfrecord_writer(folder / "gaze", "raw") as append:
        append(trajectories[0], gaze)
    files = [write_tfrecord(folder / encoding, trajectories, encoding) for encoding in ("raw", "jpeg")]
    return b"".join(path.read_bytes() for path in [*files, folder / "gaze"])


@of("formats.index")
def index(folder: Path) -> bytes:
    from bridgelib.formats.index import RecordIndex
    from bridgelib.layout import index_path
    from tests.trajectories import make_trajectory, write_tfrecord

    trajectories = [make_trajectory(0), make_trajectory(1, languages=("", "schließe die Tür"))]
    tfrecord = write_tfrecord(folder / "out.tfrecord", trajectories)
    RecordIndex.build(tfrecord).save(tfrecord)
    return index_path(tfrecord).read_bytes()


@of("conversion.task_shards")
def task_shards(folder: Path) -> Any:
    from bridgelib.conversion.numpy_to_tfrecord import convert_task
    from bridgelib.conversion.task_shards import Settings
    from bridgelib.raw.tree import PassedOver
    from tests.trajectories import make_trajectory, write_shard

    many = [make_trajectory(number) for number in range(12)]
    shards = [
        write_shard(folder / "task", DATES[0], many[:8], rejected=(_rejected(),)),
        write_shard(folder / "task", DATES[1], [*many[8:], many[2]], passed_over=[PassedOver("task/x", "a copy", 3)]),
    ]
    convert_task(shards, folder / "out", Settings(8, 0.75))
    files = [folder / "out" / name for name in ("report.json", "split.json")]
    return [_without(json.loads(path.read_text(encoding="utf-8")), "origin", "bytes") for path in files]


def _rejected() -> Any:
    from bridgelib.formats.report import RejectedTrajectory

    return RejectedTrajectory(f"task/{DATES[0]}/raw/traj_group0/traj9", "broken_image", "images0/im_7.jpg: Tür")


@of("data.split")
def split(folder: Path) -> Any:
    from bridgelib.data.split import training_split

    identities = [f"{number:032x}" for number in range(50)]
    return [
        sorted(training_split(identities, proportion, seed)) for proportion, seed in ((0.9, 0), (0.5, 1), (0.99, 7))
    ]


@of("data.statistics")
def statistics(folder: Path) -> Any:
    from bridgelib.data.statistics import statistics_of
    from bridgelib.formats.index import RecordIndex
    from tests.trajectories import make_trajectory, write_tfrecord

    path = write_tfrecord(folder / "out.tfrecord", [make_trajectory(number, length=5 + number) for number in range(4)])
    return [statistics_of([RecordIndex.build(path)], relabel).to_json() for relabel in (True, False)]


@of("conversion.accounting")
def accounting(folder: Path) -> Any:
    from bridgelib.conversion.accounting import TaskReport, TreeReport
    from bridgelib.conversion.tables import as_text
    from bridgelib.raw.tree import PassedOver

    side = {"trajectories": 2, "transitions": 60, "frames": 62, "bytes": 1000}
    content = {
        "found": 5,
        "kept": 4,
        "rejected": [{"trajectory": "a/b/raw/traj_group0/traj1", "reason": "broken_image", "detail": "im_1.jpg"}],
        "passed_over": [{"path": "a/x", "why": "a copy", "count": 3}],
        "instructed": 1,
        "train": side,
        "val": side,
    }
    for task in ("a", "b/c"):
        (folder / task).mkdir(parents=True)
        (folder / task / "report.json").write_text(json.dumps(content), encoding="utf-8")
    reports = tuple(TaskReport.read(folder / task / "report.json", folder) for task in ("a", "b/c"))
    tree = TreeReport(reports, (PassedOver("notes.txt", "a file", 1),))
    return [tree.to_json(), as_text(tree)]


@of("sim.scene")
def scene(folder: Path) -> Any:
    from bridgelib.sim.demonstrations import demonstrate
    from bridgelib.sim.tasks import TASKS

    shown = {}
    for task in TASKS:
        seen = demonstrate(task, seed=2**48 + 5, image_size=(48, 64), action_noise=0.005)
        moved = [np.round(rows, 4).tolist() for rows in (seen.states + 0.0, seen.actions + 0.0)]
        shown[task] = [seen.instruction, *moved, _coarse(np.stack(seen.images[::10]))]
    return shown


@of("sim.demonstrations")
def demonstrations(folder: Path) -> Any:
    import pickle

    from bridgelib.sim.demonstrations import write_dated_folder
    from bridgelib.sim.plan import PlanEntry

    entry = PlanEntry("push_blue_cylinder_onto_green_cloth", DATES[0], 2, seed=3, image_size=(48, 64))
    session = write_dated_folder(folder, entry)
    names = sorted(path.relative_to(session).as_posix() for path in results_below(session))
    written = [json.loads((session / name).read_text(encoding="utf-8")) for name in names if name.endswith(".json")]
    trajectory = session / "raw" / "traj_group0" / "traj1"
    observed = pickle.loads((trajectory / "obs_dict.pkl").read_bytes())
    outputs = pickle.loads((trajectory / "policy_out.pkl").read_bytes())
    kinds = [{key: [str(value.dtype), value.shape] for key, value in observed.items()}, sorted(outputs[0])]
    times = np.round(observed["time_stamp"], 3)
    return [names, _without(written, "origin"), kinds, times, (trajectory / "lang.txt").read_text(encoding="utf-8")]


@of("language.hashing")
def hashing(folder: Path) -> Any:
    from bridgelib.language.hashing import hashed

    told = ["put the red cube on the plate", "Öffne die Schublade!", "", "open the drawer 2"]
    return np.round(hashed(told).astype(np.float64), 4) + 0.0


@of("language.table")
def table(folder: Path) -> bytes:
    from bridgelib.language.table import LanguageTable

    embeddings = np.arange(6, dtype=np.float32).reshape(3, 2)
    told = LanguageTable(("", "close it", "öffne es"), embeddings, {"name": "hashing", "settings": {}})
    told.save(folder / "alone")
    told.save(folder / "told", {"versions": {}, "data": {"task": "0123"}})
    return (folder / "alone").read_bytes() + (folder / "told").read_bytes()


@of("evaluation.results")
def results(folder: Path) -> Any:
    from bridgelib.evaluation.results import task_result
    from bridgelib.evaluation.table import as_text, success_summary
    from tests.evaluation.test_results import episodes

    one, other = ({"tasks": {"put": task_result(episodes(outcomes))}} for outcomes in ("sfso" * 10, "f" * 40))
    policies = {
        "bc": {**one, "policy": {"blind": False}, "held_out_tasks": other["tasks"]},
        "gc": {**other, "policy": {"blind": False}},
        "dark": {**other, "policy": {"blind": True}},
    }
    summary = success_summary({"references": {"expert": one, "random": other}}, policies)
    return [one, _rounded(summary), as_text(summary)]


@of("evaluation.offline.evaluate")
def evaluate(folder: Path) -> Any:
    """What the policy does depends on JAX: of that the structure; what its baselines do, as numbers."""
    from bridgelib.evaluation.offline.evaluate import evaluation
    from tests.conftest import REPOSITORY
    from tests.evaluation.offline.untrained import TASK, read_experiment, untrained_policy, write_experiments
    from tests.training.records import write_task

    write_task(folder / TASK)
    chosen = read_experiment(write_experiments(folder / "runs.yaml", "bc"), REPOSITORY)
    found = evaluation(chosen, untrained_policy(chosen, folder), folder, [[TASK]])
    baselines = {who: found["overall"][who] for who in ("mean_action", "previous_action", "nearest_neighbour")}
    return [_structure(found), _rounded(baselines)]


@of("policy.spec")
def spec(folder: Path) -> Any:
    from tests.policy.fakes import spec

    return spec().to_json()


def _rounded(content: Any) -> Any:
    if isinstance(content, dict):
        return {key: _rounded(value) for key, value in content.items()}
    if isinstance(content, list | tuple):
        return [_rounded(value) for value in content]
    return round(content, 3) + 0.0 if isinstance(content, float) else content


def _structure(content: Any) -> Any:
    """Keys and kinds: of lists that of the first entry, of texts themselves where they are words and no pictures."""
    if isinstance(content, dict):
        return {key: _structure(value) for key, value in content.items()}
    if isinstance(content, list | tuple):
        return [_structure(content[0])] if content else []
    return content if isinstance(content, str) and len(content) < 300 else type(content).__name__


@of("report.page")
def report_page(folder: Path) -> list[str]:
    """Only the order of its parts: whoever changes more than words or looks raises the version."""
    import re
    from datetime import datetime

    from bridgelib.config.machines import MachineProfile
    from bridgelib.report.page import page
    from bridgelib.report.reading import Facts
    from bridgelib.report.subject import Subject

    machine = MachineProfile(*(str(folder / root) for root in ("raw", "numpy", "tfrecord", "runs")))
    facts = Facts(Subject(machine, None, {}, {}), [], {}, [], [])
    return re.findall(r'<(\w+)[^>]* id="([\w-]+)"', page(facts, {}, datetime(2026, 1, 1)))
