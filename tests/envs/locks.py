"""What the locks pin, what their sources ask for, and what the scripts that they serve import."""

import ast
import re
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

# Markers are judged for what the locks are made for, whatever Python runs the tests.
TARGET = {
    "python_version": "3.11",
    "python_full_version": "3.11.9",
    "implementation_name": "cpython",
    "implementation_version": "3.11.9",
    "platform_python_implementation": "CPython",
    "os_name": "posix",
    "sys_platform": "linux",
    "platform_system": "Linux",
    "platform_machine": "x86_64",
    "platform_release": "",
    "platform_version": "",
    "extra": "",
}
# Where the name that is imported is not that of the package.
PACKAGE_OF_MODULE = {
    "PIL": "pillow",
    "yaml": "pyyaml",
    "tensorflow": "tensorflow-cpu",
    "absl": "absl-py",
    "orbax": "orbax-checkpoint",
}
# Imported only by the text processors that a user installs for himself; see pyproject.toml.
OPTIONAL = {"tensorflow_hub", "tensorflow_text", "sentence_transformers", "transformers", "torch"}
# The doctor asks training's code how W&B is set up; only training itself starts it.
NEVER_REACHED = {"workflow": {"wandb"}}


def pins(lock: Path) -> dict[str, Version]:
    """Package -> the version a lock pins."""
    found = re.findall(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", lock.read_text(encoding="utf-8"), re.MULTILINE)
    return {canonicalize_name(name): Version(version) for name, version in found}


def requirements(source: Path) -> list[Requirement]:
    """What a hand-written source asks for, with those that it includes."""
    found = []
    for line in source.read_text(encoding="utf-8").splitlines():
        line = line.partition("#")[0].strip()
        if line.startswith("-r "):
            found += requirements(source.parent / line.removeprefix("-r ").strip())
        elif line:
            found.append(Requirement(line))
    return found


def applies(requirement: Requirement, extras: Iterable[str] = ()) -> bool:
    """Whether a requirement counts on the machines that the locks are for."""
    marker = requirement.marker
    return marker is None or any(marker.evaluate({**TARGET, "extra": extra}) for extra in ("", *extras))


def scripts_of(repository: Path) -> Mapping[str, set[Path]]:
    """The environment (training, workflow for any of these kinds) -> the programs whose scripts rules start in it."""
    found: dict[str, set[Path]] = {name: set() for name in ("convert", "muse", "verify", "training", "workflow")}
    for file in (repository / "rules").glob("*.smk"):
        for rule in re.split(r"^\s*rule ", file.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
            # More than one where a rule is used again with another; the forecast starts nothing itself.
            named = re.findall(r'[^_]environment=environment_folder\("(\w+)"\)', rule) or ["training"]
            names = re.findall(r"workflow_scripts/(\w+)\.py", rule)
            for environment in named if "envs/run" in rule else ["workflow"]:
                found[environment] |= {repository / "bridgelib" / "commands" / f"{name}.py" for name in names}
    # Started by the forecast, in the environment of the conversion.
    found["convert"].add(repository / "bridgelib" / "commands" / "probe_conversion.py")
    return found


def closure(repository: Path, files: Iterable[Path]) -> tuple[set[str], set[str]]:
    """Everything that Python files import, whatever function does it.

    Returns:
        The modules of other people, by their first name; and our own below `bridgelib`.
    """
    foreign: set[str] = set()
    own: set[str] = set()
    waiting, seen = list(files), set()
    while waiting:
        file = waiting.pop()
        if file in seen:
            continue
        seen.add(file)
        for module in _imports(file):
            path = _own_file(repository, file, module)
            if path is None:
                foreign.add(module.split(".")[0])
            else:
                waiting.append(path)
                own |= {module} if module.startswith("bridgelib") else set()
    return {name for name in foreign if name not in sys.stdlib_module_names and name != "tests"}, own


def _imports(file: Path) -> Iterable[str]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            yield from (f"{node.module}.{name.name}" for name in node.names)


def _own_file(repository: Path, importer: Path, module: str) -> Path | None:
    """The file of a module of this repository, or of an object in it; None for those of other people."""
    parts = module.split(".")
    for start in (repository, importer.parent):
        for length in range(len(parts), 0, -1):
            path = start.joinpath(*parts[:length])
            for candidate in (path.with_suffix(".py"), path / "__init__.py"):
                if candidate.is_file():
                    return candidate
    return None
