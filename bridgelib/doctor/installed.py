"""What is installed in an environment, read from its metadata: nothing in there is imported."""

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import Distribution, distributions
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version


def release(version: str) -> Version:
    """The release numbers of a version, for comparisons: of `0.4.13+cuda12` 0.4.13, of `3.0rc1` 3.0, of none 0."""
    match = re.match(r"v?(\d+(?:\.\d+)*)", version.strip())
    return Version(match[1] if match else "0")


@dataclass(frozen=True)
class Package:
    """One installed distribution.

    Attributes:
        name: The normalised name, such as `ml-dtypes`.
        version: The version in its metadata.
        requires: Its requirements.
    """

    name: str
    version: str
    requires: tuple[Requirement, ...] = ()

    def __str__(self) -> str:
        return f"{self.name} {self.version}"

    @property
    def release(self) -> Version:
        """Its version, for comparisons."""
        return release(self.version)

    def meets(self, asked: str | Requirement) -> bool:
        """Whether it is of a version that `numpy>=2,<3` asks for, whatever the name there."""
        specifier = (Requirement(asked) if isinstance(asked, str) else asked).specifier
        with suppress(InvalidVersion):
            if specifier.contains(self.version, prereleases=True):  # as `==0.66b2` means it
                return True
        return specifier.contains(self.release, prereleases=True)


@dataclass(frozen=True)
class Installed:
    """The packages of one environment."""

    environment: Path

    @cached_property
    def folder(self) -> Path:
        """The environment's `site-packages`; in a folder that is no environment, a path where nothing is."""
        return next(iter(sorted(self.environment.glob("lib/python3*/site-packages"))), self.environment / "nowhere")

    @cached_property
    def packages(self) -> Mapping[str, Package]:
        """Name -> package, sorted by name."""
        found = filter(None, map(_read, distributions(path=[str(self.folder)])))
        return {package.name: package for package in sorted(found, key=str)}

    def get(self, *names: str) -> Package | None:
        """The first of these that is installed, or None."""
        return next((self.packages[name] for name in names if name in self.packages), None)


def _read(found: Distribution) -> Package | None:
    try:
        name, version = found.metadata["Name"], found.metadata["Version"]
    except (OSError, ValueError, KeyError):
        return None
    requires = tuple(filter(None, map(_requirement, found.requires or ())))
    return Package(canonicalize_name(name), version, requires) if name and version else None


def _requirement(line: str) -> Requirement | None:
    """A `Requires-Dist` line; None for one in a syntax older than PEP 508."""
    try:
        read = Requirement(line)
    except InvalidRequirement:
        return None
    read.name = canonicalize_name(read.name)
    return read


def locked_versions(lock: str) -> dict[str, str]:
    """Name -> version of every pin in the text of a lock."""
    pins = re.finditer(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", lock, re.MULTILINE)
    return {canonicalize_name(pin[1]): pin[2] for pin in pins}
