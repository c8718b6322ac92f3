"""Starts the program of `bridgelib.commands` that a script is named after."""

import sys
from importlib.util import find_spec
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent


def start(script: str) -> None:
    """Run it on the arguments of this process, and exit; refuses where `bridgelib` is not the one of this checkout.

    Args:
        script: The `__file__` of the script.
    """
    found = find_spec("bridgelib")
    package = Path(found.origin).parent if found and found.origin else None
    if package is None or package.resolve() != REPOSITORY / "bridgelib":
        another = f", but {package}" if package else ""
        cure = _cure(found_another=package is not None)
        print(f"{sys.executable} does not find bridgelib of {REPOSITORY}{another}; to do: {cure}", file=sys.stderr)
        sys.exit(2)
    from bridgelib.commands._start import start as start_program

    start_program(Path(script).stem)


def _cure(found_another: bool) -> str:
    """The Python of this checkout, unless it is not there, or is the one that does not find the package."""
    path, venv = f"PYTHONPATH={REPOSITORY}", REPOSITORY / ".venv"
    ours = Path(sys.prefix).resolve() == venv.resolve()
    if ours and found_another:  # PYTHONPATH names another checkout, or the package was installed as well
        return f"call it with {path}"
    python = f"use {venv / 'bin' / 'python'}, or {path}"
    return python if (venv / "bin" / "python").exists() and not ours else f"make -C {REPOSITORY} setup, then {python}"
