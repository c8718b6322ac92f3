"""A small lab that an earlier version of this repository converted, trained and evaluated, kept in an archive.

Today's version must find nothing to do in it. To make it anew from a version, as a worktree of its commit:

    git worktree add ../former COMMIT
    python -m tests.workflow.former_release ../former tests/workflow/former_release.tar.xz

The one that is kept was made by 2a80761. Frames and weights are blanked, so that it is small: a plan looks at names,
sizes, dates and at what results say of themselves, and so does Snakemake.
"""

import argparse
import os
import tarfile
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.workflow.conftest import SMALL_TRAINING, Workspace

TASK = "put_red_cube_on_plate"
WORDS = ("experiments=experiments.yaml", "episodes=2", "all", "evaluate_all")
"""What is asked for, when it is made and when it is planned again."""

_BLANKED = ("raw/*/*/raw/*/*/images*/im_[1-9]*.jpg", "numpy/**/*.npz", "**/out.tfrecord", "**/*.msgpack", "**/*.webp")


def make(repository: Path, archive: Path) -> None:
    """Let a version of the repository do everything, and pack what it leaves."""
    with TemporaryDirectory() as folder:
        lab = Workspace(Path(folder) / "lab", repository.resolve())
        lab.raw.mkdir(parents=True)
        simulation = {"tasks": [TASK], "demonstrations": 4, "dated_folders": 2, "image_size": [48, 64]}
        lab.write_profile(simulation=simulation, train_proportion=0.5)
        film = {"config.encoder": "convnet-3-film", "config.encoder_kwargs.num_filters": 8}
        runs = [
            {"algo": "bc", "task": TASK, "name": "bc"},
            {"algo": "lc_bc", "task": TASK, "name": "lc", "config_overrides": film},
        ]
        lab.write_experiments({"global": SMALL_TRAINING, "runs": runs})
        lab.snakemake(*WORDS)
        for pattern in _BLANKED:
            for path in lab.folder.glob(pattern):
                _blank(path)
        with tarfile.open(archive, "w:xz", preset=9) as packed:
            for name in ("raw", "numpy", "tfrecord", "runs", ".snakemake/metadata", "mine.yaml", "experiments.yaml"):
                packed.add(lab.folder / name, f"lab/{name}", filter=_of_nobody)


def unpacked(archive: Path, folder: Path, repository: Path) -> Workspace:
    """The lab in a folder, to be called with another version."""
    with tarfile.open(archive) as packed:
        packed.extractall(folder, **({"filter": "data"} if hasattr(tarfile, "data_filter") else {}))
    return Workspace(folder / "lab", repository)


def _blank(path: Path) -> None:
    """Zeros instead of its bytes, as many and of the same date."""
    status = path.stat()
    path.write_bytes(bytes(status.st_size))
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def _of_nobody(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    return entry


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("repository", type=Path, help="the version that makes it")
    parser.add_argument("archive", type=Path, help="the .tar.xz to write")
    make(**vars(parser.parse_args()))
