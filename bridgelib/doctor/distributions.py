"""What is installed in an environment, read from its files: nothing in there is imported."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from email.parser import HeaderParser
from functools import cached_property
from pathlib import Path

from bridgelib.doctor.versions import Requirement, normalised, requirement


@dataclass(frozen=True)
class Distribution:
    """One installed distribution.

    Attributes:
        name: Normalised, such as `ml-dtypes`.
        version: As its metadata says it.
        requires: What it asks for.
        folder: Its `.dist-info`.
    """

    name: str
    version: str
    requires: tuple[Requirement, ...]
    folder: Path

    def __str__(self) -> str:
        return f"{self.name} {self.version}"


@dataclass(frozen=True)
class Installed:
    """The distributions of one environment."""

    environment: Path

    @cached_property
    def site_packages(self) -> Path | None:
        """Where they lie; None in a folder that is no environment."""
        return next(iter(sorted(self.environment.glob("lib/python3*/site-packages"))), None)

    @cached_property
    def distributions(self) -> Mapping[str, Distribution]:
        """Name -> distribution, sorted by name."""
        if self.site_packages is None:
            return {}
        found = (_read(folder) for folder in sorted(self.site_packages.glob("*.dist-info")))
        return dict(sorted((entry.name, entry) for entry in found if entry is not None))

    def get(self, name: str) -> Distribution | None:
        """The distribution of that name, or None."""
        return self.distributions.get(normalised(name))

    def version(self, name: str) -> str | None:
        """Its version, or None where it is not installed."""
        found = self.get(name)
        return found.version if found else None

    def first(self, *names: str) -> Distribution | None:
        """The first of these that is installed."""
        return next((found for name in names if (found := self.get(name))), None)


def _read(folder: Path) -> Distribution | None:
    try:
        text = (folder / "METADATA").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    fields = HeaderParser().parsestr(text)
    if not fields["Name"] or not fields["Version"]:
        return None
    requires = tuple(requirement(line) for line in fields.get_all("Requires-Dist") or ())
    return Distribution(normalised(fields["Name"]), fields["Version"], requires, folder)


def locked_versions(lock: str) -> dict[str, str]:
    """Name -> version of every pin in the text of a lock."""
    pins = re.finditer(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", lock, re.MULTILINE)
    return {normalised(pin[1]): pin[2] for pin in pins}
