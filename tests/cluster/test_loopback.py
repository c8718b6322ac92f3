"""The SLURM of these tests leaves nothing behind."""

from pathlib import Path

import pytest

from tests.cluster.loopback import Loopback, missing, needs_slurm, within


def processes_of(folder: Path) -> list[str]:
    """The command lines of living processes that name a folder."""
    lines = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            lines.append(path.read_bytes().replace(b"\0", b" ").decode())
        except OSError:  # it ended meanwhile
            continue
    return [line for line in lines if str(folder) in line]


@needs_slurm
def test_it_ends_with_its_jobs_also_when_it_is_interrupted(tmp_path):
    folder = tmp_path / "slurm"
    folder.mkdir()
    if reason := missing(tmp_path):
        pytest.skip(reason)
    with pytest.raises(KeyboardInterrupt), Loopback(folder) as running:
        running.call("sbatch", "--output=/dev/null", "--wrap", f"touch {folder}/started; sleep 300")
        within(20, (folder / "started").exists)
        assert len(processes_of(folder)) >= 4  # three daemons and the job
        raise KeyboardInterrupt
    assert processes_of(folder) == []
