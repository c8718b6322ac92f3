"""The program of bridgelib/commands/trace.py."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))  # not there under `python -P` or PYTHONSAFEPATH
from _start import start

start(__file__)
