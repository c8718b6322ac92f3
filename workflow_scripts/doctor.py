"""Examine this host and say what is wrong with it, why that matters, and the command that cures it."""

import _repository  # noqa: F401  (makes bridgelib importable)

from bridgelib.doctor.__main__ import main
from bridgelib.errors import run_program

if __name__ == "__main__":
    run_program(main)
