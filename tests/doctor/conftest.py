"""The laboratory of the doctor's tests."""

import pytest

from tests.doctor.laboratory import Laboratory


@pytest.fixture
def laboratory(tmp_path, repository, monkeypatch) -> Laboratory:
    """A fake machine, still empty; the working directory is its own, and no W&B login of the real one counts."""
    made = Laboratory(tmp_path / "lab", repository)
    monkeypatch.chdir(made.folder)
    for name in ("WANDB_API_KEY", "NETRC", "MACHINE"):
        monkeypatch.delenv(name, raising=False)
    return made
