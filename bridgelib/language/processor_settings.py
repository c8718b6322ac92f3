"""Which encoder an experiment embeds its instructions with: `text_processor` and `text_processor_kwargs`.

Standard library and YAML only: the Snakefile checks these settings while it is being parsed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bridgelib.config.experiments import Experiment
from bridgelib.config.schema import read_section
from bridgelib.errors import ConfigError, did_you_mean
from bridgelib.layout import expanded


@dataclass(frozen=True)
class HashingSettings:
    """`hashing` has nothing to set."""


@dataclass(frozen=True)
class MuseSettings:
    """`muse`: the multilingual Universal Sentence Encoder (Yang et al. 2019), from a folder or a TF-Hub URL."""

    model: str = "https://tfhub.dev/google/universal-sentence-encoder-multilingual/3"


@dataclass(frozen=True)
class SentenceTransformerSettings:
    """`sentence-transformer`: the folder of a model of the sentence-transformers library."""

    model: str


@dataclass(frozen=True)
class ClipSettings:
    """`clip`: the folder of a CLIP model of the transformers library."""

    model: str


EncoderSettings = HashingSettings | MuseSettings | SentenceTransformerSettings | ClipSettings

SCHEMAS: dict[str, type] = {
    "hashing": HashingSettings,
    "muse": MuseSettings,
    "sentence-transformer": SentenceTransformerSettings,
    "clip": ClipSettings,
}
ENVIRONMENTS = {"muse": "muse"}
"""Encoder -> the lock in envs/ that embeds with it; all others embed where data are converted."""
_FORMER_NAMES = {"muse_embedding": "muse"}  # what the predecessor's configurations say


def needs_language(experiment: Experiment) -> bool:
    """Whether an experiment's algorithm learns from instructions."""
    return "language" in experiment.needs


def encoder_environment(experiment: Experiment) -> str:
    """The lock that embeds an experiment's instructions."""
    name = experiment.config["text_processor"] if needs_language(experiment) else ""
    return ENVIRONMENTS.get(_FORMER_NAMES.get(name, name), "convert")


def encoder_settings(
    name: str, settings: Mapping[str, Any] | None, where: str = "config"
) -> tuple[str, EncoderSettings]:
    """The encoder that a configuration means.

    Args:
        name: The value of `text_processor`, the predecessor's `muse_embedding` included.
        settings: The value of `text_processor_kwargs`; None, for it or in it, stands for the defaults.
        where: The place to name in messages.

    Returns:
        The encoder's own name, a key of `SCHEMAS`, and its settings.

    Raises:
        ConfigError: There is no such encoder or setting, or the model's folder is missing, or `expanded` refuses it.
    """
    known = _FORMER_NAMES.get(name, name)
    if known not in SCHEMAS:
        raise ConfigError(
            f"{where}, text_processor",
            given=f"the encoder '{name}'",
            allowed=SCHEMAS,
            do=did_you_mean(name, list(SCHEMAS)) or "choose one of the allowed encoders",
        )
    where = f"{where}, text_processor_kwargs of '{name}'"
    given = {key: value for key, value in (settings or {}).items() if value is not None}
    chosen: EncoderSettings = read_section(SCHEMAS[known], given, where)
    model = getattr(chosen, "model", None)
    if model is not None and not is_url(model) and not expanded(model, f"{where}, key 'model'").is_dir():
        raise ConfigError(
            f"{where}, key 'model'",
            given=f"{model}, where there is no folder",
            allowed="the folder of a model on this machine" + (", or its URL" if known == "muse" else ""),
            do="download the model there, correct the path, or take text_processor 'hashing', which needs no model",
        )
    return known, chosen


def is_url(model: str) -> bool:
    """Whether a model is named by a URL, not by a folder."""
    return "://" in model
