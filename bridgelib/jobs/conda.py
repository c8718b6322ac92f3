"""Conda environment files with exactly the pins of a lock, for `snakemake --sdm conda`."""

import re


def conda_file(lock: str, python: str = "3.11") -> str:
    """The conda file of a lock.

    Args:
        lock: The text of a lock: `name==version` lines, hashes and comments between them.
        python: The Python version that the lock was made for.
    """
    pins = [match[1] for match in re.finditer(r"^([A-Za-z0-9._-]+==[^\s;\\]+)", lock, re.MULTILINE)]
    lines = "".join(f"      - {pin}\n" for pin in pins)
    return (
        "# Made from the lock of the same name by `make locks`. Do not edit.\n"
        "channels:\n  - conda-forge\n"
        f"dependencies:\n  - python={python}\n  - pip\n  - pip:\n{lines}"
    )
