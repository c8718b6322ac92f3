"""Where every trajectory went: found = kept + rejected, kept = train + val, for each task and the whole tree.

Reads the `report.json` of the tasks; needs nothing beyond the standard library.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from bridgelib.errors import DataError
from bridgelib.files import read_json
from bridgelib.formats.report import Remark
from bridgelib.layout import REPORT, SPLITS
from bridgelib.origins import with_release
from bridgelib.raw.remarks import Noticed
from bridgelib.raw.tree import PassedOver

VERSION = 1


@dataclass(frozen=True)
class Account:
    """What became of the trajectories of a task, or of several added up.

    Attributes:
        found: Trajectories in the raw tree.
        rejected: How many were rejected, by reason.
        passed_over: Entries of the raw tree that are no trajectories.
        train: Trajectories for training.
        val: Trajectories for validation.
        frames: Camera images kept, each counted once.
        bytes: Size of the TFRecords.
        instructed: Kept trajectories that have an instruction.
        remarks: How many remarks there are on those kept, by kind.
    """

    found: int = 0
    rejected: Counter = field(default_factory=Counter)
    passed_over: int = 0
    train: int = 0
    val: int = 0
    frames: int = 0
    bytes: int = 0
    instructed: int = 0
    remarks: Counter = field(default_factory=Counter)

    @property
    def kept(self) -> int:
        """Trajectories in either split."""
        return self.train + self.val

    def __add__(self, other: "Account") -> "Account":
        return Account(**{key: getattr(self, key) + getattr(other, key) for key in self.__dataclass_fields__})

    def to_json(self) -> dict:
        """The account as plain numbers."""
        sorted_counts = {key: dict(sorted(getattr(self, key).items())) for key in ("rejected", "remarks")}
        return {**vars(self), "kept": self.kept, **sorted_counts}


@dataclass(frozen=True)
class TaskReport:
    """One task's `report.json`: its account, each rejected trajectory, what was passed over, and each remark."""

    task: str
    account: Account
    rejected: tuple[Mapping, ...]
    passed_over: tuple[Mapping, ...]
    remarks: tuple[Mapping, ...] = ()

    @classmethod
    def read(cls, path: Path, root: Path) -> "TaskReport":
        """Read the report of the task whose folder lies below `root`.

        Raises:
            DataError: The report is missing, is none of a task, or its numbers do not add up.
        """
        path = Path(path)
        content = read_json(path)
        try:
            remarks = tuple(content.get("remarks", ()))
            account = Account(
                found=content["found"],
                rejected=Counter(entry["reason"] for entry in content["rejected"]),
                passed_over=sum(entry["count"] for entry in content["passed_over"]),
                train=content["train"]["trajectories"],
                val=content["val"]["trajectories"],
                frames=sum(content[split]["frames"] for split in SPLITS),
                bytes=sum(content[split]["bytes"] for split in SPLITS),
                instructed=content["instructed"],
                remarks=Counter(entry["remark"] for entry in remarks),
            )
            adds_up = account.found == content["kept"] + account.rejected.total() and content["kept"] == account.kept
        except (KeyError, TypeError, AttributeError) as error:
            given = f"not the report of a task ({type(error).__name__}: {error})"
            raise DataError(path, given=given, do="run numpy_to_tfrecord on this task again") from error
        if not adds_up:
            raise DataError(
                path,
                given=f"found {account.found}, kept {content['kept']}, rejected {account.rejected.total()}, "
                f"train {account.train}, val {account.val}",
                allowed="found = kept + rejected, kept = train + val",
                do="run numpy_to_tfrecord on this task again",
            )
        name, rejected = _name(path.parent, root), tuple(content["rejected"])
        return cls(name, account, rejected, tuple(content["passed_over"]), remarks)


@dataclass(frozen=True)
class TreeReport:
    """The reports of all tasks.

    Attributes:
        tasks: In the order given.
        outside: What was passed over in the raw tree outside its dated folders.
        misplaced: Remarks on the raw tree itself.
        excluded: Tasks that the machine profile leaves out; `count` is the number of their dated folders.
        unconverted: Task -> why it has no report.
        origin: What it was made from; see `bridgelib.conversion.data_origins.data_report_origin`.
    """

    tasks: tuple[TaskReport, ...]
    outside: tuple[PassedOver, ...] = ()
    misplaced: tuple[Noticed, ...] = ()
    excluded: tuple[PassedOver, ...] = ()
    unconverted: Mapping[str, str] = field(default_factory=dict)
    origin: Mapping[str, Any] | None = None

    @property
    def total(self) -> Account:
        """All tasks and what lies outside, added up."""
        remarks = Counter(noticed.remark for noticed in self.misplaced)
        outside = Account(passed_over=sum(entry.count for entry in self.outside), remarks=remarks)
        return sum((task.account for task in self.tasks), start=outside)

    @property
    def remarks(self) -> list[dict]:
        """Each remark with its task, None for those on the raw tree itself, which come first."""
        told = [{"task": None, **asdict(Remark.of(None, noticed))} for noticed in self.misplaced]
        return told + [{"task": task.task, **entry} for task in self.tasks for entry in task.remarks]

    def to_json(self) -> dict:
        """Accounts of tasks and whole tree; every rejected trajectory, remark, and what was passed over, and why."""
        return {
            "tasks": {task.task: task.account.to_json() for task in self.tasks},
            "total": self.total.to_json(),
            "rejected": [{"task": task.task, **entry} for task in self.tasks for entry in task.rejected],
            "remarks": self.remarks,
            "passed_over": [entry for task in self.tasks for entry in task.passed_over]
            + [asdict(entry) for entry in self.outside],
            "excluded": [asdict(entry) for entry in self.excluded],
            "unconverted": dict(self.unconverted),
            "origin": self.origin and with_release(self.origin),
        }


def find_reports(root: Path) -> list[Path]:
    """The reports of all tasks below a TFRecord root, sorted.

    Raises:
        DataError: There is none.
    """
    reports = sorted(Path(root).glob(f"**/{REPORT}"))
    if not reports:
        raise DataError(root, given="no report.json in any folder below", do="run numpy_to_tfrecord first")
    return reports


def _name(folder: Path, root: Path) -> str:
    """A task's path below the root, with forward slashes."""
    folder, root = Path(folder).resolve(), Path(root).resolve()
    return folder.relative_to(root).as_posix() if folder.is_relative_to(root) else folder.name
