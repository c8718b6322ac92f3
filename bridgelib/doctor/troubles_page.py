"""The page `docs/doctor.md`, made from the table of troubles, so that it cannot differ from it."""

from pathlib import Path

from bridgelib.doctor.checks import CHECKS
from bridgelib.doctor.signatures import KNOWN_BY_LOG
from bridgelib.doctor.subject import Subject
from bridgelib.doctor.troubles import FAMILIES, TROUBLES, Trouble

_VALUES = {"flavour": "cuda12", "said": "what the log says under `to do:`", "python": ".venv/bin/python"}
_VALUES["install"] = ".venv/bin/python -m uv pip install --python .venvs/train/bin/python"
_HEAD = """\
# The doctor

<!-- Made by `python -m bridgelib.doctor --reference > docs/doctor.md`. Do not edit. -->

    snakemake doctor --config machine=NAME            # examine this host with a machine's settings
    python -m bridgelib.doctor --machine NAME --json  # the same for programs; --help has all options
    python -m bridgelib.doctor --explain logs/train_policy/NAME.log   # what a log of a failed job means

It changes nothing, needs no GPU and no finished environment, and says what it could not check. Each line is `ok`,
`note` (worth knowing), `WARNING` (the workflow can run), `ERROR` (a job would fail, or compute wrongly) or
`not checked`. Exit code 0: at most notes; 1: warnings; 2: errors. `snakemake doctor` fails on errors only.

When a job fails, its log is read for the same troubles, and the cure is printed below Snakemake's own error. Entries
marked with ✎ are recognised there.

In the cures, NAME is your machine; other words in capitals are for you to fill in. The doctor prints them filled in.
"""


def as_markdown() -> str:
    """The whole page."""
    example = Subject(Path(__file__).parents[2], None, {"machine": "NAME"}, chosen_environment=Path(".venvs/train"))
    lines, ids = [_HEAD], dict.fromkeys([*CHECKS, *TROUBLES])
    for family, title in FAMILIES.items():
        lines += [f"## {title}", ""]
        lines += [line for id in ids if TROUBLES[id].family == family for line in _entry(TROUBLES[id], example)]
    return "\n".join(lines)


def _entry(trouble: Trouble, example: Subject) -> list[str]:
    mark = " ✎" if trouble.id in KNOWN_BY_LOG else ""
    asked = "" if trouble.id in CHECKS else "Not checked in advance. "
    cure = example.filled(trouble.cure, _VALUES)
    return [f"**`{trouble.id}`**{mark} {trouble.title}. {asked}{trouble.why}", "", f"    {cure}", ""]
