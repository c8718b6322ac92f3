"""A look at the TFRecords of a task: the most unusual trajectories, with pictures; its numbers and words."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from bridgelib.conversion.accounting import TaskReport
from bridgelib.data.angles import wrapped
from bridgelib.data.dimensions import ANGLES
from bridgelib.data.records import Records
from bridgelib.data.statistics import Statistics
from bridgelib.errors import BridgeError, DataError
from bridgelib.files import read_json
from bridgelib.formats.index import load_index
from bridgelib.layout import SPLITS, STATISTICS, records_path
from bridgelib.report import forms
from bridgelib.report.bounds import SHEETS, evenly
from bridgelib.report.forms import require
from bridgelib.report.pictures import strip
from bridgelib.report.unusual import FEATURES, NOTABLE, features, scores

_SIZES = ((100_000, 112, 12), (40_000, 96, 8), (0, 64, 4))  # bytes at least, height of a frame, trajectories at most
_ROWS = 200_000  # of all tasks together, in the sample


@dataclass(frozen=True)
class Shown:
    """A trajectory to look at.

    Attributes:
        name: Its folder in the raw tree; empty where the TFRecord does not say.
        length: Its transitions.
        why: A feature and its score, of the most unusual one; None for a usual one.
        remarks: What is remarked on it.
        instruction: The first of its instructions.
        picture: Its first, middle and last frame.
    """

    name: str
    length: int
    why: tuple[str, float] | None
    remarks: Sequence[str]
    instruction: str
    picture: str


@dataclass(frozen=True)
class Sample:
    """Rows spread evenly over a task; each stands for as many as there are for each.

    Attributes:
        state, action: float32 [n, 7]; the action as commanded.
        reached, later: float32 [n, 6]; the motion in the same step, and in the next one.
        weight: How many transitions a row stands for.
    """

    state: np.ndarray
    action: np.ndarray
    reached: np.ndarray
    later: np.ndarray
    weight: float


@dataclass(frozen=True)
class TaskLook:
    """What is to be seen of a task.

    Attributes:
        report: Its account.
        shown: The trajectories to look at, the most unusual first.
        unusual: How many are unusual.
        sample: A sample of its numbers; None where nothing was kept.
        instructions: Instruction -> trajectories that have it.
        statistics: Of its training side; None where there is none.
        trouble: Why nothing can be seen.
    """

    report: TaskReport
    shown: Sequence[Shown] = ()
    unusual: int = 0
    sample: Sample | None = None
    instructions: Mapping[str, int] = field(default_factory=dict)
    statistics: Statistics | None = None
    trouble: str = ""


def look_at(report: TaskReport, root: Path, tasks: int) -> TaskLook:
    """Look at a task.

    Args:
        report: Its account.
        root: The root of the TFRecords.
        tasks: How many tasks share the page.
    """
    folder = root / report.task
    if not report.account.kept:
        return TaskLook(report)
    try:
        files = [records_path(folder, split) for split in SPLITS]
        indices = [load_index(file) for file in files]
        names = [name for index in indices for name in index.names]
        require(content := read_json(folder / STATISTICS), forms.STATISTICS, folder / STATISTICS)
        statistics = Statistics.from_json(content)
        records = Records(files, indices, threads=2)
        judged = scores(features(records.state, np.append(records.first_frame, len(records.state))))
        return TaskLook(
            report=report,
            shown=_shown(records, names, judged, report, SHEETS // tasks),
            unusual=int((np.abs(judged).max(axis=1) > NOTABLE).sum()),
            sample=_sample(records, _ROWS // tasks),
            instructions=Counter(text for texts in records.languages for text in set(texts) if text.strip()),
            statistics=statistics,
        )
    except BridgeError as error:
        return TaskLook(report, trouble=str(error))
    except (KeyError, TypeError, ValueError) as error:
        return TaskLook(report, trouble=str(DataError(folder, given=repr(error), do="convert this task again")))


def _shown(records: Records, names: Sequence[str], judged: np.ndarray, report: TaskReport, allowed: int) -> list[Shown]:
    """The most unusual trajectories, those with remarks before others; the most usual one last."""
    height, most = next((height, most) for least, height, most in _SIZES if allowed >= least)
    remarks: dict[str, list[str]] = {}
    for entry in report.remarks:
        remarks.setdefault(entry["trajectory"] or "", []).append(entry["remark"])
    worst = np.abs(judged).max(axis=1)
    remarked = np.array([name in remarks and name != "" for name in names])
    order = np.lexsort((np.arange(len(worst)), -worst, ~remarked))
    chosen = [*order[: most - 1], *([usual] if (usual := int(worst.argmin())) not in order[: most - 1] else [])]
    made, taken = list[Shown](), 0
    for number in map(int, chosen):
        first, length = int(records.first_frame[number]), int(records.lengths[number])
        picture = strip(records.images(np.array([first, first + length // 2, first + length])), height)
        taken += len(picture)
        if made and taken > allowed:
            break
        place = int(np.abs(judged[number]).argmax())
        why = (FEATURES[place], float(judged[number, place])) if worst[number] > NOTABLE else None
        told = next(iter(records.languages[number]), "")
        made.append(
            Shown(names[number], length, why, remarks.get(names[number], ()) if names[number] else (), told, picture)
        )
    return made


def _sample(records: Records, most: int) -> Sample:
    """Some transitions, spread evenly; the last of each trajectory, which no motion follows, is left out."""
    followed = np.ones(len(records.actions), bool)
    followed[records.first_action + records.lengths - 1] = False
    transitions = np.flatnonzero(followed)
    rows = transitions[evenly(len(transitions), max(2, most))]
    frames = rows + np.searchsorted(records.first_action, rows, side="right") - 1  # one frame more in each trajectory
    state, weight = records.state, len(transitions) / max(1, len(rows))
    return Sample(state[frames], records.actions[rows], _motion(state, frames), _motion(state, frames + 1), weight)


def _motion(state: np.ndarray, frames: np.ndarray) -> np.ndarray:
    """What is reached in the step after some frames, int64 [n]: float32 [n, 6], rotations the shorter way round."""
    motion = state[frames + 1, :6] - state[frames, :6]
    motion[:, ANGLES] = wrapped(motion[:, ANGLES])
    return motion
