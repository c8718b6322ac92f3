"""What jobs took, by the benchmarks that Snakemake wrote, beside what was forecast."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bridgelib.report.subject import Expected, Subject

STEPS = (
    *("simulate_demonstrations", "raw_to_numpy", "numpy_to_tfrecord", "train_policy", "evaluate_policy"),
    *("rollout_policy", "rollout_references"),
)
"""Those that are measured, in the order data flows."""


@dataclass(frozen=True)
class Cost:
    """What the jobs of one step took.

    Attributes:
        step: The rule.
        jobs: How many were measured.
        seconds: All their seconds added up.
        longest: Those of the longest.
        memory: Peak resident memory of the largest, bytes; None where it was not measured.
        expected: The forecast; None where there is none.
    """

    step: str
    jobs: int
    seconds: float
    longest: float
    memory: float | None
    expected: Expected | None


def costs(subject: Subject) -> list[Cost]:
    """The steps of which something is known."""
    expected = {each.step: each for each in subject.expected}
    made = [_cost(step, subject.work / "benchmarks" / step, expected.get(step)) for step in STEPS]
    return [cost for cost in made if cost.jobs or cost.expected]


def _cost(step: str, folder: Path, expected: Expected | None) -> Cost:
    measured = [found for path in sorted(folder.glob("**/*.tsv")) if (found := _measured(path))]
    seconds = [row["s"] for row in measured if "s" in row]
    memory = [row["max_rss"] * 1e6 for row in measured if "max_rss" in row]
    return Cost(step, len(measured), sum(seconds), max(seconds, default=0.0), max(memory, default=None), expected)


def _measured(path: Path) -> Mapping[str, float]:
    """The last line of a benchmark: column -> number; what is not measured (`NA`) is left out."""
    try:
        head, *_, last = path.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError):
        return {}
    return dict(_numbers(head.split("\t"), last.split("\t")))


def _numbers(names: Sequence[str], texts: Sequence[str]) -> Iterator[tuple[str, float]]:
    for name, text in zip(names, texts, strict=False):
        try:
            yield name, float(text)
        except ValueError:
            continue
