"""The `hashing` encoder: words, pairs of words and pieces of words, hashed into a vector. Needs no model.

Instructions that share words, word order or stems lie near one another; the meaning of words does not count. Sources:
signed feature hashing, Weinberger et al. 2009, "Feature Hashing for Large Scale Multitask Learning"; pieces of words
with marked ends, Bojanowski et al. 2017, "Enriching Word Vectors with Subword Information"; several places for each
feature, so that no two words fall together, Kane and Nelson 2014, "Sparser Johnson-Lindenstrauss Transforms".
"""

import math
import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache
from hashlib import blake2b
from itertools import pairwise

import numpy as np

DIMENSIONS = 512  # as many as the multilingual Universal Sentence Encoder has, so that either fits the same network
VERSION = 1  # to be raised when an instruction gets another embedding

_WORD = re.compile(r"[^\W_]+")
_ARTICLES = frozenset({"a", "an", "the"})  # people who describe the same task set them or leave them out at will
_PIECE_LENGTHS = (3, 4)
_PLACES = 4
# How much each word adds, relative to another: itself, its pair with the next word, all its pieces together.
_WORD_WEIGHT, _PAIR_WEIGHT, _PIECES_WEIGHT = 1.0, 0.5, 1.0


def hashed(instructions: Sequence[str]) -> np.ndarray:
    """Embeddings of instructions, the same on every machine.

    Case, punctuation, spacing and articles do not count.

    Returns:
        float32 [N, 512], of length 1; zeros where an instruction holds no word.
    """
    return np.array([_vector(words_of(text)) for text in instructions], np.float32).reshape(-1, DIMENSIONS)


def words_of(text: str) -> tuple[str, ...]:
    """The words that count, in lower case."""
    words = _WORD.findall(unicodedata.normalize("NFKC", text).casefold())
    return tuple(word for word in words if word not in _ARTICLES)


def _vector(words: tuple[str, ...]) -> list[float]:
    vector = [0.0] * DIMENSIONS
    for feature, weight in _features(words):
        for place, sign in _places(feature):
            vector[place] += sign * weight
    length = math.sqrt(math.fsum(value * value for value in vector))  # fsum: no rounding that depends on the machine
    return [value / length for value in vector] if length else vector


def _features(words: tuple[str, ...]) -> Iterator[tuple[str, float]]:
    """Names and weights; the mark before a name keeps words, pairs and pieces apart."""
    for word in words:
        yield f"w {word}", _WORD_WEIGHT
        pieces = _pieces(f"<{word}>")
        for piece in pieces:
            yield f"p {piece}", _PIECES_WEIGHT / math.sqrt(len(pieces))
    for pair in pairwise(words):
        yield f"w {' '.join(pair)}", _PAIR_WEIGHT


def _pieces(word: str) -> list[str]:
    return [word[start : start + length] for length in _PIECE_LENGTHS for start in range(len(word) - length + 1)]


@lru_cache(maxsize=1 << 16)
def _places(feature: str) -> tuple[tuple[int, int], ...]:
    """Places in the vector and signs. By the signs, two features that share a place as often cancel as add up."""
    digest = blake2b(feature.encode(), digest_size=2 * _PLACES).digest()
    numbers = (int.from_bytes(digest[start : start + 2], "little") for start in range(0, len(digest), 2))
    return tuple(((number >> 1) % DIMENSIONS, 1 if number & 1 else -1) for number in numbers)
