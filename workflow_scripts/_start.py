"""Starts the program of `bridgelib.commands` that a script is named after."""

import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent


def start(script: str) -> None:
    """Run it on the arguments of this process, and exit; refuses where `bridgelib` is not the one of this checkout.

    Args:
        script: The `__file__` of the script.
    """
    try:
        from bridgelib.commands._start import start as start_program
        from bridgelib.repository import CHECKOUT
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "bridgelib":
            raise
        CHECKOUT = None
    if CHECKOUT != REPOSITORY:
        print(f"{sys.executable} does not find bridgelib of {REPOSITORY}; to do: {_cure()}", file=sys.stderr)
        sys.exit(2)
    start_program(Path(script).stem)


def _cure() -> str:
    """The Python of this checkout, unless it is not there or lacks the package as well."""
    venv = REPOSITORY / ".venv"
    python = f"use {venv / 'bin' / 'python'}, or PYTHONPATH={REPOSITORY}"
    made = (venv / "bin" / "python").exists() and Path(sys.prefix).resolve() != venv.resolve()
    return python if made else f"make -C {REPOSITORY} setup, then {python}"
