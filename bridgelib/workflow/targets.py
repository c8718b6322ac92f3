"""The targets of a command line, which decide what is checked before any job starts."""

import re
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from itertools import pairwise

from bridgelib.config.schema import read_value
from bridgelib.errors import ConfigError

WITHOUT_DATA = {"environments", "report", "status", "trace", "verify", "verify_records"}
WITHOUT_TRAINING = {"numpy", "tfrecords", "data_report"}
WITHOUT_RECORDS = {"numpy"}
TRAINING = {"all", "train_all", "rollout_references", "success", "evaluate_all"}
SIMULATED = {"rollout_references", "success"}
ROLLED_OUT = {"all", "success"}
FORECAST = {"forecast"}

TARGETS = sorted(WITHOUT_DATA | WITHOUT_TRAINING | TRAINING | FORECAST | {"doctor"})
# Options that take no value, before a target.
_SWITCHES = {"-n", "-p", "-k", "-f", "-F", "--", "--dry-run", "--dryrun", "--keep-going", "--force", "--forceall"}

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
    known = WITHOUT_DATA | WITHOUT_TRAINING | TRAINING | FORECAST
    return {word for place, word in enumerate(words) if word in known and not (word == "all" and place in quiet)}


def refuse_misunderstood(words: Sequence[str], runs: Mapping[str, str]) -> None:
    """Refuse words that Snakemake takes otherwise than they are meant, or refuses without saying what was meant.

    Args:
        words: The words of a command line.
        runs: Experiment -> the file that Snakemake knows its training by.

    Raises:
        ConfigError: `--config` twice, of which Snakemake silently forgets the first; a target misspelt; an experiment
            asked for by its name; a setting that `read_value` refuses.
    """
    for key, value in _settings_in(words):
        read_value(value, f"the command line, --config {key}={value}")
    if sum(bool(re.fullmatch(r"--config(=.*)?|-C.*", word)) for word in words) > 1:
        raise ConfigError(
            "the command line",
            given="--config more than once, of which only the last would count",
            do="write all settings after one: --config machine=NAME im_size=128",
        )
    for before, word in pairwise(["--", *words]):
        is_value = before.startswith("-") and before not in _SWITCHES
        if is_value or not re.fullmatch(r"\w[\w.-]*", word):
            continue
        close = [] if word in TARGETS else get_close_matches(word, TARGETS, n=1, cutoff=0.75)
        if word in runs or close:
            what = "an experiment, which is no target" if word in runs else "no target"
            do = f"ask for its file: {runs[word]}" if word in runs else f"did you mean '{close[0]}'?"
            raise ConfigError("the command line", given=f"'{word}', {what}", allowed=TARGETS, do=do)


def _settings_in(words: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Key and value of every setting after `--config`, up to the next option."""
    after_config = False
    for word in words:
        option = re.fullmatch(r"(--config$|--config=|-C)(.*)", word, re.DOTALL)
        after_config = bool(option) or (after_config and not word.startswith("-"))
        key, equals, value = (option[2] if option else word).partition("=")
        if after_config and equals:
            yield key, value


def makes_nothing(words: Sequence[str]) -> bool:
    """Whether no job will be started."""
    return not _MAKES_NOTHING.isdisjoint(words)
