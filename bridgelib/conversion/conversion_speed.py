"""How fast this machine converts its own demonstrations: a few of them are converted for some seconds, and thrown away.

What is timed is the conversion's own code, its reading from this disk included; only what is written goes to the
system's temporary folder.
"""

import itertools
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from bridgelib.conversion.raw_to_numpy import Settings
from bridgelib.data.gaze import gaze_maps
from bridgelib.errors import DataError
from bridgelib.formats.shard import Shard, ShardWriter
from bridgelib.formats.tfrecord import jpeg_bytes, tfrecord_writer
from bridgelib.raw.rejection import Rejected
from bridgelib.raw.trajectory import Trajectory, read_trajectory

_PICTURES = 40  # frames that are encoded to learn their size as JPEG


@dataclass(frozen=True)
class Speed:
    """The measured speed.

    Attributes:
        frames: Frames of camera 0 that were converted.
        raw_to_numpy: Frames a second in the first step.
        numpy_to_tfrecord: Frames a second in the second step.
        jpeg_frame: Mean bytes of a frame under the encoding "jpeg".
    """

    frames: int
    raw_to_numpy: float
    numpy_to_tfrecord: float
    jpeg_frame: float


def probe(
    raw: Path, names: Sequence[str], settings: Settings, encoding: str, workers: int = 1, seconds: float = 5.0
) -> Speed:
    """Convert trajectories for some seconds.

    Args:
        raw: The raw root.
        names: Trajectories relative to it, none twice; those that would be rejected are left out.
        settings: What the shards shall hold.
        encoding: The image encoding of the TFRecords.
        workers: Threads that read.
        seconds: How long to read; the rest takes about as long.

    Raises:
        DataError: None of the trajectories could be read.
    """
    with tempfile.TemporaryDirectory(prefix="forecast-") as folder:
        path = Path(folder, "probe.npz")
        read, started = 0, time.perf_counter()
        with ShardWriter(path, settings.im_size, settings.cameras, settings.gaze) as shard:
            for trajectory in _read(raw, names, settings, workers, started + seconds):
                shard.add(trajectory)
                read += len(trajectory.state)
        reading = time.perf_counter() - started
        if not read:
            raise DataError(raw, given=f"none of {len(names)} trajectories can be converted", do="look at its data")
        made = Shard(path)
        started = time.perf_counter()
        with tfrecord_writer(Path(folder, "probe.tfrecord"), encoding) as append:
            for trajectory in made:
                boxes = trajectory.gaze_boxes
                append(trajectory, None if boxes is None else gaze_maps(boxes, settings.im_size))
        writing = time.perf_counter() - started
        frames = itertools.chain.from_iterable(trajectory.frames[0] for trajectory in made)
        sizes = [len(jpeg_bytes(frame)) for frame in itertools.islice(frames, 0, None, max(1, read // _PICTURES))]
        return Speed(read, read / reading, read / writing, sum(sizes) / len(sizes))


def _read(raw: Path, names: Sequence[str], settings: Settings, workers: int, until: float) -> Iterator[Trajectory]:
    """Trajectories as they come, one round of the threads after another, until the time is up."""

    def one(name: str) -> Trajectory | None:
        with suppress(Rejected):
            return read_trajectory(raw, name, settings.im_size, settings.cameras, settings.gaze, settings.latency_shift)
        return None

    with ThreadPoolExecutor(workers) as pool:
        for begin in range(0, len(names), workers):
            yield from filter(None, pool.map(one, names[begin : begin + workers]))
            if time.perf_counter() > until:
                return
