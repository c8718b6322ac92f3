"""Verify results: every byte is read and compared with the seal of its result, or with checksums of its own."""

import os
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock

from bridgelib.errors import DataError
from bridgelib.layout import SEAL, portable_path, seal_path
from bridgelib.progress import Progress
from bridgelib.seals import Seal
from bridgelib.tracing.checks import Check, Damage, Sealed, own_check

MEGABYTE = 1_000_000
_ABOVE = 3  # folders between a file and its seal, at most
_NAMED = 5  # of results that are gone
_PASSED_OVER = {"wandb"}  # a folder of Weights & Biases, which mirrors metrics.jsonl


@dataclass
class Verification:
    """What is to be verified, and what cannot be.

    Attributes:
        checks: The work.
        damaged_seals: Seals that are damaged themselves.
        unknown: Kind of file -> how many carry no checksum, since a release without seals wrote them.
        files: How many are checked.
        gone: Main files of results that are not there, though their seals are.
    """

    checks: list[Check | Sealed] = field(default_factory=list)
    damaged_seals: list[Damage] = field(default_factory=list)
    unknown: Counter[str] = field(default_factory=Counter)
    files: int = 0
    gone: list[Path] = field(default_factory=list)

    @classmethod
    def of(cls, folders: Iterable[Path], raw: Path | None = None) -> "Verification":
        """Look for what can be verified.

        Args:
            folders: Folders of results, or single results; roots, tasks, runs.
            raw: The raw root, if the demonstrations that the shards in these folders were made from are to be read too.

        Raises:
            DataError: There is nothing.
        """
        folders, self = list(folders), cls()
        listed = [path for folder in folders for path in _files(Path(folder))]
        if not listed:
            raise DataError(", ".join(map(str, folders)), given="no result in it", do="name a root, a task or a run")
        sessions = list(_seals_of_sessions(raw)) if raw else []
        seals = [seal for path in [*listed, *sessions] if path.name.endswith(SEAL) and (seal := self._loaded(path))]
        sealed = {file for seal in seals for file in seal.files}
        for seal in seals:
            self._add_seal(seal, raw)
        sealed |= self._add_seals_above(folders, set(listed) - sealed)
        for path in listed:
            if path not in sealed and not path.name.endswith(SEAL):
                self._add_unsealed(path)
        if raw is not None:
            self._count_unread(raw, seals, sealed)
        return self

    def _loaded(self, path: Path) -> Seal | None:
        try:
            self.files += 1
            return Seal.load(path)
        except DataError as error:
            self.damaged_seals.append(Damage(path, str(error.given)))
            return None

    def _add_seal(self, seal: Seal, raw: Path | None) -> None:
        main = [file for file in seal.files if seal_path(file) == seal.path]
        gone = not any(file.exists() for file in main)
        self.gone += main if gone else []
        self.checks += [Sealed(seal, file.parent, {file.name: entry}, gone) for file, entry in seal.files.items()]
        self.files += len(seal.files)
        if raw is not None:
            self.checks += [Sealed(seal, raw / trajectory, files) for trajectory, files in seal.read.items()]
            self.files += sum(map(len, seal.read.values()))

    def _add_seals_above(self, folders: Iterable[Path], listed: set[Path]) -> set[Path]:
        """Add files that a seal lists which lies above them: a checkpoint is in that of done.json, two folders up."""
        found: dict[Path, Seal] = {}
        above = {parent for folder in folders for parent in list(Path(folder).parents)[:_ABOVE]}
        for path in sorted(seal for parent in above for seal in parent.glob(f"*{SEAL}")):
            with suppress(DataError):  # nobody asked for it
                seal = Seal.load(path)
                found |= {file: seal for file in seal.files.keys() & listed}
        for file, seal in sorted(found.items()):
            self.checks.append(Sealed(seal, file.parent, {file.name: seal.files[file]}))
        self.files += len(found)
        return set(found)

    def _add_unsealed(self, path: Path) -> None:
        if check := own_check(path):
            self.checks.append(check)
            self.files += 1
        else:
            self.unknown[path.suffix or path.name] += 1

    def _count_unread(self, raw: Path, seals: Iterable[Seal], sealed: set[Path]) -> None:
        """Count the files of the raw root that no seal lists: other cameras, and what older releases converted."""
        known = {raw / name: files for seal in seals for name, files in seal.read.items()}
        for folder, folders, files in os.walk(raw, followlinks=True):
            place, folders[:] = Path(folder), _shown(folders)
            trajectory = next((path for path in (place, place.parent) if path in known), place)
            for path in (place / name for name in files if not name.endswith(SEAL)):
                read = path.relative_to(trajectory).as_posix() in known.get(trajectory, ())
                if not read and path not in sealed:
                    self.unknown[f"raw {path.suffix or path.name}"] += 1

    def damage(self, workers: int = 4) -> Iterator[Damage]:
        """Read everything; give the files that are not as they were written, and show progress."""
        yield from self.damaged_seals
        size = sum(check.size for check in self.checks)
        progress, lock = Progress(size, "MB", "verified", scale=MEGABYTE), Lock()

        def advance(count: int) -> None:
            with lock:
                progress.advance(count)

        with ThreadPoolExecutor(workers) as pool:
            named = set()
            for found in pool.map(lambda check: list(check.damage(advance)), self.checks):
                yield from (damage for damage in found if damage.file not in named)
                named |= {damage.file for damage in found}

    def gone_in_words(self) -> str:
        """Which results are not there any more: removed to be made again, or lost; empty where there are none."""
        named = ", ".join(map(portable_path, self.gone[:_NAMED])) + (", …" if len(self.gone) > _NAMED else "")
        return f"gone, so that the workflow makes it again: {named}" if self.gone else ""

    def unknown_in_words(self) -> str:
        """How many files cannot be verified, by kind; empty where there are none."""
        kinds = ", ".join(f"{count} {kind}" for kind, count in self.unknown.most_common())
        return f"not known: {sum(self.unknown.values())} files carry no checksum ({kinds})" if kinds else ""


def _files(path: Path) -> Iterator[Path]:
    """The files of results below a folder, each once: real folders first, then what is only linked."""
    if path.is_file():
        yield path
        return
    known, waiting = set(), [path]
    while waiting:
        folder = waiting.pop(0)
        if (place := os.path.realpath(folder)) in known or not folder.is_dir():
            continue
        known.add(place)
        entries = sorted(entry for entry in folder.iterdir() if not entry.name.startswith("."))
        yield from (entry for entry in entries if entry.is_file())
        folders = [entry for entry in entries if entry.is_dir() and entry.name not in _PASSED_OVER]
        waiting = [*(entry for entry in folders if not entry.is_symlink()), *waiting]
        waiting += [entry for entry in folders if entry.is_symlink()]


def _seals_of_sessions(raw: Path) -> Iterator[Path]:
    """The seals of simulated sessions; the trajectories are not listed for that."""
    for folder, folders, files in os.walk(raw, followlinks=True):
        folders[:] = [] if "raw" in folders else _shown(folders)
        yield from (Path(folder, name) for name in files if name.endswith(SEAL))


def _shown(names: list[str]) -> list[str]:
    return sorted(name for name in names if not name.startswith("."))
