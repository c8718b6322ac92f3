"""A machine's training runs and their validation errors, as a table in plain text."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bridgelib.config.experiments import Experiment, families
from bridgelib.evaluation.seeds import mean_with_margin
from bridgelib.files import read_json
from bridgelib.text import aligned, duration

_HEAD = ("experiment", "steps", "first error", "last error", "best error", "error of the mean", "time", "state")
_SCORES = ("first", "last", "best")


def runs_as_text(done_files: Sequence[Path], seeds: Mapping[str, Sequence[str]] | None = None) -> str:
    """One line per experiment: steps, validation errors and time; one more for each of which several seeds are done.

    The error is the squared distance between predicted and demonstrated action in normalised units, averaged over all
    transitions of the validation split; that of always predicting the mean action stands beside it.

    Args:
        done_files: `<runs>/<experiment>/done.json` of each; one that is missing is shown as not trained.
        seeds: Name -> the experiments that share it and differ in their seeds; their mean has a line.
    """
    found = {Path(path).parent.name: read_json(path) if Path(path).is_file() else None for path in done_files}
    last_of = {members[-1]: (family, members) for family, members in (seeds or {}).items()}
    lines, several = [], False
    for name, content in found.items():
        lines.append(_line(name, content))
        if name in last_of:
            family, members = last_of[name]
            lines.append(_line_of_seeds(family, [found.get(member) for member in members]))
            several = True
    told = "\n± is half the 95 % interval of the mean over seeds (Student's t).\n" if several else ""
    return aligned(_HEAD, lines) + "\n" + told


def seeds_as_words(experiments: Mapping[str, Experiment]) -> list[str]:
    """NAME=MEMBER,MEMBER for each group of experiments that differ only in their seeds, as scripts take it."""
    return [f"{family}={','.join(names)}" for family, names in families(experiments).items()]


def _line(name: str, content: Mapping[str, Any] | None) -> tuple[str, ...]:
    if content is None:
        return (name, *("-",) * 6, "not trained")
    scores = content["validation"]
    errors = [f"{scores[which]['mse']:.3f}" if scores else "-" for which in _SCORES]
    mean = f"{scores['last']['mse_of_mean_action']:.3f}" if scores else "-"
    return (name, f"{content['step']:,}", *errors, mean, duration(content["seconds"]), "done")


def _line_of_seeds(family: str, members: Sequence[Mapping[str, Any] | None]) -> tuple[str, ...]:
    """The mean over those seeds that are done; nothing where it is fewer than two."""
    scores = [content["validation"] for content in members if content and content["validation"]]
    errors = ["-"] * len(_SCORES)
    if len(scores) > 1:
        means = (mean_with_margin([score[which]["mse"] for score in scores]) for which in _SCORES)
        errors = [f"{mean:.3f} ± {margin:.3f}" for mean, margin in means]
    done = sum(content is not None for content in members)
    return (f"{family}, mean", "-", *errors, "-", "-", f"{done} of {len(members)} seeds done")
