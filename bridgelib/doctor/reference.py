"""The page `docs/doctor.md`, made from the table of troubles, so that neither says what the other does not."""

from bridgelib.doctor.check import CHECKS
from bridgelib.doctor.signatures import EXIT_CODES, SIGNATURES
from bridgelib.doctor.troubles import FAMILIES, TROUBLES, Trouble

_SETTINGS = " machine=NAME"
_PLACEHOLDERS = {
    "config": f" --config{_SETTINGS}",
    "set": f"--config{_SETTINGS}",
    "environment": ".venvs/train",
    "python": ".venv/bin/python",
    "install": ".venv/bin/python -m uv pip install --python .venvs/train/bin/python",
    "rebuild": f"rm -rf .venvs/train && snakemake environments --config{_SETTINGS}",
    "flavour": "cuda12",
    "said": "what the log says under `to do:`",
}
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


class _Placeholders(dict):
    def __missing__(self, key: str) -> str:
        return key.upper()


def as_markdown() -> str:
    """The whole page."""
    in_logs = {signature.trouble for signature in SIGNATURES} | set(EXIT_CODES.values()) | {"says-itself"}
    lines = [_HEAD]
    for family, title in FAMILIES.items():
        lines += [f"## {title}", ""]
        for trouble in TROUBLES.values():
            if trouble.family == family:
                lines += _entry(trouble, trouble.id in in_logs)
    return "\n".join(lines)


def _entry(trouble: Trouble, in_logs: bool) -> list[str]:
    mark = " ✎" if in_logs else ""
    asked = "" if trouble.id in CHECKS else "Not checked in advance. "
    cure = trouble.cure.format_map(_Placeholders(_PLACEHOLDERS))
    return [f"**`{trouble.id}`**{mark} {trouble.title}. {asked}{trouble.why}", "", f"    {cure}", ""]
