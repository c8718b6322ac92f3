"""Numpy shards: the trajectories of one dated folder in one uncompressed `.npz`.

Members, for N trajectories with F frames, A actions and L instructions together, and images of S by S pixels:

    images0           uint8   [F, S, S, 3]   (images1 … where further cameras are kept)
    state             float32 [F, 7]
    time_stamp        float64 [F]
    actions           float32 [A, 7]
    frame_offsets, action_offsets, language_offsets
                      int64   [N+1]          trajectory i owns rows offsets[i] to offsets[i+1]
    meta              <U      []             JSON: version, im_size, cameras; gaze where there are boxes,
                                             latency_shift where it was set by hand

texts (`texts.py`), of languages L, of names and identities N:

    languages, names, identities
                      uint8   [bytes]        UTF-8, one after another
    languages_ends, names_ends, identities_ends
                      int64   [L or N]       where each ends

and, only where gaze was asked for, with G boxes together:

    gaze_boxes        float64 [G, 4]         left, top, right, bottom as shares of the image
    gaze_offsets      int64   [F+1]          frame f owns boxes offsets[f] to offsets[f+1]

The same trajectories give the same bytes. Neither writer nor reader ever holds more than one trajectory's frames.
"""

import json
import shutil
import struct
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import pairwise
from mmap import MADV_DONTNEED
from pathlib import Path
from typing import IO, Any
from zipfile import ZIP_STORED, BadZipFile, ZipFile

import numpy as np

from bridgelib.errors import DataError
from bridgelib.files import written_whole
from bridgelib.formats.archive import mapped, mapped_member, opened_member, read_member, read_texts
from bridgelib.formats.texts import packed
from bridgelib.mistaken import kind_of_file
from bridgelib.raw.trajectory import Trajectory

VERSION = 2
COPY_BYTES = 1 << 20


class ShardWriter:
    """Writes a shard trajectory by trajectory; the file appears, whole, when the `with` block ends well.

    Frames wait for their member of the archive in unnamed files in the shard's folder, which the kernel frees on any
    death of the process.

    Args:
        path: The shard.
        im_size: Height and width of the frames.
        cameras: The camera numbers that every trajectory brings.
        gaze: Which gaze boxes every trajectory brings, one of `bridgelib.raw.gaze.SOURCES`.
        latency_shift: How their latency was corrected, one of `bridgelib.raw.latency.SETTINGS`.

    Raises:
        DataError: The disk is full or not writable.
    """

    def __init__(
        self,
        path: Path,
        im_size: int,
        cameras: Sequence[int] = (0,),
        gaze: str = "none",
        latency_shift: int | str = "auto",
    ):
        self.path, self.im_size, self.cameras, self.gaze = Path(path), im_size, tuple(cameras), gaze
        self.latency_shift = latency_shift
        self._rows: dict[str, list] = {key: [] for key in ("state", "time_stamp", "actions")}
        self._names: list[str] = []
        self._content_ids: list[str] = []
        self._languages: list[str] = []
        self._gaze_boxes: list[np.ndarray] = []
        self._offsets: dict[str, list[int]] = {key: [0] for key in ("frame", "action", "language")}

    def __enter__(self) -> "ShardWriter":
        self._session = self._writing()
        self._session.__enter__()
        return self

    def __exit__(self, *error: Any) -> bool | None:
        return self._session.__exit__(*error)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        with written_whole(self.path) as partial, ExitStack() as files:
            folder = self.path.parent
            self._spools = {
                camera: files.enter_context(tempfile.TemporaryFile(dir=folder, buffering=0)) for camera in self.cameras
            }
            yield
            self._assemble(partial)

    def add(self, trajectory: Trajectory) -> None:
        """Append one trajectory."""
        length = len(trajectory.state)
        for camera, spool in self._spools.items():
            frames = np.ascontiguousarray(trajectory.frames[camera])
            assert frames.shape == (length, self.im_size, self.im_size, 3), frames.shape
            assert frames.dtype == np.uint8, frames.dtype
            _write_all(spool, frames)
        self._rows["state"].append(np.asarray(trajectory.state, np.float32))
        self._rows["time_stamp"].append(np.asarray(trajectory.time_stamp, np.float64))
        self._rows["actions"].append(np.asarray(trajectory.actions, np.float32))
        self._names.append(trajectory.name)
        self._content_ids.append(trajectory.content_id)
        self._languages.extend(trajectory.languages)
        if self.gaze != "none":
            assert trajectory.gaze_boxes and len(trajectory.gaze_boxes) == length, trajectory.name
            self._gaze_boxes.extend(trajectory.gaze_boxes)
        for key, count in (("frame", length), ("action", len(trajectory.actions))):
            self._offsets[key].append(self._offsets[key][-1] + count)
        self._offsets["language"].append(len(self._languages))

    def _assemble(self, partial: Path) -> None:
        meta = {"version": VERSION, "im_size": self.im_size, "cameras": list(self.cameras)}
        meta |= {} if self.gaze == "none" else {"gaze": self.gaze}
        meta |= {} if self.latency_shift == "auto" else {"latency_shift": self.latency_shift}
        frame_shape = (self._offsets["frame"][-1], self.im_size, self.im_size, 3)
        with ZipFile(partial, "w", ZIP_STORED) as archive:
            for camera, spool in self._spools.items():
                with opened_member(archive, f"images{camera}") as member:
                    header = {"descr": "|u1", "fortran_order": False, "shape": frame_shape}
                    np.lib.format.write_array_header_1_0(member, header)
                    spool.seek(0)
                    shutil.copyfileobj(spool, member, COPY_BYTES)
            arrays = {
                "state": np.concatenate([np.empty((0, 7), np.float32), *self._rows["state"]]),
                "time_stamp": np.concatenate([np.empty(0, np.float64), *self._rows["time_stamp"]]),
                "actions": np.concatenate([np.empty((0, 7), np.float32), *self._rows["actions"]]),
                **{f"{key}_offsets": np.array(offsets, np.int64) for key, offsets in self._offsets.items()},
                **packed("languages", self._languages),
                **packed("names", self._names),
                **packed("identities", self._content_ids),
                **self._gaze_arrays(),
                "meta": np.array(json.dumps(meta, sort_keys=True)),
            }
            for key, array in arrays.items():
                with opened_member(archive, key) as member:
                    np.lib.format.write_array(member, array, version=(1, 0), allow_pickle=False)

    def _gaze_arrays(self) -> dict[str, np.ndarray]:
        if self.gaze == "none":
            return {}
        offsets = np.cumsum([0, *map(len, self._gaze_boxes)], dtype=np.int64)
        return {"gaze_boxes": np.concatenate([np.empty((0, 4)), *self._gaze_boxes]), "gaze_offsets": offsets}


class Shard:
    """A shard on disk; frames are mapped into memory, never loaded as a whole.

    Attributes:
        names: Folder of each trajectory, relative to the raw root.
        content_ids: Content id of each trajectory.
        meta: `version`, `im_size`, `cameras`; `gaze` and `latency_shift` where they are not the usual ones.
        im_size: Height and width of the frames.
        cameras: The camera numbers kept.
        gaze: Which gaze boxes it holds, one of `bridgelib.raw.gaze.SOURCES`.
        latency_shift: How the camera's latency was corrected, one of `bridgelib.raw.latency.SETTINGS`.

    Raises:
        DataError: The shard is missing, damaged, or of another version.
    """

    def __init__(self, path: Path):
        self.path = Path(path)
        with _damage_explained(self.path), ZipFile(self.path) as archive:
            self.meta: dict = json.loads(str(read_member(archive, "meta")))
            if self.meta["version"] != VERSION:
                raise _of_another_version(self.path, self.meta["version"])
            self.im_size: int = self.meta["im_size"]
            self.cameras: tuple[int, ...] = tuple(self.meta["cameras"])
            self.gaze: str = self.meta.get("gaze", "none")
            self.latency_shift: int | str = self.meta.get("latency_shift", "auto")
            self.names, self.content_ids = read_texts(archive, "names"), read_texts(archive, "identities")
            self._state, self._time_stamp = read_member(archive, "state"), read_member(archive, "time_stamp")
            self._actions, self._languages = read_member(archive, "actions"), read_texts(archive, "languages")
            self._frame_offsets = read_member(archive, "frame_offsets")
            self._action_offsets = read_member(archive, "action_offsets")
            self._language_offsets = read_member(archive, "language_offsets")
            self._map = mapped(self.path)
            self._frames = {camera: mapped_member(self._map, archive, f"images{camera}") for camera in self.cameras}
            if self.gaze != "none":
                self._gaze_boxes = read_member(archive, "gaze_boxes")
                self._gaze_offsets = read_member(archive, "gaze_offsets")
            self._check_lengths()

    def _check_lengths(self) -> None:
        rows = {"state": self._state, "time_stamp": self._time_stamp}
        rows |= {f"images{camera}": frames for camera, frames in self._frames.items()}
        expected = [(key, len(array), int(self._frame_offsets[-1])) for key, array in rows.items()]
        expected.append(("actions", len(self._actions), int(self._action_offsets[-1])))
        expected.append(("languages", len(self._languages), int(self._language_offsets[-1])))
        expected.append(("identities", len(self.content_ids), len(self.names)))
        expected.append(("frame_offsets", len(self._frame_offsets), len(self.names) + 1))
        if self.gaze != "none":
            expected.append(("gaze_offsets", len(self._gaze_offsets), len(self._state) + 1))
            expected.append(("gaze_boxes", len(self._gaze_boxes), int(self._gaze_offsets[-1])))
        for key, found, wanted in expected:
            if found != wanted:
                raise ValueError(f"member {key} has {found} rows, the others imply {wanted}")

    def verify(self) -> None:
        """Read every byte and compare checksums.

        Raises:
            DataError: A member is damaged.
        """
        with _damage_explained(self.path), ZipFile(self.path) as archive:
            damaged = archive.testzip()
            if damaged is not None:
                raise ValueError(f"member {damaged} does not have its checksum")

    def release(self) -> None:
        """Give back the memory of frames that were looked at; whoever looks again reads them again."""
        self._map.madvise(MADV_DONTNEED)

    def __len__(self) -> int:
        return len(self.names)

    def __iter__(self) -> Iterator[Trajectory]:
        return (self.trajectory(number) for number in range(len(self)))

    def trajectory(self, number: int) -> Trajectory:
        """Trajectory `number`; its frames are read-only views of the file."""
        frames = slice(*self._frame_offsets[number : number + 2])
        actions = slice(*self._action_offsets[number : number + 2])
        languages = slice(*self._language_offsets[number : number + 2])
        return Trajectory(
            name=self.names[number],
            content_id=self.content_ids[number],
            frames={camera: array[frames] for camera, array in self._frames.items()},
            state=self._state[frames],
            time_stamp=self._time_stamp[frames],
            actions=self._actions[actions],
            languages=self._languages[languages],
            gaze_boxes=None if self.gaze == "none" else self._boxes_of(frames),
        )

    def _boxes_of(self, frames: slice) -> tuple[np.ndarray, ...]:
        offsets = self._gaze_offsets[frames.start : frames.stop + 1]
        return tuple(self._gaze_boxes[begin:end] for begin, end in pairwise(offsets))


def _write_all(file: IO[bytes], array: np.ndarray) -> None:
    """Write an array's bytes to an unbuffered file, which may take fewer at a time than it is given."""
    rest = array.data.cast("B")
    while rest:
        rest = rest[file.write(rest) :]


@contextmanager
def _damage_explained(path: Path) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise DataError(path, given="no such shard", do="run raw_to_numpy on its dated folder") from None
    except (BadZipFile, ValueError, KeyError, TypeError, EOFError, struct.error, NotImplementedError) as error:
        kind = kind_of_file(path, expected=b"PK")
        again = f"remove it and run raw_to_numpy again: rm {path}"
        raise DataError(
            path,
            given=f"no shard: it is {kind.name}" if kind else f"a damaged shard: {error}",
            do=f"{kind.cure(path)}; or {again}" if kind else again,
        ) from error


def _of_another_version(path: Path, version: object) -> DataError:
    return DataError(
        path,
        given=f"a shard of version {version}",
        allowed=f"version {VERSION}, which this program writes",
        do=f"remove it and run raw_to_numpy again: rm {path}",
    )
