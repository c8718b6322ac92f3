"""What a command line asks for, as far as it decides what is checked before any job starts."""

from collections.abc import Sequence
from itertools import pairwise

WITHOUT_DATA = {"environments"}
WITHOUT_TRAINING = {"numpy", "tfrecords", "data_report"}
WITHOUT_RECORDS = {"numpy"}
TRAINING = {"all", "train_all"}
ONLY_TOLD = {"forecast"}

# Options of Snakemake under which no job is started: a full disk must not stand in the way of `--delete-all-output`.
_MAKES_NOTHING = {
    *("--unlock", "--lint", "--touch", "-t", "--summary", "-S", "--detailed-summary", "-D", "--list-rules", "--list"),
    *("-l", "--list-target-rules", "--lt", "--dag", "--rulegraph", "--filegraph", "--d3dag", "--report", "--archive"),
    *("--delete-all-output", "--delete-temp-output", "--cleanup-metadata", "--cm", "--cleanup-shadow"),
    *("--list-changes", "--lc", "--list-input-changes", "--li", "--list-params-changes", "--lp", "--list-untracked"),
    *("--lu", "--list-conda-envs"),
}


def targets_in(words: Sequence[str]) -> set[str]:
    """The targets among the words of a command line; the `all` of `--quiet all` is none."""
    quiet = {after for after, (option, _) in enumerate(pairwise(words), 1) if option in ("-q", "--quiet")}
    known = WITHOUT_DATA | WITHOUT_TRAINING | TRAINING | ONLY_TOLD
    return {word for place, word in enumerate(words) if word in known and not (word == "all" and place in quiet)}


def makes_nothing(words: Sequence[str]) -> bool:
    """Whether no job will be started."""
    return not _MAKES_NOTHING.isdisjoint(words)
