"""The embedding step: from the TFRecords of an experiment to its language table."""

from collections.abc import Sequence
from pathlib import Path

from bridgelib.config.experiments import Experiment
from bridgelib.errors import ConfigError
from bridgelib.formats.index import load_index
from bridgelib.language.coverage import Coverage, as_text, total
from bridgelib.language.encoder import make_encoder
from bridgelib.language.presence import no_language
from bridgelib.language.processor_settings import needs_language
from bridgelib.language.table import LanguageTable
from bridgelib.layout import SPLITS, records_path


def embed_instructions(experiment: Experiment, data: Path, tasks: Sequence[str]) -> LanguageTable:
    """Embed the instructions of both splits of an experiment's tasks; print the language coverage of each task.

    Args:
        experiment: One with `text_processor` in its configuration.
        data: The root of its TFRecords.
        tasks: The experiment's task folders below the root.

    Raises:
        ConfigError: The experiment needs no instructions, there are none, or the encoder cannot be made.
        DataError: A TFRecord is missing or damaged.
    """
    where = f"experiment '{experiment.name}'"
    if not needs_language(experiment):
        raise ConfigError(
            where, given=f"{experiment.algorithm}, which learns without instructions", do="embed none for it"
        )
    coverages, trained, instructions = {}, Coverage(), set[str]()
    for task in tasks:
        indices = [load_index(records_path(Path(data) / task, split)) for split in SPLITS]
        splits = [Coverage.of(index) for index in indices]
        coverages[task] = sum(splits, start=Coverage())
        trained += splits[0]
        instructions.update(text for index in indices for text in index.languages)
    print(as_text(coverages), flush=True)
    if not trained.instructed:
        raise no_language(experiment, tasks, held_out=total(coverages).instructed)
    encoder = make_encoder(experiment.config["text_processor"], experiment.config["text_processor_kwargs"], where)
    return LanguageTable.of(instructions, encoder)
