"""One trajectory as three parties read it: TensorFlow in its TFRecord, training by the index, and the shard of it.

A reading holds, of T actions and at S chosen steps, what its party can tell:

    state, actions              float32 [T+1, 7], [T, 7]
    shape                       of all images: (T+1, H, W, 3)
    images, gaze                uint8 [S, H, W, 3], float32 [S, H, W, 1], at the chosen steps
    name, content_id, languages as in `Trajectory`; blank instructions as ""
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from bridgelib.data.records import Records
from bridgelib.formats import record
from bridgelib.formats.index import RecordIndex
from bridgelib.formats.protobuf import Malformed
from bridgelib.formats.shard import Shard
from bridgelib.formats.tensorflow_reader import decoded_by_tensorflow
from bridgelib.raw.language import says_something

Reading = Mapping[str, Any]


def differences(one: Reading, other: Reading) -> list[str]:
    """What both tell, and tell otherwise."""
    return [key for key in one if key in other and not _equal(one[key], other[key])]


def _equal(one: Any, other: Any) -> bool:
    if isinstance(one, np.ndarray):
        return one.dtype == other.dtype and np.array_equal(one, other)
    return one == other


def by_tensorflow(found: Mapping[str, Any], steps: Sequence[int]) -> Reading:
    """The reading of TensorFlow, from the tensors of a record.

    Raises:
        Malformed: Two tensors contradict each other.
    """
    length = len(found[record.ACTIONS])
    reading = {
        "state": _at(found, record.STATE, range(length + 1)),
        "actions": found[record.ACTIONS],
        **(_jpeg_images(found[record.JPEG], steps) if record.JPEG in found else _raw_images(found, steps)),
        **({"gaze": _at(found, record.GAZE, steps)} if record.NOW + record.GAZE in found else {}),
    }
    if record.NAME not in found:
        return reading
    if found[record.TERMINALS].any() or not np.array_equal(found[record.TRUNCATES], np.arange(length) == length - 1):
        raise Malformed(0, f"'{record.TERMINALS}' or '{record.TRUNCATES}' do not end it at its last step alone")
    texts = [text.decode() for text in (found[record.NAME], found[record.CONTENT_ID], *found[record.LANGUAGE])]
    return {**reading, "name": texts[0], "content_id": texts[1], "languages": _told(texts[2:])}


def _raw_images(found: Mapping[str, Any], steps: Sequence[int]) -> Reading:
    count, *size = found[record.NOW + record.IMAGES].shape
    return {"shape": (count + 1, *size), "images": _at(found, record.IMAGES, steps)}


def _jpeg_images(files: np.ndarray, steps: Sequence[int]) -> Reading:
    images = np.stack([decoded_by_tensorflow(files[step]) for step in steps])
    return {"shape": (len(files), *images.shape[1:]), "images": images}


def _at(found: Mapping[str, Any], key: str, steps: Sequence[int]) -> np.ndarray:
    """Rows of what is now, and behind these of what comes next; next must be one step later throughout."""
    now, following = found[record.NOW + key], found[record.NEXT + key]
    if now.shape != following.shape or not np.array_equal(now[1:], following[:-1]):
        raise Malformed(0, f"'{record.NEXT}{key}' is not '{record.NOW}{key}' one step later")
    return np.stack([now[step] if step < len(now) else following[-1] for step in steps])


def by_index(records: Records, index: RecordIndex, number: int, steps: Sequence[int]) -> Reading:
    """The reading of training, from the records of one TFRecord."""
    length, first, action = (int(of[number]) for of in (records.lengths, records.first_frame, records.first_action))
    frames = first + np.array(steps)
    reading = {
        "state": records.state[first : first + length + 1],
        "actions": records.actions[action : action + length],
        "shape": (length + 1, *records.image_shape),
        "images": records.images(frames),
        **({"gaze": records.gaze(frames)} if records.has_gaze else {}),
    }
    texts = {"name": index.names[number], "content_id": index.identities[number]}
    return {**reading, **texts, "languages": _told(records.languages[number])} if texts["name"] else reading


def by_shard(shard: Shard, number: int, steps: Sequence[int], with_images: bool) -> Reading:
    """What went in: a trajectory of a shard, its images only where the TFRecord has them as they were.

    Not its gaze maps, whose last bits another machine computes otherwise.
    """
    made = shard.trajectory(number)
    frames = made.frames[0]
    return {
        "state": made.state,
        "actions": made.actions,
        "shape": frames.shape,
        **({"images": np.stack([frames[step] for step in steps])} if with_images else {}),
        "name": made.name,
        "content_id": made.content_id,
        "languages": _told(made.languages),
    }


def _told(languages: Sequence[str]) -> tuple[str, ...]:
    return tuple(text if says_something(text) else "" for text in languages) or ("",)
