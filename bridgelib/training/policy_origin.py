"""What a trained policy was made from. Standard library and YAML only: the Snakefile asks while it is parsed."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from bridgelib.config.datasets import Dataset
from bridgelib.config.experiments import Experiment
from bridgelib.data.records_digest import records_digests
from bridgelib.errors import DataError
from bridgelib.files import read_json
from bridgelib.language.processor_settings import needs_language
from bridgelib.language.table_origin import origin_in_table
from bridgelib.origins import UNKNOWN, digest_of, origin_in


def training_origin(experiment: Experiment, data_root: Path, tasks: Iterable[str], language: Path) -> dict[str, Any]:
    """The origin of an experiment's trained policy, as done.json records it.

    Args:
        experiment: The experiment.
        data_root: The folder of its tasks.
        tasks: Its tasks.
        language: Its language table, if it follows instructions.
    """
    origin = {"experiment": experiment.digest, "data": records_digests(data_root, tasks)}
    if needs_language(experiment):
        table = origin_in_table(language)
        origin["language"] = UNKNOWN if table is None else digest_of(table)
    return origin


def recorded_origin(done: Path, experiment: Experiment) -> Mapping[str, Any] | None:
    """The origin that done.json carries; None where it cannot be read.

    A done.json of an earlier version carries none; then the experiment comes from the run's config.json, and the rest
    is UNKNOWN.
    """
    if (origin := origin_in(done)) is not None:
        return origin
    try:
        run = read_json(done.parent / read_json(done)["run"] / "config.json")
        identity = run["identity"]
        former = Experiment("", identity["algorithm"], Dataset(**identity["dataset"]), run["config"])
    except (DataError, KeyError, TypeError):
        return None
    unknown = ("data", "language") if needs_language(experiment) else ("data",)
    return {"experiment": former.digest, **dict.fromkeys(unknown, UNKNOWN)}
