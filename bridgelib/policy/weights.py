"""Pytrees of arrays as bytes: packed by `flax.serialization`, unpacked with every leaf checked."""

import hashlib
from typing import Any

import jax
import numpy as np
from flax import serialization

from bridgelib.errors import DataError


def packed(tree: Any) -> bytes:
    """The msgpack bytes of a pytree of arrays; the same values give the same bytes."""
    return serialization.to_bytes(jax.device_get(tree))


def hash_of(tree: Any) -> str:
    """The sha256 of a pytree's structure and exact values."""
    return hashlib.sha256(packed(tree)).hexdigest()


def unpacked(content: bytes, template: Any, where: str) -> Any:
    """A pytree of numpy arrays from its bytes.

    Args:
        content: As `packed` gives it.
        template: A pytree of the same structure, shapes and dtypes; its leaves may be abstract.
        where: The place to name in messages.

    Raises:
        DataError: Structure, shape or dtype differ, or the bytes are no msgpack.
    """
    try:
        tree = serialization.from_bytes(template, content)
    except Exception as error:  # msgpack and flax raise half a dozen kinds for damaged or foreign bytes
        raise DataError(where, given=f"not the parameters of this algorithm: {error}") from error
    found, expected = (jax.tree_util.tree_leaves_with_path(side) for side in (tree, template))
    for (path, leaf), (_, wanted) in zip(found, expected, strict=True):
        given, allowed = (f"{entry.dtype}{list(np.shape(entry))}" for entry in (np.asarray(leaf), wanted))
        if given != allowed:
            raise DataError(f"{where}, {jax.tree_util.keystr(path)}", given=given, allowed=allowed)
    return tree
