"""Run by the training environment's own Python, with a job's variables: load libraries and say where they came from.

Alone in its file and on the standard library only, for it is started by path: `python probe.py '{"load": [...]}'`.
It prints one line of JSON: the files mapped into the process, what could not be loaded, where packages are found.
"""

import ctypes
import importlib.machinery
import json
import os
import sys


def mapped_libraries() -> list[str]:
    """The shared libraries of this process, as the kernel has them mapped, each once, in order of address."""
    with open("/proc/self/maps", encoding="utf-8", errors="surrogateescape") as lines:  # noqa: PTH123 (alone in its file)
        paths = [line.rstrip("\n").split(maxsplit=5)[5] for line in lines if "/" in line]
    return list(dict.fromkeys(path for path in paths if ".so" in os.path.basename(path)))  # noqa: PTH119


def main() -> None:
    """Load what the question names, one after the other, and print the result."""
    question, failures = json.loads(sys.argv[1]), {}
    for name in question["load"]:
        try:
            ctypes.CDLL(name, mode=os.RTLD_LAZY | os.RTLD_LOCAL)
        except OSError as error:
            failures[name] = str(error)
    # The folder of this file comes first on the path, and does not belong to the environment.
    path = [entry for entry in sys.path if entry and entry != os.path.dirname(os.path.abspath(__file__))]  # noqa: PTH100, PTH120
    specs = {name: importlib.machinery.PathFinder.find_spec(name, path) for name in question["find"]}
    packages = {name: spec.origin for name, spec in specs.items() if spec is not None and spec.origin}
    answer = {
        "version": sys.version.split()[0],
        "mapped": mapped_libraries(),
        "failures": failures,
        "packages": packages,
    }
    print(json.dumps(answer))


if __name__ == "__main__":
    main()
