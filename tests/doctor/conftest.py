"""The laboratory of the doctor's tests."""

import pytest

from bridgelib.doctor.checks import resources
from bridgelib.workflow import forecast, stage
from tests.doctor.laboratory import Laboratory


@pytest.fixture
def laboratory(tmp_path, repository, monkeypatch) -> Laboratory:
    """A fake machine, still empty; the working directory is its own, and no W&B login of the real one counts."""
    made = Laboratory(tmp_path / "lab", repository)
    monkeypatch.chdir(made.folder)
    for module in (forecast, resources):
        monkeypatch.setattr(module, "disk_of", lambda folder: made.system.disk(folder))
        monkeypatch.setattr(module, "memory_bytes", lambda: made.system.memory())
    monkeypatch.setattr(stage, "available_cores", lambda: made.system.cores())
    for name in ("WANDB_API_KEY", "NETRC", "MACHINE"):
        monkeypatch.delenv(name, raising=False)
    return made
