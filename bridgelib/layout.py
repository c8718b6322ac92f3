"""Where everything lies: the paths that the Snakefile, the programs and the library agree on, and how they are written.

    <raw>/<task>/<date>/                       a collection session; a simulated one ends with collection_metadata.json
    <numpy>/<task>/<date>.npz                  its shard, and <date>.report.json
    <tfrecord>/<task>/{train,val}/             out.tfrecord and out.index.npz
    <tfrecord>/<task>/                         split.json, statistics.json, report.json
    <tfrecord>/                                data_report.txt and .json
    <runs>/<experiment>/                       done.json; language.npz, evaluation.json, rollouts.json, rollouts/
    <runs>/<experiment>/latest/                the run itself: config.json, metrics.jsonl, checkpoints/, policy/
    <runs>/                                    references.json; success.txt and .json; report/index.html

Each result has its seal beside it: the name of its main file, which ends in .seal.json; see `bridgelib.seals`.

The functions take patterns too: for a task the rules give `{task}`. Standard library only.
"""

import os
import re
from pathlib import Path

from bridgelib.errors import ConfigError

SPLITS = ("train", "val")
"""The splits of a task."""

RECORDS = "out.tfrecord"
"""In the folder of each split."""

SPLIT, STATISTICS, REPORT = "split.json", "statistics.json", "report.json"
"""In the folder of a task, beside its two splits."""

DONE, LANGUAGE, EVALUATION, ROLLOUTS = "done.json", "language.npz", "evaluation.json", "rollouts.json"
"""In the folder of an experiment; the first is written last of a training."""

REFERENCES = "references.json"
"""Beside the experiments: the rollouts of the references that policies are compared with."""

PAGE = "report/index.html"
"""Beside the experiments: the report."""

SEAL = ".seal.json"
"""How the names of seals end."""

CLAIMS = ".claims"
"""The folder in a root in which running workflows register; see `bridgelib.workflow.claims`. It holds no data."""

_VARIABLE = re.compile(r"\$(\w+|\{[^}]*\})", re.ASCII)  # as os.path.expandvars finds them
_LEFT = re.compile(r"\$[\w{(]", re.ASCII)


def seal_path(result: str | Path) -> Path:
    """The seal of a result, beside its main file."""
    return Path(result).with_suffix(SEAL)


def metadata_path(session: Path) -> Path:
    """The file that is written last in a simulated session."""
    return session / "collection_metadata.json"


def shard_path(numpy: str | Path, task: str, date: str) -> Path:
    """The shard of a collection session."""
    return Path(numpy, task, f"{date}.npz")


def shard_report_path(shard: str | Path) -> Path:
    """The account of a shard, beside it."""
    return Path(shard).with_suffix(".report.json")


def records_path(task: Path, split: str) -> Path:
    """The TFRecord of one split of a task, in the task's folder."""
    return task / split / RECORDS


def index_path(tfrecord: str | Path) -> Path:
    """Where the index of a TFRecord lies: `out.tfrecord` has `out.index.npz` beside it."""
    return Path(tfrecord).with_suffix(".index.npz")


def task_paths(task: Path) -> dict[str, Path]:
    """All that the conversion of a task leaves in the task's folder, by what it is."""
    records = {split: records_path(task, split) for split in SPLITS}
    indices = {f"{split}_index": index_path(path) for split, path in records.items()}
    return {**records, **indices, "split": task / SPLIT, "statistics": task / STATISTICS, "report": task / REPORT}


def table_paths(root: str | Path, name: str) -> dict[str, Path]:
    """`data_report` below the TFRecords or `success` below the runs: for people, and for programs."""
    return {"text": Path(root, f"{name}.txt"), "json": Path(root, f"{name}.json")}


def latest_path(experiment: Path) -> Path:
    """The newest run of an experiment, in the experiment's folder."""
    return experiment / "latest"


def policy_path(run: Path) -> Path:
    """The policy folder of a run, which is taken to the robot."""
    return run / "policy"


def portable_path(path: str | Path) -> str:
    """A path for messages and for the workflow's files: relative when it lies below the working directory."""
    return os.path.relpath(path) if Path(path).is_relative_to(Path.cwd()) else str(path)


def expanded(path: str, where: str) -> Path:
    """`path` with `~` and variables expanded.

    Raises:
        ConfigError: A variable is not set or empty, or something else that a shell would expand stands there, or
            `~NAME` is nobody's home: the path would mean another place.
    """
    for name in (found.strip("{}") for found in _VARIABLE.findall(path)):
        if not os.environ.get(name, "").strip():
            raise ConfigError(
                where,
                given=f"{path}, in which ${name} is {'empty' if name in os.environ else 'not set'}",
                do=f"export {name} first, or write out what it stands for",
            )
    text = os.path.expandvars(path)
    if left := _LEFT.search(text):
        becomes = f", which becomes {text}" if text != path else ""
        raise ConfigError(
            where,
            given=f"{path}{becomes}, where {text[left.start() :]} is neither a variable nor the name of a folder",
            do="write out what it stands for; only `~`, $NAME and ${NAME} are expanded, and once",
        )
    try:
        return Path(text).expanduser() if text.startswith("~") else Path(text)  # `./~x` is a folder
    except RuntimeError:
        home = path.partition("/")[0]
        do = f"correct the name; a folder that is called so is ./{home}"
        raise ConfigError(where, given=f"{path}, and {home} is nobody's home on this machine", do=do) from None


def absolute_path(path: str, base: Path, where: str) -> Path:
    """`path` expanded, starting at `base` when it is relative, without `..` parts.

    Raises:
        ConfigError: See `expanded`.
    """
    return Path(os.path.normpath(base / expanded(path, where)))
