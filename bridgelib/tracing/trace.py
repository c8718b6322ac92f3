"""Trace a result back to the raw demonstrations: each result's origin names, by digests, what it was made from.

Standard library only: it runs in Snakemake's own environment. Each method of `Trace` is named after a rule.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from bridgelib.data.records_digest import records_digest
from bridgelib.errors import DataError
from bridgelib.evaluation.result_origins import policy_digest
from bridgelib.files import read_json
from bridgelib.language.table_origin import origin_in_table
from bridgelib.layout import (
    DONE,
    EVALUATION,
    LANGUAGE,
    REFERENCES,
    REPORT,
    ROLLOUTS,
    SPLIT,
    SPLITS,
    latest_path,
    metadata_path,
    shard_path,
    shard_report_path,
)
from bridgelib.origins import UNKNOWN, digest_in, digest_of, entry_in, origin_in
from bridgelib.report.origin import bytes_digest, origin_in_page
from bridgelib.tracing.shard_ids import content_ids_in
from bridgelib.tracing.step import AS_RECORDED, Step

_INPUTS = {"policy", "data", "language", "shards", "references", "rollouts", "tasks", "trajectories"}
_LINKS = _INPUTS | {"experiment", "experiments"}
"""Entries of origins that name what was read, by a digest; the others are options."""


@dataclass(frozen=True)
class Trace:
    """Follows the results below these roots; attributes as in a machine profile."""

    raw: Path
    numpy: Path
    tfrecord: Path
    runs: Path

    def report(self, file: Path) -> Step:
        """The page to look at."""
        origin = origin_in_page(file) or {}
        results = [self._shown(self.runs / name, read) for name, read in origin.get("experiments", {}).items()]
        tasks = [
            _as_shown(self.numpy_to_tfrecord(self.tfrecord / task), digest)
            for task, digest in _links(origin, "tasks").items()
            if digest
        ]
        references = [self.rollout_references(self.runs / REFERENCES)] if origin.get("references") else []
        sources = (*(step for steps in results for step in steps), *references, *tasks)
        return Step.of("report", file, options=_options(origin), sources=sources)

    def _shown(self, folder: Path, read: Mapping[str, str]) -> Iterator[Step]:
        """What a page showed of an experiment: its results, or a training that had only begun."""
        follow = {EVALUATION: self.evaluate_policy, ROLLOUTS: self.rollout_policy}
        yield from (_as_shown(step(folder / name), read[name]) for name, step in follow.items() if read.get(name))
        if read.get("metrics") and (run := latest_path(folder).resolve()).is_dir():
            yield _as_shown(self.train_policy(run), read.get(DONE))

    def success(self, file: Path) -> Step:
        """The table of all successes."""
        origin, folder = origin_in(file) or {}, file.parent
        references = self.rollout_references(folder / REFERENCES, origin.get("references"))
        rollouts = (
            self.rollout_policy(folder / name / ROLLOUTS, digest) for name, digest in _links(origin, "rollouts").items()
        )
        return Step.of("success", file, options=_options(origin), sources=(references, *rollouts))

    def rollout_policy(self, file: Path, expected: str | None = None) -> Step:
        """The rollouts of a policy."""
        origin = origin_in(file) or {}
        sources = self._policies(file, origin)
        options = {**_options(origin), "tasks": origin.get("tasks")}
        return Step.of(
            "rollout_policy", file, _state(expected, digest_in(file)), options=options, sources=tuple(sources)
        )

    def rollout_references(self, file: Path, expected: str | None = None) -> Step:
        """The rollouts of the references."""
        origin = origin_in(file) or {}
        options = {**_options(origin), "tasks": origin.get("tasks")}
        sources = tuple(self._records(origin, self.tfrecord))
        return Step.of("rollout_references", file, _state(expected, digest_in(file)), options=options, sources=sources)

    def evaluate_policy(self, file: Path) -> Step:
        """The evaluation of a policy on its validation split."""
        origin = origin_in(file) or {}
        sources = (*self._policies(file, origin), *self._records(origin, self.tfrecord))
        return Step.of("evaluate_policy", file, options=_options(origin), sources=sources)

    def policy(self, folder: Path, expected: str | None = None) -> Step:
        """A policy folder: that of a run, or one that was exported."""
        made_with = read_json(folder / "policy.json").get("made_with", {})
        run = folder.parent if (folder.parent / "config.json").exists() else self._run(made_with.get("run"))
        sources = (self.train_policy(run),) if run else ()
        step = Step.of("policy", folder / "policy.json", _state(expected, policy_digest(folder)), sources=sources)
        made = step.made or _as_made(made_with)
        return Step(step.name, step.file, made_with.get("policy", {}), step.state, made, sources=step.sources)

    def train_policy(self, run: Path) -> Step:
        """A training, by its run folder."""
        config, done = read_json(run / "config.json"), run.parent / DONE
        is_its_own = done.exists() and read_json(done).get("run") == run.name
        origin = (origin_in(done) if is_its_own else None) or {}
        identity = config["identity"]
        options = {"algorithm": identity["algorithm"], "dataset": identity["dataset"], **config["config"]}
        names = (task for split in SPLITS for task in identity["data"].get(split, {}))
        data = _links(origin, "data") or dict.fromkeys(names, UNKNOWN)
        roots = {Path(file).parent.parent for file in config["files"]}
        tables = [run.parent / LANGUAGE] if "language" in origin else []
        language = (self.embed_language(table, origin["language"]) for table in tables)
        records = (self.numpy_to_tfrecord(self._folder(task, roots), digest) for task, digest in data.items())
        step = Step.of("train_policy", done if is_its_own else run / "config.json", sources=(*language, *records))
        made = step.made or _as_made(config.get("began_with", {}))
        return Step(step.name, step.file, options, step.state, made, sources=step.sources)

    def embed_language(self, file: Path, expected: str | None = None) -> Step:
        """A language table."""
        origin = origin_in_table(file) or {}
        sources = tuple(self._records(origin, self.tfrecord))
        state = _state(expected, digest_of(origin) if origin else UNKNOWN)
        return Step.of("embed_language", file, state, options=_options(origin), sources=sources)

    def data_report(self, file: Path) -> Step:
        """The account of all data."""
        origin = origin_in(file) or {}
        tasks = _links(origin, "tasks").items()
        sources = tuple(self.numpy_to_tfrecord(file.parent / task, digest) for task, digest in tasks)
        return Step.of("data_report", file, options=_options(origin), sources=sources)

    def numpy_to_tfrecord(self, folder: Path, expected: str | None = None) -> Step:
        """The TFRecords of a task, by their folder. The trajectories in them are those that split.json lists."""
        report, origin = folder / REPORT, origin_in(folder / REPORT) or {}
        ids = _ids_by_session(folder / SPLIT)
        shards = _links(origin, "shards") or dict.fromkeys((date for _, date in ids), UNKNOWN)
        task = next((task for task, _ in ids), folder.name)
        sources = tuple(
            self.raw_to_numpy(shard_path(self.numpy, task, date), content, (task, date), ids.get((task, date), {}))
            for date, content in shards.items()
        )
        state = _state(expected, records_digest(folder))
        return Step.of("numpy_to_tfrecord", report, state, options=_options(origin), sources=sources)

    def raw_to_numpy(
        self,
        shard: Path,
        expected: str | None = None,
        session: tuple[str, str] | None = None,
        ids: Mapping[str, str] | None = None,
    ) -> Step:
        """A shard, of which `ids` went further; without them, all that it holds."""
        report = shard_report_path(shard)
        ids = content_ids_in(shard) if ids is None else ids
        task, date = session or next(_sessions(ids), (shard.parent.name, shard.stem))
        origin = origin_in(report) or {}
        state = _state(expected, entry_in(report, "content") or UNKNOWN)
        raw = self.demonstrations(task, date, ids)
        return Step.of("raw_to_numpy", shard, state, options=_options(origin), sources=(raw,))

    def demonstrations(self, task: str, date: str, ids: Mapping[str, str]) -> Step:
        """A collection session: where the chain begins, with the content ids of its demonstrations."""
        folder = self.raw / task / date
        metadata = metadata_path(folder)
        if (origin := origin_in(metadata)) is not None:
            return Step.of("simulate_demonstrations", metadata, options=_options(origin), content_ids=ids)
        return Step.of("raw", folder, content_ids=ids)

    def _policies(self, file: Path, origin: Mapping[str, Any]) -> Iterator[Step]:
        """The policy of a result: of the runs of its experiment that which has the recorded digest, else the latest."""
        expected = origin.get("policy")
        folders, elsewhere = _policies_below(file.parent, "*"), _policies_below(self.runs, "*/*")
        same = next((each for each in [*folders, *elsewhere] if policy_digest(each) == expected), None)
        if same or folders:
            yield self.policy(same or folders[-1], expected)

    def _records(self, origin: Mapping[str, Any], root: Path) -> Iterator[Step]:
        for task, digest in _links(origin, "data").items():
            yield self.numpy_to_tfrecord(root / task, digest)

    def _folder(self, task: str, known: Iterable[Path]) -> Path:
        """Where a task's TFRecords lie: where the training read them, or in this machine's root."""
        read = next((folder for folder in known if folder.as_posix().endswith(f"/{task}") and folder.exists()), None)
        return read or self.tfrecord / task

    def _run(self, name: str | None) -> Path | None:
        return next(iter(self.runs.glob(f"*/{name}")), None) if name else None


def _policies_below(folder: Path, runs: str) -> list[Path]:
    """The policy folders of runs, each by its own name."""
    return [path.parent for path in sorted(folder.glob(f"{runs}/policy/policy.json")) if path.parts[-3] != "latest"]


def _as_shown(step: Step, digest: str | None) -> Step:
    """A step with whether its main file still has the bytes that a page was made from."""
    return replace(step, state=step.state or _state(digest or None, bytes_digest(step.file)))


def _links(origin: Mapping[str, Any], key: str) -> dict[str, str]:
    """What was read, by name -> its digest."""
    found = origin.get(key)
    return dict(found) if isinstance(found, Mapping) else {}


def _options(origin: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in origin.items() if key not in _LINKS}


def _state(expected: str | None, found: str) -> str:
    if expected is None or expected == found:
        return AS_RECORDED
    if UNKNOWN in (expected, found):
        return "not known whether it is what was read: one of the two was made by a release that did not record it"
    return "made again since: it is not what was read"


def _as_made(made_with: Mapping[str, Any]) -> dict[str, Any] | None:
    """What policies and runs of releases without seals say of themselves."""
    versions = made_with.get("versions", {})
    known = {"host": made_with.get("host"), "revision": made_with.get("revision"), "python": versions.get("python")}
    return {**known, "release": versions.get("bridgelib")} if versions else None


@cache
def _ids_by_session(split: Path) -> dict[tuple[str, str], dict[str, str]]:
    """(task, date) -> trajectory -> content id, of all that a split.json lists; nothing where there is none."""
    try:
        listed = read_json(split)
    except DataError:
        return {}
    ids = {entry["name"]: entry["identity"] for side in SPLITS for entry in listed[side]}
    found: dict[tuple[str, str], dict[str, str]] = {}
    for name, content_id in ids.items():
        found.setdefault(next(_sessions([name])), {})[name] = content_id
    return found


def _sessions(names: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Task and date of each trajectory, `<task>/<date>/raw/<group>/<trajectory>`."""
    for name in names:
        *task, date = name.split("/")[:-3]
        yield "/".join(task), date
