"""Which former locks count as the present one, and how an environment follows its lock; without a network."""

import subprocess
import sys

import pytest

from bridgelib.errors import ConfigError
from bridgelib.jobs.environment_locks import equal_locks, follow_lock, lock_digest
from tests.envs.wheels import only_from, pin_of, write_wheel

pytest.importorskip("uv")


@pytest.fixture
def environment(tmp_path, monkeypatch):
    """An environment that was built from a lock of one wheel; its lock now asks for another."""
    for key, value in only_from(tmp_path).items():
        monkeypatch.setenv(key, value)
    folder, lock = tmp_path / "x", tmp_path / "x.txt"
    lock.write_text(pin_of(write_wheel(tmp_path, "former")))
    uv = [sys.executable, "-m", "uv"]
    subprocess.run([*uv, "venv", "--quiet", "--python", sys.executable, folder], check=True)
    python = folder / "bin" / "python"
    subprocess.run([*uv, "pip", "sync", "--quiet", "--python", python, "--require-hashes", lock], check=True)
    (folder / ".ready").write_bytes(lock.read_bytes())
    lock.write_text(pin_of(write_wheel(tmp_path, "present")))
    return folder


def modules(environment):
    return {path.stem for path in environment.glob("lib/python3*/site-packages/*.py")} & {"former", "present"}


def listed(environment):
    lock = environment.with_suffix(".txt")
    lock.with_suffix(".same").write_text(f"# why\n{lock_digest(environment / '.ready')}  the same bytes\n")
    return lock


def test_a_lock_is_the_same_as_itself_and_as_those_that_are_listed(environment):
    lock = environment.with_suffix(".txt")
    assert equal_locks(lock) == {lock_digest(lock)}
    assert equal_locks(listed(environment)) == {lock_digest(lock), lock_digest(environment / ".ready")}


def test_an_environment_of_a_listed_lock_becomes_that_of_the_present_one(environment, capsys):
    lock = listed(environment)
    follow_lock(environment, lock)
    assert modules(environment) == {"present"} and (environment / ".ready").read_bytes() == lock.read_bytes()
    assert "is now as" in capsys.readouterr().err
    follow_lock(environment, lock)
    assert capsys.readouterr().err == ""


def test_one_of_another_lock_is_left_to_the_rule_that_builds_it_anew(environment):
    follow_lock(environment, environment.with_suffix(".txt"))
    assert modules(environment) == {"former"}
    follow_lock(environment.with_name("never_built"), environment.with_suffix(".txt"))


def test_where_it_cannot_follow_the_reason_is_told_and_nothing_claims_that_it_has(environment):
    lock = listed(environment)
    lock.write_text("present==1.0 --hash=sha256:" + "0" * 64 + "\n")
    with pytest.raises(ConfigError, match=r"uv fails[\s\S]*rm -rf"):
        follow_lock(environment, lock)
    assert (environment / ".ready").read_bytes() != lock.read_bytes()
