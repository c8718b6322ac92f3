"""The training environment: is it built, is it what was locked, do its packages come from it and fit each other."""

import os
from collections.abc import Iterator
from pathlib import Path

from bridgelib.doctor.check import Answer, check, error, not_checked, note, ok, warning
from bridgelib.doctor.needs import packages
from bridgelib.doctor.subject import REFUSED, Subject
from bridgelib.doctor.unknown import NotKnown
from bridgelib.layout import portable_path

# The users' verified older stack has ml-dtypes 0.5 beside TensorFlow 2.15, whose own pin forbids it; it works.
_KNOWN_TO_WORK = {("tensorflow", "ml-dtypes"), ("tensorflow-cpu", "ml-dtypes")}


@check("environment")
def _environment(subject: Subject) -> Answer:
    where, python = portable_path(subject.environment), subject.environment / "bin" / "python"
    if subject.not_built == REFUSED:
        return not_checked(REFUSED)
    if not os.path.exists(subject.environment):  # noqa: PTH110 (a folder that may not be entered is no error here)
        return note(f"{where} is not built yet; it is when a job first needs it")
    if python.is_symlink() and not os.access(python, os.X_OK):
        gone = f"the Python of {where}, {os.path.realpath(python)}, is gone, or another user's in a folder of theirs"
        return error(gone, cure="{rebuild}")
    if not subject.is_built:
        return error(f"{where} has no Python or no packages: its building was interrupted", cure="{rebuild}")
    try:
        version = subject.loading.probe.version
    except NotKnown as problem:
        return error(f"the Python of {where} does not start: {problem}", cure="{rebuild}")
    if subject.lock is not None and not (subject.environment / ".ready").exists():
        return note(f"{where} is not finished; the next run builds it anew")
    return ok(f"{where}: Python {version}, {len(subject.installed.packages)} packages")


@check("lock", needs=packages)
def _lock(subject: Subject) -> Answer:
    if subject.lock is None:
        return not_checked(f"{portable_path(subject.environment)} was not built from a lock")
    text, stamp = subject.lock.read_text(encoding="utf-8"), subject.environment / ".ready"
    if stamp.exists() and stamp.read_text(encoding="utf-8") != text:
        changed = f"{portable_path(subject.lock)} has changed since; the next run builds the environment anew"
        return note(changed, cure="snakemake environments{config}")
    pins, installed = subject.pins, subject.installed.packages
    there = {name: installed[name].version if name in installed else "missing" for name in sorted(pins)}
    other = [f"{name} {version} (locked: {pins[name]})" for name, version in there.items() if version != pins[name]]
    if other:
        more = f" and {len(other) - 5} more" if len(other) > 5 else ""
        return warning(f"not as locked: {', '.join(other[:5])}{more}")
    return ok(f"all {len(pins)} packages as in {portable_path(subject.lock)}")


@check("origin", needs=packages)
def _origin(subject: Subject) -> Answer:
    found, home = subject.loading.probe.packages, subject.environment.resolve()
    foreign = {name: path for name, path in found.items() if not Path(path).resolve().is_relative_to(home)}
    for name, path in foreign.items():
        # The launcher removes PYTHONPATH and the user's site; then only the environment's own .pth files lead away.
        cure = None if subject.job_environ.get("PYTHONPATH") else "{rebuild}"
        return error(f"{', '.join(foreign)} would be imported from elsewhere: {name} from {path}", cure=cure)
    return ok(f"{len(found)} packages looked up, all in {portable_path(subject.environment)}")


@check("requirements", needs=packages)
def _requirements(subject: Subject) -> Iterator[Answer]:
    checked = wrong = 0
    for package in subject.installed.packages.values():
        for asked in package.requires:
            partner = subject.installed.get(asked.name)
            # Requirements with a condition (an environment marker) are left out.
            if asked.marker or partner is None or (package.name, asked.name) in _KNOWN_TO_WORK:
                continue
            checked += 1
            if not partner.meets(asked):
                wrong += 1
                wanted = f"{asked.name}{asked.specifier}"
                yield warning(f"{package} asks for {wanted}, and {partner} is installed", requirement=wanted)
    if not wrong:
        yield ok(f"{checked} requirements are met")


def rebuild_if_locked(subject: Subject, *names: str) -> str | None:
    """`{rebuild}` where the lock has other versions of these, or none, so that making it anew cures; else None."""
    there = {name: found.version if (found := subject.installed.get(name)) else None for name in names}
    return "{rebuild}" if subject.lock and any(subject.pins.get(name, "") != there[name] for name in names) else None
