"""The batch contract: what the loader delivers and what every agent may rely on.

A batch is a nested dictionary of arrays. B is the batch size, H and W the image size, P the proprio size, A the action
size, E the size of a language embedding. `history` is the observation horizon and `chunk` the action horizon; both axes
are there only when they are configured (then also when they are 1).

    observations/image         uint8    [B, (history,) H, W, 3]   un-augmented camera frames
    observations/proprio       float32  [B, (history,) P]         normalised
    observations/gaze          float32  [B, (history,) H, W, 1]   in [0, 1]; only if "gaze" is needed
    next_observations/...      like observations                  only if "next_observations" are needed
    goals/image                uint8    [B, H, W, 3]              only if "goals" are needed
    goals/proprio              float32  [B, P]                    only if "goals" are needed
    goals/language             float32  [B, E]                    only if "language" is needed
    actions                    float32  [B, (chunk,) A]           normalised
    action_mask                bool     [B, chunk]                False: beyond the trajectory's end, and no part of any
                                                                  loss; only for `chunk_padding: mask`
    rewards                    int32    [B]                       0 when the action reaches the goal, else -1
    masks                      bool     [B]                       False where no value follows: not terminals
    terminals                  bool     [B]
    valid                      bool     [B]                       False: padding of the last validation batch
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, get_args

from bridgelib.config.algorithms.algorithm import Need
from bridgelib.errors import DataError, did_you_mean

NEEDS = frozenset(get_args(Need))
"""The parts of a batch that an agent can need beyond observations, actions and rewards."""


@dataclass(frozen=True)
class Entry:
    """Data type and axes of one array; an axis is a size, or a letter that stands for one size in the whole batch."""

    dtype: str
    axes: tuple[str | int, ...]

    def __str__(self) -> str:
        return f"{self.dtype} [{', '.join(map(str, self.axes))}]"


def contract(
    needs: frozenset[str], history: int | None = None, chunk: int | None = None, masked: bool = False
) -> dict[str, Entry]:
    """The entries of a batch by path.

    Args:
        needs: What the agent asks for, a subset of NEEDS.
        history: Frames per observation, or None for no such axis.
        chunk: Actions per sample, or None for no such axis.
        masked: Whether the loss leaves out what lies in a chunk beyond the trajectory's end.
    """
    assert needs <= NEEDS, f"unknown needs {sorted(needs - NEEDS)}"
    past = () if history is None else (history,)
    ahead = () if chunk is None else (chunk,)
    image, proprio = Entry("uint8", ("B", *past, "H", "W", 3)), Entry("float32", ("B", *past, "P"))
    entries = {"observations/image": image, "observations/proprio": proprio}
    if "gaze" in needs:
        entries["observations/gaze"] = Entry("float32", ("B", *past, "H", "W", 1))
    if "next_observations" in needs:
        entries |= {f"next_{path}": entry for path, entry in entries.items()}
    if "goals" in needs:
        entries["goals/image"] = Entry("uint8", ("B", "H", "W", 3))
        entries["goals/proprio"] = Entry("float32", ("B", "P"))
    if "language" in needs:
        entries["goals/language"] = Entry("float32", ("B", "E"))
    if masked and chunk is not None:
        entries["action_mask"] = Entry("bool", ("B", chunk))
    return entries | {
        "actions": Entry("float32", ("B", *ahead, "A")),
        "rewards": Entry("int32", ("B",)),
        "masks": Entry("bool", ("B",)),
        "terminals": Entry("bool", ("B",)),
        "valid": Entry("bool", ("B",)),
    }


def check_batch(
    batch: Mapping[str, Any],
    needs: frozenset[str] = frozenset(),
    *,
    history: int | None = None,
    chunk: int | None = None,
    masked: bool = False,
    sizes: Mapping[str, int] | None = None,
) -> dict[str, int]:
    """Refuse a batch that breaks the contract. What the contract knows but the agent does not need may be there.

    Args:
        batch: Arrays of any kind with `shape` and `dtype`.
        needs, history, chunk, masked: See `contract`.
        sizes: Sizes that must be met, by letter, for instance {"B": 256, "A": 7}.

    Returns:
        The size of every letter.

    Raises:
        DataError: Names the key, what was expected and what was found.
    """
    known, required = contract(NEEDS, history, chunk, True), contract(needs, history, chunk, masked)
    found = dict(_leaves(batch))
    for path in found:
        if path not in known:
            raise DataError(f"batch key '{path}'", given="an unknown key", allowed=known, do=did_you_mean(path, known))
    bound = dict(sizes or {})
    for path, entry in known.items():
        if path in found:
            _check_entry(path, entry, found[path], bound)
        elif path in required:
            raise DataError(
                f"batch key '{path}'", given="no such key", allowed=str(entry), do=f"deliver it: needs={sorted(needs)}"
            )
    return bound


def _check_entry(path: str, entry: Entry, array: Any, bound: dict[str, int]) -> None:
    """Check one array, and bind the letters it is the first to show."""
    expected = tuple(bound.get(axis, axis) if isinstance(axis, str) else axis for axis in entry.axes)
    shape = tuple(array.shape)
    fits = len(shape) == len(expected) and all(
        isinstance(want, str) or want == have for want, have in zip(expected, shape, strict=True)
    )
    if str(array.dtype) != entry.dtype or not fits:
        given, allowed = Entry(str(array.dtype), shape), Entry(entry.dtype, expected)
        raise DataError(
            f"batch key '{path}'", given=str(given), allowed=f"{allowed}, that is {entry}", do="correct what makes it"
        )
    bound.update({axis: size for axis, size in zip(entry.axes, shape, strict=True) if isinstance(axis, str)})


def _leaves(tree: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in tree.items():
        if isinstance(value, Mapping):
            yield from _leaves(value, f"{prefix}{key}/")
        else:
            yield f"{prefix}{key}", value
