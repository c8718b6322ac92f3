"""What a step writes changes only where its VERSION says so."""

import re

import numpy as np
import pytest
from PIL import Image

from bridgelib import versions
from bridgelib.raw.frames import read_frames
from bridgelib.versions import MODULES, version_of, versions_of
from tests.golden_bytes import record
from tests.golden_bytes.written import WRITTEN, digest


@pytest.mark.parametrize("module", WRITTEN)
def test_what_is_written_is_what_is_recorded_for_its_version(module, tmp_path):
    fault = record.fault(record.read(), module, version_of(module), digest(WRITTEN[module](tmp_path)))
    assert fault is None, fault


def test_every_pixel_of_a_frame_is_held(tmp_path):
    """Above, frames are looked at coarsely, as codecs round otherwise elsewhere; of grey blocks none does."""
    blocks = np.random.default_rng(0).integers(0, 256, (6, 8), np.uint8).repeat(8, 0).repeat(8, 1)
    Image.fromarray(np.stack([blocks] * 3, 2)).save(tmp_path / "im_0.jpg", quality=100, subsampling="4:4:4")
    assert (np.asarray(Image.open(tmp_path / "im_0.jpg"))[..., 0] == blocks).all()
    module, recorded = "conversion.raw_to_numpy", {"1": "aa8f83ba5ada9b60"}
    written = digest(read_frames(tmp_path, 1, 16).tobytes())
    fault = record.fault({module: recorded}, module, version_of(module), written)
    assert fault is None, fault


def declaring_modules(package):
    """Every module of a package that declares a VERSION."""
    files = [path for path in package.rglob("*.py") if re.search(r"^VERSION = \d", path.read_text(), re.MULTILINE)]
    return {".".join(path.relative_to(package).with_suffix("").parts) for path in files}


def test_every_version_is_held_and_every_step_has_some(repository):
    assert declaring_modules(repository / "bridgelib") == set(WRITTEN), (
        "add a function to tests/golden_bytes/written.py"
    )
    assert set(record.read()) == set(WRITTEN), record.COMMAND
    assert {module for modules in MODULES.values() for module in modules} <= set(WRITTEN)
    rules = "\n".join(path.read_text(encoding="utf-8") for path in (repository / "rules").glob("*.smk"))
    asked = re.findall(r"former=made_as_now\(\"(\w+)\", (\S+)\),", rules)
    assert {step for step, _ in asked} == {*MODULES, "train_policy"}  # which bears none, but its environment's lock
    assert sorted(re.findall(r"lock=lock_of\((\S+)\),", rules)) == sorted(environment for _, environment in asked)


@pytest.mark.parametrize("module", WRITTEN)
def test_what_is_recorded_are_the_versions_there_were(module):
    assert sorted(map(int, record.read()[module])) == list(range(1, version_of(module) + 1))


def test_a_change_asks_for_the_next_version_and_says_where():
    recorded = {"formats.shard": {"1": "aaaa", "2": "bbbb"}}
    assert record.fault(recorded, "formats.shard", 2, "bbbb") is None
    fault = record.fault(recorded, "formats.shard", 2, "cccc")
    assert "bump VERSION in bridgelib/formats/shard.py to 3" in fault and record.COMMAND in fault
    assert record.fault(recorded, "formats.shard", 1, "bbbb") is not None  # taken back, but not what it wrote
    assert "not recorded yet" in record.fault(recorded, "formats.shard", 3, "cccc")


def test_what_is_recorded_is_never_replaced(monkeypatch):
    monkeypatch.setattr(record, "version_of", {"formats.shard": 1, "data.split": 2}.get)
    recorded = {"formats.shard": {"1": "aaaa"}, "data.split": {"1": "bbbb"}}
    after, faults = record.with_new(recorded, {"formats.shard": "changed", "data.split": "new"})
    assert after == {"formats.shard": {"1": "aaaa"}, "data.split": {"1": "bbbb", "2": "new"}}
    assert len(faults) == 1 and "bridgelib/formats/shard.py to 2" in faults[0]
    assert recorded["data.split"] == {"1": "bbbb"}


def test_other_bytes_under_the_same_version_are_a_fault(monkeypatch, tmp_path):
    monkeypatch.setattr("bridgelib.evaluation.results.QUARTILES", (20, 50, 80))
    written = digest(WRITTEN["evaluation.results"](tmp_path))
    fault = record.fault(record.read(), "evaluation.results", version_of("evaluation.results"), written)
    assert "bump VERSION in bridgelib/evaluation/results.py" in fault


def test_a_digest_tells_contents_apart():
    assert digest(b"a") != digest(b"b") and digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1}) != digest({"a": 1})


def test_a_version_is_read_as_it_is_declared(monkeypatch, tmp_path):
    from bridgelib.formats import shard

    assert version_of("formats.shard") == shard.VERSION
    assert versions_of("success") == {"evaluation.results": version_of("evaluation.results")}
    monkeypatch.setattr(versions, "_PACKAGE", tmp_path)
    (tmp_path / "a.py").write_text("VERSION = 12  # of something\nOTHER_VERSION = 3\n")
    assert version_of("a") == 12
