"""Encoders behind one name: instructions in, embeddings out."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from bridgelib.errors import DataError
from bridgelib.language import hashing
from bridgelib.language.pretrained import Embed, load_pretrained
from bridgelib.language.processor_settings import HashingSettings, encoder_settings

_PRETRAINED_VERSION = 1


@dataclass(frozen=True)
class Encoder:
    """An encoder of instructions.

    Attributes:
        name: "hashing", "muse", "sentence-transformer" or "clip".
        settings: The encoder's settings, complete.
        version: Changes when the same settings and model give other embeddings.
        model_digest: A digest of the model's files; "" for an encoder without a model.
        embed: N instructions -> their embeddings, float [N, E].
    """

    name: str
    settings: Mapping[str, Any]
    version: int
    model_digest: str
    embed: Embed

    def encode(self, instructions: Sequence[str]) -> np.ndarray:
        """Embeddings of instructions; one that is empty or blank gives zeros.

        Returns:
            float32 [N, E].

        Raises:
            DataError: The model gives something else than N finite vectors.
        """
        embeddings = np.array(self.embed(list(instructions)), np.float32)
        if embeddings.ndim != 2 or len(embeddings) != len(instructions) or not np.isfinite(embeddings).all():
            raise DataError(
                f"text_processor '{self.name}', {dict(self.settings)}",
                given=f"numbers of shape {embeddings.shape} for {len(instructions)} instructions",
                allowed="one vector of finite numbers per instruction",
                do="choose a model that embeds sentences",
            )
        embeddings[[not text.strip() for text in instructions]] = 0
        return embeddings

    def identity(self) -> dict[str, Any]:
        """What determines the embeddings, as plain JSON."""
        return {
            "name": self.name,
            "settings": dict(self.settings),
            "version": self.version,
            "model_digest": self.model_digest,
        }


def make_encoder(name: str, settings: Mapping[str, Any] | None, where: str = "config") -> Encoder:
    """The encoder of a configuration's `text_processor` and `text_processor_kwargs`.

    Raises:
        ConfigError: There is no such encoder or setting; a package or the model is missing.
    """
    name, chosen = encoder_settings(name, settings, where)
    if isinstance(chosen, HashingSettings):
        return Encoder(name, asdict(chosen), hashing.VERSION, "", hashing.hashed)
    embed, digest = load_pretrained(name, chosen.model)
    return Encoder(name, asdict(chosen), _PRETRAINED_VERSION, digest, embed)
