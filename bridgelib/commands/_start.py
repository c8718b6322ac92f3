"""How a program starts: found by its name, its refusals without a traceback."""

import sys
from functools import partial
from importlib import import_module

from bridgelib.errors import ConfigError, run_program
from bridgelib.repository import CHECKOUT


def start(name: str) -> None:
    """Run a program of `bridgelib.commands` on the arguments of this process, and exit."""
    run_program(partial(_main, name))


def _main(name: str) -> int | None:
    try:
        return import_module(f"bridgelib.commands.{name}").main()
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package == "bridgelib":
            raise
        raise ConfigError(sys.executable, given=f"it has no package '{package}'", do=_cure()) from None


def _cure() -> str:
    """Which Python has the packages, or how to install them."""
    if CHECKOUT is None:
        return "install what this command needs: pip install 'bridgedata-pipeline[policy,train,convert,verify,doctor]'"
    python = CHECKOUT / ".venv" / "bin" / "python"
    return f"{'' if python.exists() else f'make -C {CHECKOUT} setup, then '}use {python}"
