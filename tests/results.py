"""The files that the workflow makes: the same bytes whenever they are made, but for the seals, which say when."""

from pathlib import Path

from bridgelib.layout import SEAL


def results_below(folder: Path) -> list[Path]:
    """All files below a folder but the seals, in order."""
    return [path for path in sorted(Path(folder).rglob("*")) if path.is_file() and not path.name.endswith(SEAL)]
