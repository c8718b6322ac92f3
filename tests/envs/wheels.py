"""Small wheels, for environments that are built without a network."""

import hashlib
import os
import zipfile
from collections.abc import Mapping
from pathlib import Path


def write_wheel(folder: Path, name: str = "brandnew", version: str = "1.0") -> Path:
    """The smallest wheel that installs: one module, which knows its version."""
    path = folder / f"{name}-{version}-py3-none-any.whl"
    facts = f"{name}-{version}.dist-info"
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr(f"{name}.py", f"VERSION = '{version}'\n")
        wheel.writestr(f"{facts}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        wheel.writestr(
            f"{facts}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        wheel.writestr(f"{facts}/RECORD", f"{name}.py,,\n{facts}/METADATA,,\n{facts}/WHEEL,,\n{facts}/RECORD,,\n")
    return path


def pin_of(wheel: Path) -> str:
    """Its line in a lock."""
    name, version = wheel.name.split("-")[:2]
    return f"{name}=={version} --hash=sha256:{hashlib.sha256(wheel.read_bytes()).hexdigest()}\n"


def only_from(folder: Path) -> Mapping[str, str]:
    """The variables under which uv takes wheels from a folder and from nowhere else."""
    return {**os.environ, "UV_FIND_LINKS": str(folder), "UV_OFFLINE": "1", "UV_NO_INDEX": "1"}
