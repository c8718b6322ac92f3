"""`python -m bridgelib.doctor`: the same as `bridgedata doctor`."""

import sys

from bridgelib.commands._start import start

if __name__ == "__main__":
    sys.argv[0] = "python -m bridgelib.doctor"  # what it calls itself in its help
    start("doctor")
