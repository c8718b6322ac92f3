"""What a page is about: where things lie, and what the workflow's plan knows of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bridgelib.config.experiments import Experiment
from bridgelib.config.machines import MachineProfile
from bridgelib.conversion.accounting import TreeReport


@dataclass(frozen=True)
class Expected:
    """The forecast for one kind of job, and the disk that its results take.

    Attributes:
        step: The rule.
        memory: Peak resident memory of its largest job, bytes; None where there is no forecast.
        disk: Of all its results, bytes; None likewise.
        there: What its results take now.
        seconds: Of all its jobs, each alone on the machine; None where `snakemake forecast` did not time them.
    """

    step: str
    memory: int | None
    disk: int | None
    there: int
    seconds: float | None = None


@dataclass(frozen=True)
class Subject:
    """What the page is about.

    Attributes:
        machine: The machine.
        tree: What became of the raw demonstrations; None where that cannot be read.
        experiments: By name.
        tasks: Experiment -> its tasks, each with its folder.
        families: Name -> the experiments that share it and differ in their seeds.
        outdated: Experiment -> what its results would be made from otherwise now.
        expected: Forecasts, step by step.
        troubles: What stood in the way of all this: messages.
        work: The folder that the workflow was called from, with its logs/ and benchmarks/.
        settings: What else was chosen, for people.
    """

    machine: MachineProfile
    tree: TreeReport | None
    experiments: Mapping[str, Experiment]
    tasks: Mapping[str, Sequence[Path]]
    families: Mapping[str, Sequence[str]] = field(default_factory=dict)
    outdated: Mapping[str, Sequence[str]] = field(default_factory=dict)
    expected: Sequence[Expected] = ()
    troubles: Sequence[str] = ()
    work: Path = Path()
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def runs(self) -> Path:
        """The folder of the experiments."""
        return Path(self.machine.runs)

    @property
    def records(self) -> Path:
        """The root of the TFRecords."""
        return Path(self.machine.tfrecord)
