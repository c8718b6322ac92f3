"""Where `config/` and `envs/` lie: in the checkout of this package, or where the wheel has installed them."""

from pathlib import Path

PACKAGE = Path(__file__).resolve().parent
CHECKOUT = PACKAGE.parent if (PACKAGE.parent / "Snakefile").is_file() else None
"""The checkout that this package lies in; None where it was installed."""
REPOSITORY = CHECKOUT or PACKAGE / "repository"
"""The folder that holds them."""
