"""Versions of what each step writes: small integers, raised by hand when its bytes change, so that it is made again.

A module that decides about bytes declares `VERSION = n`: of a format, or of what is put into it. They are read from the
modules' text, since Snakemake's own Python lacks what those import. A test compares the hash of what is written for
fixed inputs; when it fails, it says which version to raise: see `tests/golden_bytes`.
"""

import re
from functools import cache
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
_DECLARED = re.compile(r"^VERSION = (\d+)\b", re.MULTILINE)
_SHARDS = ("formats.shard", "formats.report", "conversion.raw_to_numpy")

MODULES = {
    "simulate_demonstrations": ("sim.scene", "sim.demonstrations"),
    "raw_to_numpy": _SHARDS,
    # Those of the shards too: shards may be removed once they are converted.
    "numpy_to_tfrecord": (*_SHARDS, "formats.tfrecord", "conversion.task_shards", "data.split", "data.statistics"),
    "data_report": ("conversion.accounting",),
    "embed_language": ("language.table", "language.hashing"),
    "evaluate_policy": ("evaluation.offline.evaluate",),
    "rollout_policy": ("sim.scene", "evaluation.results"),
    "rollout_references": ("sim.scene", "evaluation.results"),
    "success": ("evaluation.results",),
    "report": ("report.page",),
}
"""Step -> the modules of `bridgelib` whose versions its results record, under these names: renaming such a module makes
the results again, so none of these is renamed. A training records none: days of work are not thrown away for a tidier
checkpoint. Nor does the index of a TFRecord count: a reader that finds one of another version builds it anew.
"""


@cache
def version_of(module: str) -> int:
    """The VERSION that a module of `bridgelib` declares, such as `formats.shard`."""
    declared = _DECLARED.findall(file_of(module).read_text(encoding="utf-8"))
    assert len(declared) == 1, f"{module} declares VERSION {len(declared)} times"
    return int(declared[0])


def file_of(module: str) -> Path:
    """Where it is declared."""
    return _PACKAGE.joinpath(*module.split(".")).with_suffix(".py")


def versions_of(step: str) -> dict[str, int]:
    """Module -> version, of all that decide about the bytes of a step, a rule of the workflow."""
    return {module: version_of(module) for module in MODULES[step]}
