"""What a language table was made from. Standard library and YAML only: the Snakefile asks while it is parsed."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

from bridgelib.config.experiments import Experiment
from bridgelib.data.records_digest import records_digests
from bridgelib.origins import without_release
from bridgelib.versions import versions_of

MEMBER = "origin.json"
"""The archive's member that holds the origin; numpy does not read it."""


def table_origin(experiment: Experiment, data: Path, tasks: Sequence[str]) -> dict[str, Any]:
    """The origin of an experiment's language table.

    Args:
        experiment: One that follows instructions.
        data: The root of its TFRecords.
        tasks: The experiment's task folders below the root.
    """
    encoder = {key: experiment.config[key] for key in ("text_processor", "text_processor_kwargs")}
    return {"versions": versions_of("embed_language"), **encoder, "data": records_digests(data, tasks)}


def origin_in_table(path: Path) -> Mapping[str, Any] | None:
    """The origin that a table carries; None where it is missing, cannot be read, or carries none."""
    try:
        with ZipFile(path) as archive:
            return without_release(json.loads(archive.read(MEMBER)))
    except (OSError, BadZipFile, KeyError, ValueError):
        return None
