"""Importing this makes `bridgelib` importable wherever a script is started from."""

import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(REPOSITORY))


def _explain(kind, error, trace):
    """A missing package means a foreign Python: say which one to use instead of a traceback."""
    if not issubclass(kind, ModuleNotFoundError) or (error.name or "").split(".")[0] == "bridgelib":
        return sys.__excepthook__(kind, error, trace)
    python = REPOSITORY / ".venv" / "bin" / "python"
    print(
        f"{sys.executable} has no package '{error.name}'.\n"
        f"  to do:   {'' if python.exists() else f'make -C {REPOSITORY} setup, then '}use {python}",
        file=sys.stderr,
    )
    return None


sys.excepthook = _explain
