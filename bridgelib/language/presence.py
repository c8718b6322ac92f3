"""Refuse, before anything runs, an experiment that needs instructions on data that has none.

Standard library and YAML only, and looks at as little as possible: the Snakefile asks while it is being parsed.
"""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from zipfile import BadZipFile, ZipFile

from bridgelib.config.experiments import Experiment
from bridgelib.errors import ConfigError
from bridgelib.language.processor_settings import encoder_settings, needs_language
from bridgelib.layout import REPORT, index_path, records_path
from bridgelib.raw.language import has_instruction

_SHOWN = 5
_ADD = "add lang.txt files, remove the shards of these tasks (<numpy>/<task>/*.npz) and run the same command again"


def refuse_without_language(
    experiment: Experiment, tasks: Sequence[str], tfrecords: Path, raw: Path | None = None
) -> None:
    """Refuse an experiment that learns from instructions where no trajectory has one, as far as is known by now.

    Known is what lies on disk: reports and indices of the TFRecords where they were made, else the raw tree. Where
    nothing was made yet, nothing is refused; `embed_language` counts again once there are TFRecords.

    Args:
        experiment: Any experiment; those that need no instructions pass.
        tasks: The experiment's task folders, relative to both roots.
        tfrecords: The root of its TFRecords.
        raw: The raw root that these are made from; None where they were made elsewhere.

    Raises:
        ConfigError: No task has an instruction, or the encoder's settings cannot be used.
    """
    if not needs_language(experiment):
        return
    where = f"experiment '{experiment.name}'"
    encoder_settings(experiment.config["text_processor"], experiment.config["text_processor_kwargs"], where)
    if all(has_language(tfrecords / task, raw / task if raw else None) is False for task in tasks):
        raise no_language(experiment, tasks)


def no_language(experiment: Experiment, tasks: Sequence[str], held_out: int = 0) -> ConfigError:
    """The refusal.

    Args:
        experiment: What is refused.
        tasks: The experiment's tasks.
        held_out: How many trajectories have an instruction, if all of these are in the validation split.
    """
    if held_out:
        return ConfigError(
            f"experiment '{experiment.name}', dataset '{experiment.dataset.name}'",
            given=f"{experiment.algorithm}, which learns from instructions; {held_out} of its trajectories have one, "
            "but all of these are in the validation split",
            allowed="instructions in the training split",
            do=f"{_ADD}, or take another split: --config split_seed=1",
        )
    more = f" and {len(tasks) - _SHOWN} more" if len(tasks) > _SHOWN else ""
    return ConfigError(
        f"experiment '{experiment.name}', dataset '{experiment.dataset.name}'",
        given=f"{experiment.algorithm}, which learns from instructions, on tasks without one: "
        f"{', '.join(tasks[:_SHOWN])}{more} (language coverage 0 %)",
        allowed="a dataset in which some trajectories have a lang.txt",
        do=f"{_ADD}; or choose another dataset, or train an algorithm without language",
    )


def has_language(tfrecords: Path, raw: Path | None) -> bool | None:
    """Whether some trajectory of a task has an instruction; None where nothing is known of it yet.

    Args:
        tfrecords: The task's folder of TFRecords.
        raw: The task's folder of demonstrations, or None.
    """
    # The raw tree is asked even where the TFRecords say no: they may be older than its newest instructions.
    looks: list[tuple[Callable, Path | None]] = [(_in_report, tfrecords), (_in_indices, tfrecords), (_in_raw, raw)]
    answer = None
    for look, folder in looks:
        found = look(folder) if folder else None
        if found:
            return True
        answer = found if answer is None else answer
    return answer


def _in_report(folder: Path) -> bool | None:
    try:
        return json.loads((folder / REPORT).read_text(encoding="utf-8"))["instructed"] > 0
    except (OSError, ValueError, KeyError, TypeError):
        return None  # the step that needs the report says what is wrong with it


def _in_indices(folder: Path) -> bool | None:
    """Whether the member `languages` of an index holds any character, zeros not counted: former versions filled up."""
    answer = None
    for path in sorted(folder.glob(str(index_path(records_path(Path(), "*"))))):
        try:
            with ZipFile(path) as archive:
                content = archive.read("languages.npy")
        except (OSError, BadZipFile, KeyError):
            continue  # it will be built anew
        header = 10 + int.from_bytes(content[8:10], "little")  # npy format 1.0: magic, version, length, header
        if any(content[header:]):
            return True
        answer = False
    return answer


def _in_raw(folder: Path) -> bool | None:
    trajectories = "*/raw/traj_group*/traj*"
    if any(map(has_instruction, folder.glob(f"{trajectories}/lang.txt"))):  # stops at the first
        return True
    return False if any(folder.glob(trajectories)) else None
