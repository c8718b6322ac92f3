"""Remarks of a task's report: those on single trajectories, and those on all of them together."""

from collections.abc import Collection, Iterator, Sequence

import numpy as np

from bridgelib.data.actions import binarised_gripper
from bridgelib.data.remarks import remarks_on
from bridgelib.data.statistics import Statistics
from bridgelib.formats.index import RecordIndex
from bridgelib.formats.report import Remark, Report
from bridgelib.raw.gripper import CLOSED_BELOW, OPEN_ABOVE
from bridgelib.raw.remarks import Noticed
from bridgelib.raw.tree import natural_key


def task_remarks(
    reports: Sequence[Report],
    left_out: Collection[str],
    indices: Sequence[RecordIndex],
    statistics: Statistics | None,
) -> list[Remark]:
    """The remarks of a task.

    Args:
        reports: The reports of its dated folders.
        left_out: Trajectories that these kept and the task rejects.
        indices: The indices of both splits.
        statistics: The statistics of the training split; None where nothing was kept.

    Returns:
        Those on the whole task, then those on trajectories in natural order.
    """
    told = [remark for report in reports for remark in report.remarks if remark.trajectory not in left_out]
    of_statistics = remarks_on(statistics) if statistics else ()
    of_all = [Remark.of(None, noticed) for noticed in (*_gripper_of_all(indices), *of_statistics)]
    return of_all + sorted(told, key=lambda remark: natural_key(remark.trajectory or ""))


def _gripper_of_all(indices: Sequence[RecordIndex]) -> Iterator[Noticed]:
    """Whether the gripper ever opens, and ever closes, as training sees its commands."""
    commands = [actions[:, 6] for index in indices for _, actions in index.trajectories()]
    if not commands:
        return
    seen = np.concatenate([binarised_gripper(each) for each in commands])
    low, high = min(each.min() for each in commands), max(each.max() for each in commands)
    told = f"the commands of {len(commands)} trajectories go from {low:.4g} to {high:.4g}"
    if not (seen > OPEN_ABOVE).any():
        yield Noticed("gripper_never_opens", f"{told}; open is above {OPEN_ABOVE}")
    if not (seen < CLOSED_BELOW).any():
        yield Noticed("gripper_never_closes", f"{told}; closed is below {CLOSED_BELOW}")
