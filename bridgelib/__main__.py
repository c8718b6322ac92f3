"""`bridgedata NAME …`, or `python -m bridgelib NAME …`: any program of the pipeline, by its name."""

import argparse
import ast
import sys

from bridgelib import __version__
from bridgelib.commands._start import start
from bridgelib.repository import PACKAGE


def main() -> None:
    """Run the program that the command line names; without one, list them."""
    parser = argparse.ArgumentParser(
        prog="bridgedata",
        usage="bridgedata NAME [--help | argument ...]",
        description="From raw BridgeData demonstrations to trained policies. Programs:",
        epilog="\n".join(f"  {name:<24} {purpose}" for name, purpose in programs().items()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"bridgedata {__version__}")
    parser.add_argument("name", choices=programs(), metavar="NAME", help="a program of the list below")
    name = parser.parse_args(sys.argv[1:2] or ["--help"]).name
    sys.argv = [f"bridgedata {name}", *sys.argv[2:]]  # the first is what a program calls itself in its help
    start(name)


def programs() -> dict[str, str]:
    """Program -> what it does: the first line of its module, read and not imported, as each needs its own packages."""
    files = sorted((PACKAGE / "commands").glob("[a-z]*.py"))
    return {file.stem: (ast.get_docstring(ast.parse(file.read_bytes())) or "").partition("\n")[0] for file in files}


if __name__ == "__main__":
    main()
