"""The account of one dated folder: what was found, kept, remarked on, rejected and passed over, beside its shard."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bridgelib.errors import DataError
from bridgelib.files import read_json, write_json
from bridgelib.origins import with_release, without_release
from bridgelib.raw.rejection import Rejected
from bridgelib.raw.remarks import Noticed
from bridgelib.raw.tree import PassedOver

VERSION = 1


@dataclass(frozen=True)
class RejectedTrajectory:
    """A trajectory that was not kept.

    Attributes:
        trajectory: Its folder relative to the raw root, with forward slashes.
        reason: A key of `bridgelib.raw.rejection.REASONS`.
        detail: Which file, and what was found there.
    """

    trajectory: str
    reason: str
    detail: str

    @classmethod
    def of(cls, trajectory: str, rejected: Rejected) -> "RejectedTrajectory":
        """The entry for a trajectory that could not be read."""
        return cls(trajectory, rejected.reason, rejected.detail)


@dataclass(frozen=True)
class Remark:
    """Something odd about what was kept.

    Attributes:
        trajectory: Its folder relative to the raw root, with forward slashes; None where it concerns a whole task.
        remark: A key of `bridgelib.raw.remarks.REMARKS`.
        detail: Where, and what was found there.
    """

    trajectory: str | None
    remark: str
    detail: str

    @classmethod
    def of(cls, trajectory: str | None, noticed: Noticed) -> "Remark":
        """The entry for something that was noticed while a trajectory was read."""
        return cls(trajectory, noticed.remark, noticed.detail)


@dataclass(frozen=True)
class Report:
    """The account of one dated folder.

    Attributes:
        found: Trajectories in the dated folder.
        kept: Trajectories in its shard.
        transitions: Actions of those kept.
        instructed: Trajectories kept that have an instruction.
        rejected: Trajectories not kept, in natural order.
        passed_over: What is no trajectory, its paths relative to the raw root.
        remarks: What is odd about those kept, in natural order.
        origin: What shard and report were made from; see `bridgelib.conversion.data_origins.shard_origin`.
        content: A digest of what they hold; see `bridgelib.conversion.contents`.

    Raises:
        DataError: A trajectory is unaccounted for: found is not kept + rejected.
    """

    found: int
    kept: int
    transitions: int
    instructed: int
    rejected: tuple[RejectedTrajectory, ...]
    passed_over: tuple[PassedOver, ...]
    remarks: tuple[Remark, ...] = ()
    origin: Mapping[str, Any] | None = None
    content: str = ""

    def __post_init__(self) -> None:
        if self.found != self.kept + len(self.rejected):
            raise DataError(
                "the account of a dated folder",
                given=f"{self.found} trajectories found, {self.kept} kept, {len(self.rejected)} rejected",
                allowed="found = kept + rejected",
                do="remove the shard and its report, and run raw_to_numpy again",
            )

    def as_text(self) -> str:
        """The counts, and a line for each reason to reject, to pass over or to remark on."""
        lines = [f"{self.found} trajectories found, {self.kept} kept, {len(self.rejected)} rejected"]
        rejected = Counter(entry.reason for entry in self.rejected)
        passed_over: Counter[str] = Counter()
        for entry in self.passed_over:
            passed_over[entry.why] += entry.count
        remarks = Counter(entry.remark for entry in self.remarks)
        for label, counter in (("rejected", rejected), ("passed over", passed_over), ("remark", remarks)):
            lines += [f"  {label:<11}  {count:>6}  {why}" for why, count in counter.most_common()]
        return "\n".join(lines)

    def save(self, path: Path) -> None:
        """Write `<date>.report.json`, whole or not at all."""
        write_json(path, {**asdict(self), "origin": self.origin and with_release(self.origin)})

    @classmethod
    def load(cls, path: Path) -> "Report":
        """Read a report.

        Raises:
            DataError: The file is missing, is not a report, or leaves a trajectory unaccounted for.
        """
        content = read_json(path)
        try:
            rejected = tuple(RejectedTrajectory(**entry) for entry in content["rejected"])
            passed_over = tuple(PassedOver(**entry) for entry in content["passed_over"])
            remarks = tuple(Remark(**entry) for entry in content.get("remarks", ()))
            read = {"rejected": rejected, "passed_over": passed_over, "remarks": remarks}
            return cls(**{**content, **read, "origin": without_release(content.get("origin"))})
        except (TypeError, KeyError) as error:
            raise DataError(
                path, given=f"not a report of raw_to_numpy: {error}", do="remove it and run raw_to_numpy again"
            ) from error
