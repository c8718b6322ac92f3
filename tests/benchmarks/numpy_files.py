"""Writes what the benchmark numpy_to_tfrecord reads: trajectories in shards, and as the predecessor kept them."""

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np

from tests.benchmarks.numpy_to_tfrecord import DATE, LENGTH, SIZE, TASKS
from tests.trajectories import make_trajectory, write_shard

TRAINED = 0.9


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("shards", type=Path, help="root of the shards")
    parser.add_argument("pickled", type=Path, nargs="?", help="root of the predecessor's files")
    parser.add_argument("--trajectories", type=int, required=True)
    options = parser.parse_args()
    for task in TASKS:
        made = [scene(number) for number in range(options.trajectories)]
        write_shard(options.shards / task, DATE, made, im_size=SIZE)
        if options.pickled:
            border = round(TRAINED * len(made))
            for split, part in (("train", made[:border]), ("val", made[border:])):
                save_pickled(options.pickled / task / split / "out.npy", part)


def scene(number):
    """A trajectory whose frames are smooth and move on."""
    y, x = np.mgrid[0:SIZE, 0:SIZE]
    still = np.stack([x, y, x + y], axis=-1).astype(np.uint8)
    frames = np.stack([np.roll(still, (number, 3 * step), axis=(0, 1)) for step in range(LENGTH + 1)])
    return replace(make_trajectory(number, LENGTH), frames={0: frames})


def save_pickled(path, trajectories):
    """An array of dictionaries, a dictionary per step in it."""
    kept = np.empty(len(trajectories), object)
    for place, trajectory in enumerate(trajectories):
        observed = zip(trajectory.frames[0], trajectory.state, strict=True)
        steps = [{"images0": frame, "state": state} for frame, state in observed]
        kept[place] = {
            "observations": steps[:-1],
            "next_observations": steps[1:],
            "actions": list(trajectory.actions),
            "language": list(trajectory.languages),
        }
    path.parent.mkdir(parents=True, exist_ok=True)
    np.save(path, kept, allow_pickle=True)


if __name__ == "__main__":
    main()
