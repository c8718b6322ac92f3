"""Tiny raw trees for tests, and the faults that can be planted in them."""

import io
import os
import pickle
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

DATE = "2021-08-02_10-00-00"
SIZE = (32, 24)  # width, height of a frame


LFS_POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0f" * 32 + b"\nsize 48213\n"


def jpeg(seed: int, size: tuple[int, int] = SIZE, mode: str = "RGB", kind: str = "JPEG") -> bytes:
    """An image file whose pixels are drawn from the seed, smooth enough for small files."""
    coarse = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), np.uint8)
    content = io.BytesIO()
    Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC).convert(mode).save(content, kind)
    return content.getvalue()


def write_trajectory(
    folder: Path,
    actions: int = 3,
    cameras: Sequence[int] = (0,),
    size: tuple[int, int] = SIZE,
    seed: int = 0,
    language: str | None = "put the pot on the stove\nconfidence: 0.9\n",
    protocol: int = 4,
) -> Path:
    """One good trajectory of so many actions, with nothing odd about it; its content is drawn from the seed."""
    generator = np.random.default_rng(seed)
    for camera in cameras:
        (folder / f"images{camera}").mkdir(parents=True)
        for frame in range(actions + 1):
            content = jpeg(seed * 10_000 + camera * 1_000 + frame, size)
            (folder / f"images{camera}" / f"im_{frame}.jpg").write_bytes(content)
    steps, states = (_opened(0.1 * generator.normal(size=(length, 7))) for length in (actions, actions + 1))
    save(folder / "obs_dict.pkl", observations(states), protocol)
    save(folder / "policy_out.pkl", [{"actions": step, "policy_type": "VRTeleopPolicy"} for step in steps], protocol)
    save(folder / "agent_data.pkl", {"traj_ok": True, "term_t": actions - 1}, protocol)
    if language is not None:
        (folder / "lang.txt").write_text(language, encoding="utf-8")
    return folder


def _opened(rows: np.ndarray) -> np.ndarray:
    """The same states or actions with an open gripper."""
    return np.concatenate([rows[:, :6], np.ones((len(rows), 1))], axis=1)


def observations(state: np.ndarray) -> dict:
    return {"full_state": state, "time_stamp": 1.6e9 + 0.2 * np.arange(len(state)), "qpos": np.zeros((len(state), 6))}


def write_dated_folder(
    raw: Path, task: str = "task", date: str = DATE, trajectories: int = 3, seed: int = 0, **options
) -> list[Path]:
    """A dated folder of good trajectories, all different; returns their folders in natural order."""
    group = raw / task / date / "raw" / "traj_group0"
    return [write_trajectory(group / f"traj{number}", seed=seed + number, **options) for number in range(trajectories)]


def save(path: Path, content: object, protocol: int = 4) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(pickle.dumps(content, protocol=protocol))


class Attack:
    """Unpickles to a call of any function."""

    def __init__(self, function: Callable, *arguments: object):
        self.call = (function, arguments)

    def __reduce__(self):
        return self.call


@dataclass(frozen=True)
class Fault:
    """A way in which a good trajectory of at least three actions can be damaged.

    Attributes:
        reason: Why it shall be rejected.
        plant: Damages the trajectory in a folder.
    """

    reason: str
    plant: Callable[[Path], None]


def _rewritten(name: str, change: Callable[[bytes], bytes]) -> Callable[[Path], None]:
    def plant(folder: Path) -> None:
        (folder / name).write_bytes(change((folder / name).read_bytes()))

    return plant


def _repickled(name: str, change: Callable[[object], object]) -> Callable[[Path], None]:
    return _rewritten(name, lambda content: pickle.dumps(change(pickle.loads(content)), protocol=4))


def _removed(name: str) -> Callable[[Path], None]:
    def plant(folder: Path) -> None:
        shutil.rmtree(folder / name) if (folder / name).is_dir() else (folder / name).unlink()

    return plant


def _added(name: str, content: bytes) -> Callable[[Path], None]:
    return lambda folder: (folder / name).write_bytes(content)


def _linked(name: str, target: str) -> Callable[[Path], None]:
    def plant(folder: Path) -> None:
        (folder / name).unlink()
        (folder / name).symlink_to(target)

    return plant


def _observed(key: str, change: Callable[[np.ndarray], object]) -> Callable[[Path], None]:
    return _repickled("obs_dict.pkl", lambda content: {**content, key: change(content[key])})


def _with(array: np.ndarray, place: tuple | int, value: float) -> np.ndarray:
    array[place] = value
    return array


def _extra_frame(folder: Path) -> None:
    frames = len(list((folder / "images0").iterdir()))
    (folder / "images0" / f"im_{frames}.jpg").write_bytes(jpeg(77))


def _last_frame_missing(folder: Path) -> None:
    frames = len(list((folder / "images0").iterdir()))
    (folder / "images0" / f"im_{frames - 1}.jpg").unlink()


def _one_step(folder: Path) -> None:
    for frame in (folder / "images0").iterdir():
        if int(frame.stem.removeprefix("im_")) > 1:
            frame.unlink()
    _repickled("obs_dict.pkl", lambda content: {key: rows[:2] for key, rows in content.items()})(folder)
    _repickled("policy_out.pkl", lambda content: content[:1])(folder)


def _duplicate(folder: Path) -> None:
    """Under another language: what counts is what was seen and done."""
    first = folder.parent / "traj0"
    assert first != folder
    shutil.rmtree(folder)
    shutil.copytree(first, folder)
    (folder / "lang.txt").write_text("another instruction\n")


def _folder_for_frame(folder: Path) -> None:
    (folder / "images0" / "im_1.jpg").unlink()
    (folder / "images0" / "im_1.jpg").mkdir()


def _lacking_its_middle(content: bytes) -> bytes:
    """A JPEG from whose coded picture a third is gone; its end marker stays."""
    begin = content.index(b"\xff\xda") + 14
    third = (len(content) - begin) // 3
    return content[: begin + third] + content[begin + 2 * third :]


def _half(content: bytes) -> bytes:
    return content[: len(content) // 2]


_FRAME = "images0/im_1.jpg"
_EVIL = pickle.dumps(Attack(os.system, "touch /nowhere/executed"))
_PICKLES = ("obs_dict", "policy_out")  # those of which something is used

FAULTS: dict[str, Fault] = {
    "zero-byte JPEG": Fault("broken_image", _rewritten(_FRAME, lambda _: b"")),
    "truncated JPEG": Fault("broken_image", _rewritten(_FRAME, _half)),
    "JPEG that lacks its last byte": Fault("broken_image", _rewritten(_FRAME, lambda content: content[:-1])),
    "JPEG with zeros for its second half": Fault(
        "broken_image", _rewritten(_FRAME, lambda content: _half(content).ljust(len(content), b"\0"))
    ),
    "JPEG that lacks its middle": Fault("broken_image", _rewritten(_FRAME, _lacking_its_middle)),
    "JPEG whose middle became zeros": Fault(
        "broken_image", _rewritten(_FRAME, lambda content: content[:700] + bytes(200) + content[900:])
    ),
    "pointer of Git LFS for a frame": Fault("not_fetched", _rewritten(_FRAME, lambda _: LFS_POINTER)),
    "link of git-annex for a frame": Fault("not_fetched", _linked(_FRAME, "../../.git/annex/objects/Wx/7q/a.jpg")),
    "link to nowhere for a frame": Fault("unreadable_file", _linked(_FRAME, "../blobs/3f8a")),
    "link of git-annex for a pickle": Fault(
        "not_fetched", _linked("obs_dict.pkl", "../.git/annex/objects/Wx/7q/a.pkl")
    ),
    "PNG named jpg": Fault("broken_image", _rewritten(_FRAME, lambda _: jpeg(5, kind="PNG"))),
    "JPEG of another size": Fault("image_size_differs", _rewritten(_FRAME, lambda _: jpeg(5, (24, 32)))),
    "greyscale JPEG": Fault("greyscale_image", _rewritten(_FRAME, lambda _: jpeg(5, mode="L"))),
    "CMYK JPEG": Fault("not_rgb_image", _rewritten(_FRAME, lambda _: jpeg(5, mode="CMYK"))),
    "folder in place of a frame": Fault("unreadable_file", _folder_for_frame),
    "missing middle frame": Fault("missing_frame", _removed(_FRAME)),
    "missing last frame": Fault("missing_frame", _last_frame_missing),
    "extra frame": Fault("extra_frame", _extra_frame),
    "missing camera": Fault("missing_camera", _removed("images0")),
    **{f"missing {name}.pkl": Fault(f"missing_{name}", _removed(f"{name}.pkl")) for name in _PICKLES},
    **{f"truncated {name}.pkl": Fault("truncated_pickle", _rewritten(f"{name}.pkl", _half)) for name in _PICKLES},
    **{f"empty {name}.pkl": Fault("truncated_pickle", _rewritten(f"{name}.pkl", lambda _: b"")) for name in _PICKLES},
    **{f"attack in {name}.pkl": Fault("forbidden_pickle", _added(f"{name}.pkl", _EVIL)) for name in _PICKLES},
    **{f"pointer for {name}.pkl": Fault("not_fetched", _added(f"{name}.pkl", LFS_POINTER)) for name in _PICKLES},
    "text for a pickle": Fault("unreadable_pickle", _added("obs_dict.pkl", b"<html>404 not found</html>")),
    "no full_state": Fault(
        "wrong_keys", _repickled("obs_dict.pkl", lambda content: {"time_stamp": content["time_stamp"]})
    ),
    "no time_stamp": Fault(
        "wrong_keys", _repickled("obs_dict.pkl", lambda content: {"full_state": content["full_state"]})
    ),
    "a key of thousands of digits": Fault(
        "wrong_keys", _repickled("obs_dict.pkl", lambda content: {10**5000: content})
    ),
    "obs_dict is a list": Fault("wrong_keys", _repickled("obs_dict.pkl", lambda content: [content])),
    "policy_out is a dict": Fault("wrong_keys", _repickled("policy_out.pkl", lambda steps: {"actions": steps})),
    "a step without actions": Fault("wrong_keys", _repickled("policy_out.pkl", lambda steps: [{}, *steps[1:]])),
    "states of six numbers": Fault("wrong_shape", _observed("full_state", lambda state: state[:, :6])),
    "states of text": Fault("wrong_shape", _observed("full_state", lambda state: state.astype(str))),
    "states as one number": Fault("wrong_shape", _observed("full_state", lambda state: state[0, 0])),
    "actions of several lengths": Fault(
        "wrong_shape", _repickled("policy_out.pkl", lambda steps: [{"actions": np.zeros(5)}, *steps[1:]])
    ),
    "NaN in a state": Fault("not_finite", _observed("full_state", lambda state: _with(state, (1, 2), np.nan))),
    "state beyond float32": Fault("not_finite", _observed("full_state", lambda state: _with(state, (1, 2), 1e39))),
    "infinite time stamp": Fault("not_finite", _observed("time_stamp", lambda stamps: _with(stamps, 1, np.inf))),
    "infinite action": Fault(
        "not_finite",
        _repickled("policy_out.pkl", lambda steps: [*steps[:-1], {"actions": _with(steps[-1]["actions"], 3, -np.inf)}]),
    ),
    "a state too few": Fault("length_mismatch", _observed("full_state", lambda state: state[:-1])),
    "a time stamp too many": Fault("length_mismatch", _observed("time_stamp", lambda stamps: [*stamps, stamps[-1]])),
    "an action too few": Fault("length_mismatch", _repickled("policy_out.pkl", lambda steps: steps[:-1])),
    "no action at all": Fault("length_mismatch", _repickled("policy_out.pkl", lambda steps: [])),
    "one step": Fault("too_short", _one_step),
    "language in Latin-1": Fault("language_not_utf8", _added("lang.txt", "öffne die Tür\n".encode("latin1"))),
    "language of NUL bytes": Fault("language_not_utf8", _added("lang.txt", bytes(20))),
    "pointer of Git LFS for lang.txt": Fault("not_fetched", _added("lang.txt", LFS_POINTER)),
    "an instruction of a megabyte": Fault("language_too_long", _added("lang.txt", b"put it there " * 80_000)),
    "thousands of instructions": Fault(
        "language_too_long", _added("lang.txt", b"".join(b"put %d there\n" % number for number in range(5_000)))
    ),
    "duplicate of the first": Fault("duplicate", _duplicate),
}


def save_boxes(folder: Path, name: str = "filter.pkl") -> list[list[list[float]]]:
    """A pickle of gaze boxes for the frames there are: none for the first, one for the second, two for the third ..."""
    frames = len(list((folder / "images0").iterdir()))
    boxes = [[[0.1 * box, 0.0, 0.1 * box + 0.2, 0.5] for box in range(frame)] for frame in range(frames)]
    save(folder / name, boxes)
    return boxes


def _boxed(change: Callable[[list], object]) -> Callable[[Path], None]:
    return _repickled("filter.pkl", change)


def _edge(value: object) -> Callable[[Path], None]:
    return _boxed(lambda boxes: [*boxes[:2], [[0.1, 0.2, 0.3, 0.4], [0.1, value, 0.3, 0.4]], *boxes[3:]])


GAZE_FAULTS: dict[str, Fault] = {  # of a trajectory that had `save_boxes`
    "missing filter.pkl": Fault("missing_gaze", _removed("filter.pkl")),
    "truncated filter.pkl": Fault("truncated_pickle", _rewritten("filter.pkl", _half)),
    "attack in filter.pkl": Fault("forbidden_pickle", _added("filter.pkl", _EVIL)),
    "boxes by name": Fault("malformed_gaze", _boxed(lambda boxes: dict(enumerate(boxes)))),
    "boxes that are a number": Fault("malformed_gaze", _boxed(lambda boxes: np.array(0.5))),
    "a box in place of a list of boxes": Fault("malformed_gaze", _boxed(lambda boxes: [boxes[1][0], *boxes[1:]])),
    "a box of three numbers": Fault("malformed_gaze", _boxed(lambda boxes: [[[0.1, 0.2, 0.3]], *boxes[1:]])),
    "a box of complex numbers": Fault("malformed_gaze", _boxed(lambda boxes: [np.zeros((1, 4), complex), *boxes[1:]])),
    "too many boxes": Fault("malformed_gaze", _boxed(lambda boxes: [boxes[1] * 1001, *boxes[1:]])),
    "boxes as text": Fault("malformed_gaze", _edge("0.2")),
    "boxes for a frame too few": Fault("gaze_length_mismatch", _boxed(lambda boxes: boxes[1:])),
    "boxes for a frame too many": Fault("gaze_length_mismatch", _boxed(lambda boxes: [*boxes, []])),
    "NaN in a box": Fault("gaze_out_of_range", _edge(np.nan)),
    "infinity in a box": Fault("gaze_out_of_range", _edge(-np.inf)),
    "a box in pixels": Fault("gaze_out_of_range", _edge(120)),
    "a number beyond all floats": Fault("gaze_out_of_range", _edge(10**5000)),
}
