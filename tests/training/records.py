"""A task that can be learnt: three edges in a frame tell the coming move. TFRecords without TensorFlow."""

from pathlib import Path

import numpy as np

from bridgelib.formats.index import RecordIndex

SIDE = 8
LENGTH = 6


def write_task(folder: Path, training: int = 40, validation: int = 4, seed: int = 0) -> None:
    """`<folder>/{train,val}/out.tfrecord` with their indices; every trajectory has LENGTH transitions."""
    for number, (side, count) in enumerate({"train": training, "val": validation}.items()):
        _write_side(folder / side / "out.tfrecord", count, np.random.default_rng([seed, number]))


def _write_side(path: Path, count: int, generator: np.random.Generator) -> None:
    path.parent.mkdir(parents=True)
    moves = generator.uniform(-1, 1, (count, LENGTH, 3))
    position = np.cumsum(np.concatenate([np.zeros((count, 1, 3)), 0.01 * moves], axis=1), axis=1)  # [N, T+1, 3]
    state = np.concatenate([position, np.zeros((count, LENGTH + 1, 4))], axis=-1).astype(np.float32)
    gripper = (moves[..., :1] > 0).astype(np.float32)
    actions = np.concatenate([0.01 * moves, np.zeros((count, LENGTH, 3)), gripper], axis=-1).astype(np.float32)
    # Red ends at a column, green at a row, blue at a diagonal: each by one entry of the move.
    columns, rows = np.meshgrid(np.arange(SIDE), np.arange(SIDE))
    places = np.stack([columns, rows, (columns + rows) / 2], axis=-1) + 0.5  # [SIDE, SIDE, 3]
    ends = (np.concatenate([moves, np.zeros((count, 1, 3))], axis=1) + 1) / 2 * SIDE  # [N, T+1, 3]
    frames = np.where(places < ends[:, :, None, None, :], 255, 0).astype(np.uint8)
    gaze = np.zeros((count, LENGTH + 1, SIDE, SIDE, 1), np.float32)
    gaze[:, :, :, : SIDE // 2] = 1
    content = frames.tobytes() + gaze.tobytes()
    path.write_bytes(content)
    frame_bytes = SIDE * SIDE * 3
    RecordIndex(
        encoding="raw",
        image_shape=(SIDE, SIDE, 3) if count else (0, 0, 3),
        frame_position=np.arange(count * (LENGTH + 1)) * frame_bytes,
        frame_length=np.full(count * (LENGTH + 1), frame_bytes),
        gaze_position=frames.nbytes + np.arange(count * (LENGTH + 1)) * SIDE * SIDE * gaze.itemsize,
        frame_offsets=np.arange(count + 1) * (LENGTH + 1),
        action_offsets=np.arange(count + 1) * LENGTH,
        language_offsets=np.arange(count + 1),
        state=state.reshape(-1, 7),
        actions=actions.reshape(-1, 7),
        languages=("move where the colour says",) * count,
        names=tuple(f"trajectory{number}" for number in range(count)),
        identities=tuple(f"{number:032x}" for number in range(count)),
        # The file is not divided into records, so there are no checksums to know.
        record_position=np.array([len(content)]),
        record_checksums=np.empty((0, 2), np.uint32),
    ).save(path)
