"""Where `config/` and `envs/` lie: in the checkout that this package is of, or beside it, as the wheel brings them."""

from pathlib import Path

PACKAGE = Path(__file__).resolve().parent
CHECKOUT = PACKAGE.parent if (PACKAGE.parent / "Snakefile").is_file() else None
"""The folder that the package is worked on in; None where it was installed."""
REPOSITORY = CHECKOUT or PACKAGE / "repository"
"""The folder that holds them."""
