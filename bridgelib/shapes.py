"""Checks of the shapes of arrays: broadcasting would hide many mistakes, and a network would train all the same."""

from typing import Any

ANY = "..."


def require_shapes(**arrays: tuple[Any, str]) -> None:
    """Refuse arrays of other shapes than they should have. Under `jit` this costs nothing: tracing knows the shapes.

    Args:
        arrays: Each name with its array and the array's axes, such as `"B 2"`. A number is that size; a letter is one
            size in all arrays of the call; `...` in front is any number of axes, the same in all of them.

    Raises:
        ValueError: Names the array, its shape, and what it should be.
    """
    sizes: dict[str, Any] = {}
    for name, (array, axes) in arrays.items():
        shape, expected = list(array.shape), axes.split()
        if not _fits(shape, expected, sizes):
            known = ", ".join(f"{axis} = {size}" for axis, size in sizes.items())
            raise ValueError(
                f"{name} has shape {shape}, not [{', '.join(expected)}]{f' with {known}' if known else ''}"
            )


def _fits(shape: list[Any], expected: list[str], sizes: dict[str, Any]) -> bool:
    """Whether a shape has these axes; letters that it is the first to use are entered in `sizes`."""
    if expected[0] == ANY:
        leading = max(0, len(shape) - len(expected) + 1)
        shape = [shape[:leading], *shape[leading:]]
    return len(shape) == len(expected) and all(
        size == (int(axis) if axis.isdecimal() else sizes.setdefault(axis, size))
        for axis, size in zip(expected, shape, strict=True)
    )
