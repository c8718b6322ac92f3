"""Encoders with a trained model: `muse`, `sentence-transformer` and `clip`. Their libraries are imported here only."""

import hashlib
import importlib
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from bridgelib.errors import ConfigError
from bridgelib.language.processor_settings import is_url
from bridgelib.layout import absolute_path

Embed = Callable[[list[str]], np.ndarray]
"""N instructions -> float [N, E]."""

_READ_BYTES = 1 << 20


def load_pretrained(name: str, model: str) -> tuple[Embed, str]:
    """Load a model and try it.

    Args:
        name: "muse", "sentence-transformer" or "clip".
        model: The model's folder, for "muse" also its URL.

    Returns:
        What embeds, and the digest of the model's files.

    Raises:
        ConfigError: A package is missing, or the model does not work.
    """
    with _trouble_explained(name, model):
        embed, folder = _LOADERS[name](model)
        embed(["open the drawer"])  # a model of another kind fails here, and not in the middle of the table
    return embed, digest_of_files(folder)


def _load_muse(model: str) -> tuple[Embed, Path]:
    """The multilingual Universal Sentence Encoder, E = 512. A URL is downloaded once, to TFHUB_CACHE_DIR."""
    hub = importlib.import_module("tensorflow_hub")
    importlib.import_module("tensorflow_text")  # registers the operations that the model's tokeniser is made of
    folder = hub.resolve(model if is_url(model) else str(_absolute(model)))
    encoder = hub.load(folder)
    return lambda instructions: encoder(instructions).numpy(), Path(folder)


def _load_sentence_transformer(model: str) -> tuple[Embed, Path]:
    """A sentence transformer on the CPU, its embeddings of length 1."""
    library = importlib.import_module("sentence_transformers")
    folder = _absolute(model)
    if not (folder / "modules.json").is_file():  # the library would make a model of its own of what it finds
        raise ValueError("no modules.json in it, so it is no model of the sentence-transformers library")
    encoder = library.SentenceTransformer(str(folder), device="cpu", local_files_only=True)

    def embed(instructions: list[str]) -> np.ndarray:
        return encoder.encode(instructions, convert_to_numpy=True, normalize_embeddings=True, show_progress_bar=False)

    return embed, folder


def _load_clip(model: str) -> tuple[Embed, Path]:
    """The text half of a CLIP model on the CPU, projected and of length 1 as CLIP compares it; takes 77 tokens."""
    torch = importlib.import_module("torch")
    library = importlib.import_module("transformers")
    folder = _absolute(model)
    tokenizer = library.CLIPTokenizer.from_pretrained(str(folder), local_files_only=True)
    encoder, loaded = library.CLIPTextModelWithProjection.from_pretrained(
        str(folder), local_files_only=True, output_loading_info=True
    )
    if loaded["missing_keys"]:  # the library would draw them at random
        raise ValueError(f"weights of a CLIP text model are missing in it, as {min(loaded['missing_keys'])}")
    encoder.eval()

    def embed(instructions: list[str]) -> np.ndarray:
        tokens = tokenizer(instructions, padding=True, truncation=True, return_tensors="pt")
        with torch.no_grad():
            embeddings = encoder(**tokens).text_embeds.numpy()
        return embeddings / np.linalg.norm(embeddings, axis=1, keepdims=True)

    return embed, folder


_LOADERS = {"muse": _load_muse, "sentence-transformer": _load_sentence_transformer, "clip": _load_clip}


def digest_of_files(folder: Path) -> str:
    """Sixteen hex digits of the names and contents of a folder's files; what is hidden, as `.git`, does not count."""
    digest = hashlib.sha256()
    for path in _visible_files(folder):
        digest.update(f"{path.relative_to(folder).as_posix()}\0{path.stat().st_size}\0".encode())
        with path.open("rb") as file:
            while part := file.read(_READ_BYTES):
                digest.update(part)
    return digest.hexdigest()[:16]


def _visible_files(folder: Path) -> Sequence[Path]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return sorted(path for path in files if not any(part.startswith(".") for part in path.relative_to(folder).parts))


def _absolute(folder: str) -> Path:
    return absolute_path(folder, Path.cwd(), "text_processor_kwargs, key 'model'")


@contextmanager
def _trouble_explained(name: str, model: str) -> Iterator[None]:
    """Say what to install where a package is missing, and what is wrong where the model is at fault."""
    where = f"text_processor '{name}', model {model}"
    try:
        yield
    except ModuleNotFoundError as error:
        raise ConfigError(
            where,
            given=f"the package '{error.name}' is not installed in {sys.prefix}",
            allowed=f"an environment with the extra '{name}' of pyproject.toml, or text_processor 'hashing'",
            do=f"install it: uv pip install --python {sys.executable} -r pyproject.toml --extra {name}",
        ) from error
    except Exception as error:  # these libraries have no error in common
        do = "check that the folder holds the whole model"
        if is_url(model):
            do = "download the model by hand and name its folder as `model`, or check the network and TFHUB_CACHE_DIR"
        given = f"it does not work as such a model: {type(error).__name__}: {error}"
        raise ConfigError(where, given=given, do=do) from error
