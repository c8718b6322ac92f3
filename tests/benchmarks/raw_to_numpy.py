"""How fast raw demonstrations become numpy shards, and how much memory that takes.

    python -m tests.benchmarks.raw_to_numpy

Writes a tree of synthetic demonstrations like those of the release (480x640 JPEG of some 50 KB, two cameras), converts
it with 1, 2, … threads, and sets the predecessor's way beside it: every camera decoded, in one thread. Prints
`images0` frames per second, the same per second of one core, and the peak memory; exits 1 below the goals.
"""

import argparse
import io
import os
import pickle
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageFilter

REPOSITORY = Path(__file__).resolve().parents[2]
GOAL_FRAMES = 180  # images0 frames per second and core, at 256 pixels
GOAL_MEMORY = 1000  # MB per worker
CAMERAS = 2


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trajectories", type=int, default=30)
    parser.add_argument("--frames", type=int, default=40, help="of each trajectory and camera")
    parser.add_argument("--im_size", type=int, default=256)
    parser.add_argument("--workers", type=int, nargs="+", default=sorted({1, len(os.sched_getaffinity(0))}))
    options = parser.parse_args()
    total = options.trajectories * options.frames
    with tempfile.TemporaryDirectory() as folder:
        raw, out = Path(folder, "raw"), Path(folder, "numpy")
        size = write_tree(raw, options.trajectories, options.frames)
        print(f"{total} frames of images0, as many of images1, {size / total / CAMERAS / 1e3:.0f} kB each\n")
        print("                     frames/s   frames/s and core   peak memory")
        script = [sys.executable, REPOSITORY / "workflow_scripts" / "raw_to_numpy.py", "--overwrite"]
        runs = []
        for workers in options.workers:
            arguments = ["--raw", raw, "--numpy", out, "--im_size", options.im_size, "--workers", workers]
            runs.append(measured([*script, *arguments]))
            runs[-1].show(f"ours, {workers} worker{'s' * (workers > 1)}", total)
        baseline = measured([sys.executable, "-m", "tests.benchmarks.every_camera", raw, options.im_size])
        baseline.show("every camera decoded", total)
    print(f"\nratio to decoding every camera: {baseline.core_seconds / runs[0].core_seconds:.2f} per core")
    slow = total / runs[0].core_seconds < GOAL_FRAMES
    large = any(run.peak_mb > GOAL_MEMORY * workers for run, workers in zip(runs, options.workers, strict=True))
    print(f"goals: {GOAL_FRAMES} frames/s and core {'MISSED' if slow else 'met'}, ", end="")
    print(f"{GOAL_MEMORY} MB per worker {'MISSED' if large else 'met'}")
    return int(slow or large)


@dataclass(frozen=True)
class Run:
    """What a process took."""

    seconds: float
    core_seconds: float
    peak_mb: float

    def show(self, label, frames):
        each = (frames / self.seconds, frames / self.core_seconds, self.peak_mb)
        print(f"{label:<20} {each[0]:9.0f} {each[1]:19.0f} {each[2]:10.0f} MB", flush=True)


def measured(command):
    begin = time.perf_counter()
    process = subprocess.Popen([str(word) for word in command], cwd=REPOSITORY, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    assert os.waitstatus_to_exitcode(status) == 0, command
    return Run(time.perf_counter() - begin, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1e3)


def write_tree(raw, trajectories, frames):
    """A dated folder of two cameras; returns the bytes of its images."""
    generator = np.random.default_rng(0)
    scenes = [scene(generator) for _ in range(8)]
    size = 0
    for number in range(trajectories):
        folder = raw / "task" / "2022-03-04_05-06-07" / "raw" / "traj_group0" / f"traj{number}"
        for camera in range(CAMERAS):
            (folder / f"images{camera}").mkdir(parents=True)
            for frame in range(frames):
                # The scene moves on by some pixels from frame to frame, so no two files are alike.
                moved = np.roll(scenes[(number + camera) % len(scenes)], (number, 4 * frame), axis=(0, 1))
                content = io.BytesIO()
                Image.fromarray(moved).save(content, "JPEG", quality=90)
                (folder / f"images{camera}" / f"im_{frame}.jpg").write_bytes(content.getvalue())
                size += len(content.getvalue())
        state = generator.normal(size=(frames, 7))
        policy = [{"actions": action, "policy_type": "synthetic"} for action in generator.normal(size=(frames - 1, 7))]
        files = {
            "obs_dict": {"full_state": state, "time_stamp": np.arange(frames) * 0.2},
            "policy_out": policy,
            "agent_data": {"traj_ok": True},
        }
        for name, value in files.items():
            (folder / f"{name}.pkl").write_bytes(pickle.dumps(value, protocol=4))
        (folder / "lang.txt").write_text("put the pot on the stove\nconfidence: 1.0\n")
    return size


def scene(generator):
    """uint8 [480, 640, 3]: light that falls off, textured boxes with soft edges, and the noise of a sensor."""
    rows, columns = np.mgrid[0:480, 0:640]
    image = np.stack([120 + 50 * np.sin(columns / 150 + shift + rows / 200) for shift in range(3)], axis=-1)
    for _ in range(25):
        row, column, height, width = generator.integers((0, 0, 20, 20), (440, 600, 160, 200))
        box = image[row : row + height, column : column + width]
        box[...] = generator.integers(20, 235, 3) + generator.normal(0, 12, (*box.shape[:2], 1))
    blurred = Image.fromarray(image.clip(0, 255).astype(np.uint8)).filter(ImageFilter.GaussianBlur(1.2))
    noisy = np.asarray(blurred) + generator.normal(0, 2.5, (480, 640, 1))
    return noisy.clip(0, 255).astype(np.uint8)


if __name__ == "__main__":
    sys.exit(main())
