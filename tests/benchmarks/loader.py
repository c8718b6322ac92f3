"""How fast batches are read from TFRecords, and how much memory that takes.

    python -m tests.benchmarks.loader

Writes synthetic TFRecords, reads training batches for a goal-conditioned agent (an observation and a goal image per
sample) from the warm page cache, and sets copying as many bytes within memory beside it. Prints samples per second, the
same per second of processor time (which other programs on the machine change little) with its ratio to the copy, and by
how much the process's memory grew; exits 1 below the goals.
"""

import argparse
import multiprocessing
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np

from bridgelib.config.algorithms import algorithm_defaults
from bridgelib.data.batches import TrainingBatches
from bridgelib.data.prefetch import prefetched
from bridgelib.data.records import Records
from bridgelib.data.samples import Samples
from bridgelib.data.statistics import statistics_of
from bridgelib.formats.index import load_index

GOAL_RATIO = 0.1  # of the speed of a copy within memory, in processor time, raw encoding
GOAL_MEMORY = 3  # batches' worth of memory beyond one batch: those in the making
DATASET_KWARGS = algorithm_defaults("gc_bc")["dataset_kwargs"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--im_size", type=int, default=256)
    parser.add_argument("--batch_size", type=int, default=256)
    parser.add_argument("--trajectories", type=int, default=40)
    parser.add_argument("--length", type=int, default=50, help="transitions per trajectory")
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--encoding", choices=("raw", "jpeg"), nargs="+", default=["raw", "jpeg"])
    options = parser.parse_args()
    size = 2 * options.batch_size * options.im_size**2 * 3
    copied = copy_speed(size, options)
    print(f"batches of {options.batch_size} at {options.im_size} pixels, {size / 1e6:.0f} MB of images each\n")
    print("                   samples/s   samples/s of processor   ratio to copy   grown memory")
    print(f"copy in memory     {copied.wall:9.0f} {copied.processor:24.0f}")
    missed = []
    for encoding in options.encoding:
        speed, grown = measured(encoding, options)
        ratio = speed.processor / copied.processor
        print(f"{encoding + ' TFRecords':<18} {speed.wall:9.0f} {speed.processor:24.0f}", end="")
        print(f"{ratio:16.3f} {grown / 1e6:11.0f} MB", flush=True)
        missed += [f"{encoding}: ratio {GOAL_RATIO}"] * (encoding == "raw" and ratio < GOAL_RATIO)
        missed += [f"{encoding}: memory of {GOAL_MEMORY} batches"] * (grown > GOAL_MEMORY * size)
    print(f"\ngoals: {'MISSED ' + ', '.join(missed) if missed else 'met'}")
    return int(bool(missed))


class Speed:
    """Samples per second, by the clock on the wall and by processor time."""

    def __init__(self, samples):
        self._samples, self._begin = samples, (time.perf_counter(), time.process_time())

    def stop(self):
        self.wall = self._samples / (time.perf_counter() - self._begin[0])
        self.processor = self._samples / (time.process_time() - self._begin[1])
        return self


def copy_speed(size, options):
    """Copies of a batch's bytes, as np.copyto does it."""
    source, destination = np.ones(size, np.uint8), np.zeros(size, np.uint8)
    speed = Speed(options.steps * options.batch_size)
    for _ in range(options.steps):
        np.copyto(destination, source)
    return speed.stop()


def measured(encoding, options):
    """The speed of reading batches, and the bytes of anonymous memory that came on top of the first batch."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "out.tfrecord")
        # In a process of its own, so that its memory is not counted.
        with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
            pool.submit(write, file, encoding, options.trajectories, options.length, options.im_size).result()
        samples = Samples(Records.open([file]), statistics_of([load_index(file)]), DATASET_KWARGS, frozenset({"goals"}))
        batches = TrainingBatches(samples, [[file]], None, options.batch_size, seed=0)
        batches.batch(0)
        before, most = anonymous_bytes(), 0
        speed = Speed(options.steps * options.batch_size)
        with prefetched(batches, 0, options.steps) as stream:
            for _ in stream:
                most = max(most, anonymous_bytes())
        return speed.stop(), most - before


def write(path, encoding, trajectories, length, im_size):
    from bridgelib.formats.tfrecord import tfrecord_writer
    from tests.trajectories import make_trajectory

    y, x = np.mgrid[0:im_size, 0:im_size]
    scene = np.stack([x, y, x + y], axis=-1).astype(np.uint8)  # smooth, so that JPEG has an ordinary amount to decode
    with tfrecord_writer(path, encoding) as append:
        for number in range(trajectories):
            small = make_trajectory(number, length)
            frames = np.stack([np.roll(scene, (number, 3 * step), axis=(0, 1)) for step in range(length + 1)])
            append(replace(small, frames={0: frames}))


def anonymous_bytes():
    """Memory of this process that is no file's."""
    return int(Path("/proc/self/status").read_text().split("RssAnon:")[1].split()[0]) * 1024


if __name__ == "__main__":
    sys.exit(main())
