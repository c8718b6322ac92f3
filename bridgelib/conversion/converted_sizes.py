"""Forecast of the size of shards and TFRecords, and of the memory that makes them. Standard library only.

Disk follows from the formats (`bridgelib/formats`) to a fraction of a per cent, once the number of frames is known.
What a process takes beside its frames was measured, and `tests/conversion/test_converted_sizes.py` measures it again.
"""

from dataclasses import dataclass
from pathlib import Path

from bridgelib.layout import task_paths

_ROW = 7 * 4  # bytes of a state, or of an action: float32 [7]
_IDENTITY = 32  # characters of a content id
_SHARD_MEMBERS, _INDEX_MEMBERS, _MEMBER = 14, 19, 268  # arrays of an archive, and the bytes of headers that each has
_SHARD_REPORT, _TASK_REPORT, _STATISTICS, _SPLIT_ENTRY = 113, 511, 1700, 80
_RECORD = 560  # names of the features and headers of the tensors of one trajectory
_SEAL, _SEALED = 700, 48  # a seal, and each file that it lists
_READ_FILES = 4  # of a trajectory, beside its frames
_JPEG_HEADER = 4  # of each frame in a list of strings
_JPEG_TABLES = 600  # headers and tables of every JPEG

# Resident memory, bytes.
_RAW_TO_NUMPY = 46 << 20  # Python, numpy and Pillow
_DECODING = 4 * 3  # per pixel of a camera's frame: the file, its pixels, and two passes of the filter
_NUMPY_TO_TFRECORD = 43 << 20  # Python, numpy and Pillow
_INDEX_ROW = 300  # per frame of a task: its index, and the statistics taken of it

SHARD_FILES = 3  # a shard, its report and its seal
TASK_FILES = len(task_paths(Path())) + 1  # and the seal
TASK_FOLDERS = 3


@dataclass(frozen=True)
class Content:
    """What a dated folder or a task holds, as far as sizes depend on it.

    Attributes:
        trajectories: How many there are.
        frames: Camera images of one camera, over all of them.
        name: Characters of the longest name of a trajectory, its path relative to the raw root.
        language: Characters of the longest instruction.
    """

    trajectories: int
    frames: float
    name: int = 80
    language: int = 60

    @property
    def actions(self) -> float:
        """Transitions: one less than frames in each trajectory."""
        return max(0.0, self.frames - self.trajectories)

    def __add__(self, other: "Content") -> "Content":
        return Content(
            self.trajectories + other.trajectories,
            self.frames + other.frames,
            max(self.name, other.name),
            max(self.language, other.language),
        )


NOTHING = Content(0, 0.0, 0, 0)


@dataclass(frozen=True)
class Images:
    """How the images are kept; the attributes are keys of a machine profile.

    Attributes:
        im_size: Height and width in pixels.
        cameras: How many cameras the shards keep.
        gaze: Whether gaze maps are made.
        encoding: The image encoding of the TFRecords, "raw" or "jpeg".
        jpeg_frame: Bytes of one frame as the TFRecords keep it under "jpeg".
    """

    im_size: int
    cameras: int = 1
    gaze: bool = False
    encoding: str = "raw"
    jpeg_frame: float = 0.0

    @property
    def frame(self) -> int:
        """Bytes of a frame's pixels."""
        return 3 * self.im_size**2

    @property
    def map(self) -> int:
        """Bytes of a frame's gaze map, float32; none without gaze."""
        return 4 * self.im_size**2 * self.gaze

    def record_bytes(self, frames: float, actions: float) -> float:
        """Images and gaze maps in TFRecords: each frame now and again as the next, or once as JPEG."""
        pictures = (self.jpeg_frame + _JPEG_HEADER) * frames if self.encoding == "jpeg" else 2 * self.frame * actions
        return pictures + 2 * self.map * actions


def shard_bytes(content: Content, images: Images) -> int:
    """A numpy shard, its report and its seal."""
    rows = content.frames * (_ROW + 8) + content.actions * _ROW  # states, time stamps; actions
    boxes = content.frames * (8 + 4 * 8) if images.gaze else 0  # about one box in a frame
    frames = content.frames * images.frame * images.cameras
    read = _SEALED * (content.frames * images.cameras + content.trajectories * _READ_FILES)
    seal = _SEAL + read + content.trajectories * content.name
    return round(frames + rows + _text_bytes(content) + boxes + _SHARD_MEMBERS * _MEMBER + _SHARD_REPORT + seal)


def task_bytes(content: Content, images: Images) -> int:
    """The TFRecords of a task with their indices, split, statistics, report and seal."""
    return round(
        records_bytes(content, images)
        + _index_bytes(content)
        + content.trajectories * (_SPLIT_ENTRY + content.name)
        + _STATISTICS
        + _TASK_REPORT
        + _SEAL
        + _SEALED * (TASK_FILES - 1)
    )


def records_bytes(content: Content, images: Images) -> float:
    """Only the two TFRecords."""
    rows = content.actions * (3 * _ROW + 2)  # state, next state and action; two flags
    texts = content.trajectories * (_RECORD + content.name + content.language)
    return images.record_bytes(content.frames, content.actions) + rows + texts


def _index_bytes(content: Content) -> float:
    rows = content.frames * (3 * 8 + _ROW) + content.actions * _ROW
    return rows + _text_bytes(content) + 2 * _INDEX_MEMBERS * _MEMBER


def _text_bytes(content: Content) -> float:
    """Names, content ids and instructions, where each of them ends, and three offsets."""
    return content.trajectories * (content.name + _IDENTITY + content.language + (3 + 3) * 8)


def jpeg_frame_bytes(im_size: int, source: tuple[int, int], source_bytes: int) -> float:
    """A guess, good to some 30 per cent, of a frame's bytes under the encoding "jpeg".

    Measured on BridgeData and on simulated frames. A frame made smaller has more detail per pixel; one made larger,
    none that it had not before.

    Args:
        im_size: Height and width of the frame.
        source: Height and width of the camera's image.
        source_bytes: The size of that image as JPEG.
    """
    scale = im_size**2 / (source[0] * source[1])
    return _JPEG_TABLES + 1.15 * max(0, source_bytes - _JPEG_TABLES) * scale ** (0.82 if scale < 1 else 0.68)


def raw_to_numpy_memory(longest: int, images: Images, workers: int, source: tuple[int, int]) -> int:
    """Peak resident memory of one raw_to_numpy job.

    Args:
        longest: Frames of a long trajectory.
        images: How the images are kept.
        workers: Threads; each may have two trajectories under way or waiting, and one is being written.
        source: Height and width of the cameras' images.
    """
    trajectory = longest * images.frame * images.cameras
    return round(_RAW_TO_NUMPY + workers * _DECODING * source[0] * source[1] + (2 * workers + 1) * trajectory)


def numpy_to_tfrecord_memory(longest: int, frames: float, images: Images) -> int:
    """Peak resident memory of one numpy_to_tfrecord job: pages of mapped files count while they are looked at.

    Args:
        longest: Frames of a long trajectory, of which one at a time is held.
        frames: Frames of the whole task, whose index is held in memory.
        images: How the images are kept.
    """
    written = longest * (images.frame + images.map + (images.jpeg_frame if images.encoding == "jpeg" else 0))
    read_back = images.record_bytes(longest, longest)
    return round(_NUMPY_TO_TFRECORD + max(written, read_back) + _INDEX_ROW * frames)
