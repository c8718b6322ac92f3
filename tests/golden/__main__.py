"""Compare every golden file in a folder with our networks and losses; exit non-zero where one disagrees.

The relative error of a quantity is max |ours - golden| / max |golden|. Numbers other than learning rates are measured
against 0.01 at least, because means of numbers of order one may nearly cancel.
"""

import argparse
from pathlib import Path

import jax

from bridgelib.errors import BridgeError, DataError, run_program
from tests.golden.comparison import AFTER_STEPS_BOUND, EXACT_BOUND, SMALLEST_SCALE, Comparison, compare
from tests.golden.files import read_case


def main(argv: list[str] | None = None) -> int:
    """Compare, print, and return the exit status: 0 where all agree."""
    parser = argparse.ArgumentParser(prog="python -m tests.golden", description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, metavar="DIR", help="folder of <name>.json and <name>.npz")
    folder = parser.parse_args(argv).folder
    # accelerators multiply in fewer bits by default, which is more than 1e-4 off
    jax.config.update("jax_default_matmul_precision", "highest")
    comparisons, errors = [], []
    for description in descriptions(folder):
        try:
            comparisons += compare(read_case(description))
        except BridgeError as error:
            errors.append(error)
    print(table(comparisons))
    for error in errors:
        print(error)
    failed = [comparison for comparison in comparisons if comparison.failed]
    print(summary(comparisons, len(failed), len(errors)))
    return 1 if failed or errors else 0


def descriptions(folder: Path) -> list[Path]:
    """The json files of a folder, each of which must have its npz, and the other way round.

    Raises:
        DataError: There is no such folder, it holds no golden files, or one of a pair is missing.
    """
    if not folder.is_dir():
        raise DataError(folder, given="no folder", do="give the folder of the golden files")
    found = sorted(folder.glob("*.json"))
    lonely = {path.stem for path in folder.glob("*.npz")} - {path.stem for path in found}
    if lonely:
        raise DataError(folder, given=f"{sorted(lonely)[0]}.npz without its json", do="restore both files")
    if not found:
        raise DataError(folder, given="no golden files", allowed="<name>.json and <name>.npz", do="check the path")
    return found


def table(comparisons: list[Comparison]) -> str:
    """One row per file and quantity: the worst error before the first step of Adam, and after."""
    rows: dict[tuple[str, str], dict[float, Comparison]] = {}
    for comparison in comparisons:
        row = rows.setdefault((comparison.case, comparison.quantity.rpartition(": ")[2]), {})
        worst = row.get(comparison.bound)
        if worst is None or _severity(comparison) > _severity(worst):
            row[comparison.bound] = comparison
    header = ("file", "quantity", f"error (<= {EXACT_BOUND:g})", f"after steps (<= {AFTER_STEPS_BOUND:g})", "")
    lines = [header]
    for (case, quantity), row in rows.items():
        verdict = "TOO FAR" if any(comparison.failed for comparison in row.values()) else ""
        lines.append((case, quantity, _shown(row.get(EXACT_BOUND)), _shown(row.get(AFTER_STEPS_BOUND)), verdict))
    widths = [max(len(line[column]) for line in lines) for column in range(len(header))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )


def summary(comparisons: list[Comparison], failed: int, unreadable: int) -> str:
    """The last lines: how the error is defined, and what came out."""
    compared = [comparison for comparison in comparisons if comparison.error is not None]
    return (
        f"\nerror = max |ours - golden| / max |golden|, at least {SMALLEST_SCALE:g} below (learning rates excepted); "
        "random = follows from a random draw, not comparable\n"
        f"{len(compared)} numbers and arrays compared, {len(comparisons) - len(compared)} random, "
        f"{failed} too far off, {unreadable} files that could not be compared"
    )


def _severity(comparison: Comparison) -> float:
    """Orders comparisons of one quantity: random ones last, NaN first."""
    if comparison.error is None:
        return -1.0
    return comparison.error if comparison.error == comparison.error else float("inf")


def _shown(comparison: Comparison | None) -> str:
    if comparison is None:
        return ""
    return "random" if comparison.error is None else f"{comparison.error:.1e}"


if __name__ == "__main__":
    run_program(main)
