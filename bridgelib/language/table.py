"""The language table: every distinct instruction of an experiment with its embedding.

`<runs>/<experiment>/language.npz`, an archive of

    instructions, instructions_ends   K texts, as `formats/texts.py` keeps them: sorted; the first is the empty one
    embeddings                        float32 [K, E]; zeros for the empty one
    meta                              <U []; JSON: version, encoder (name, settings, version, model_digest)

and, where the workflow made it, `origin.json`: see `bridgelib.language.table_origin`.

The same instructions, settings and model give the same bytes. Version 1, which policies of that time hold and which is
still read, kept the instructions as <U [K].
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile, ZipInfo

import numpy as np

from bridgelib.errors import ConfigError, DataError
from bridgelib.files import written_whole
from bridgelib.formats.texts import packed, unpacked
from bridgelib.language.encoder import Encoder, make_encoder
from bridgelib.language.table_origin import MEMBER
from bridgelib.mistaken import kind_of_file
from bridgelib.progress import Progress
from bridgelib.raw.chosen import composed

VERSION = 2
_BATCH = 256
_AGAIN = "embed the instructions again: run the rule embed_language, or workflow_scripts/embed_language.py"


@dataclass(frozen=True, eq=False)
class LanguageTable:
    """K instructions and their embeddings.

    Attributes:
        instructions: Sorted and distinct; the first is "".
        embeddings: float32 [K, E].
        encoder_identity: What determines the embeddings; see `Encoder.identity`.
    """

    instructions: tuple[str, ...]
    embeddings: np.ndarray
    encoder_identity: Mapping[str, Any]

    @classmethod
    def of(cls, instructions: Iterable[str], encoder: Encoder) -> "LanguageTable":
        """Embed each distinct instruction once."""
        distinct = sorted({"", *instructions})
        progress = Progress(len(distinct), "instructions", f"embedding with {encoder.name}")
        batches = []
        for start in range(0, len(distinct), _BATCH):
            batches.append(encoder.encode(distinct[start : start + _BATCH]))
            progress.advance(len(batches[-1]))
        return cls(tuple(distinct), np.concatenate(batches), encoder.identity())

    @classmethod
    def load(cls, path: Path) -> "LanguageTable":
        """Read a table.

        Raises:
            DataError: The table is missing, damaged or of another version.
        """
        try:
            with np.load(path, allow_pickle=False) as archive:
                meta, embeddings = json.loads(str(archive["meta"])), archive["embeddings"]
                if meta["version"] not in (1, VERSION):
                    raise ValueError(f"version {meta['version']}, this program reads versions 1 and {VERSION}")
                texts = archive["instructions"]
                is_former = meta["version"] == 1
                instructions = texts.tolist() if is_former else unpacked(texts, archive["instructions_ends"])
            if embeddings.dtype != np.float32 or embeddings.shape != (len(instructions), embeddings.shape[-1]):
                raise ValueError(f"{embeddings.dtype} {embeddings.shape} for {len(instructions)} instructions")
            return cls(tuple(instructions), embeddings, meta["encoder"])
        except FileNotFoundError:
            raise DataError(path, given="no such language table", do=_AGAIN) from None
        except (OSError, BadZipFile, ValueError, KeyError, EOFError, TypeError, IndexError) as error:
            kind = kind_of_file(path, expected=b"PK")
            given = f"no language table: it is {kind.name}" if kind else f"a damaged language table: {error}"
            raise DataError(path, given=given, do=kind.cure(path) if kind else _AGAIN) from error

    def save(self, path: Path, origin: Mapping[str, Any] | None = None) -> None:
        """Write the table, whole or not at all; with what it was made from, where that is given."""
        meta = json.dumps({"version": VERSION, "encoder": self.encoder_identity}, sort_keys=True)
        texts = packed("instructions", self.instructions)
        with written_whole(path) as partial, partial.open("w+b") as file:
            np.savez(file, **texts, embeddings=self.embeddings, meta=np.array(meta))
            if origin is not None:
                with ZipFile(
                    file, "a"
                ) as archive:  # an entry without a date, so that the same table has the same bytes
                    archive.writestr(ZipInfo(MEMBER), json.dumps(origin, sort_keys=True))

    @cached_property
    def by_instruction(self) -> Mapping[str, np.ndarray]:
        """Instruction -> float32 [E]."""
        return dict(zip(self.instructions, self.embeddings, strict=True))

    def rows(self, instructions: Sequence[str]) -> np.ndarray:
        """Embeddings float32 [N, E] of these instructions.

        Raises:
            DataError: One of them is not in the table.
        """
        missing = sorted(set(instructions) - self.by_instruction.keys())
        if missing:
            raise DataError(
                "language table", given=f"no embedding of {len(missing)} instructions, as {missing[0]!r}", do=_AGAIN
            )
        found = [self.by_instruction[text] for text in instructions]
        return np.array(found, np.float32).reshape(-1, self.embeddings.shape[1])

    def embedder(self, model: str | None = None) -> Callable[[str], np.ndarray]:
        """Instruction -> float32 [E], for a policy: from the table, and what is not in it by the encoder that made it.

        The encoder is loaded when it is first needed; then a ConfigError says what is missing, if it cannot be.

        Args:
            model: Where its model lies on this machine, if elsewhere than where the table was made.
        """
        encoder = cache(lambda: self._encoder(model))
        in_either_form = {composed(text): text for text in self.instructions}

        @lru_cache(maxsize=64)  # a policy asks again at every step
        def embed(instruction: str) -> np.ndarray:
            known = instruction if instruction in self.by_instruction else in_either_form.get(composed(instruction))
            return encoder().encode([instruction])[0] if known is None else self.by_instruction[known]

        return embed

    def _encoder(self, model: str | None) -> Encoder:
        made_with = self.encoder_identity
        settings = made_with["settings"] if model is None else {**made_with["settings"], "model": model}
        encoder = make_encoder(made_with["name"], settings, "language table")
        for key in ("version", "model_digest"):
            if encoder.identity()[key] != made_with[key]:
                raise ConfigError(
                    f"text_processor '{encoder.name}', {key}",
                    given=encoder.identity()[key],
                    allowed=f"{made_with[key]}, with which the language table was made",
                    do="name the folder of that model, or use only instructions of the training data",
                )
        return encoder
