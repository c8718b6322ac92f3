"""Examine this host and say what is wrong with it, why that matters, and the command that cures it."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from bridgelib.config.schema import read_yaml
from bridgelib.config.settings import read_words
from bridgelib.doctor.checks import examined
from bridgelib.doctor.failures import as_lines, cure_of, tail
from bridgelib.doctor.presentation import as_json, as_text, exit_code
from bridgelib.doctor.signatures import recognised
from bridgelib.doctor.subject import REFUSED, Subject, examine
from bridgelib.doctor.troubles_page import as_markdown
from bridgelib.errors import ConfigError
from bridgelib.layout import portable_path
from bridgelib.repository import CHECKOUT, REPOSITORY

_EPILOG = """exit codes:
  0  all is well, or there are only notes (with --fail-on error: warnings too)
  1  there are warnings: the workflow can run
  2  there are errors: a job would fail, or compute wrongly; also: the call itself is wrong

Everything it looks for is listed in docs/doctor.md."""


def main(argv: Sequence[str] | None = None) -> int:
    """Print what was found; the exit code says how bad it is."""
    options = _parse_arguments(argv)
    if options.reference:
        print(as_markdown(), end="")
        return 0
    chosen = {"machine": options.machine} if options.machine else {}
    here = {} if CHECKOUT else {"env": "current"}  # installed, it is asked about where it is installed
    given = {**here, **chosen, **read_words(options.config)}  # over config.yaml
    config = {**read_yaml(REPOSITORY / "config" / "config.yaml"), **given}
    subject = examine(REPOSITORY, config, given, options.environment, options.cluster)
    if options.explain:
        return _explain(options.explain, subject)
    findings = examined(subject)
    heading = "the settings were refused, so only this host is examined"
    if subject.not_built != REFUSED:
        machine = f"machine {subject.settings.machine.name}" if subject.settings else "no machine"
        heading = f"{machine}, environment {portable_path(subject.environment)}"
    text = as_json(findings) if options.json else as_text(findings, f"Doctor: {heading}", options.verbose)
    print(text, end="")
    code = exit_code(findings)
    return 0 if options.fail_on == "error" and code < 2 else code


def _explain(logs: Sequence[Path], subject: Subject) -> int:
    """Print the trouble that each log shows; 0 where every one shows a known trouble."""
    unknown = False
    for log in logs:
        if not log.is_file():
            raise ConfigError(log, given="no such log", do="name the log of a job, such as logs/train_policy/NAME.log")
        found = recognised(tail(log).splitlines())
        unknown = unknown or found is None
        told = as_lines(found, cure_of(found, subject)) if found else ["    nothing known"]
        print("\n".join([f"  {log}", *told]))
    return 1 if unknown else 0


def _parse_arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description="Examine this host: packages, CUDA libraries, GPUs, disk and memory, data, settings.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--machine", help="a machine's name, or the path of its profile (default: as the workflow)")
    add("--config", nargs="*", default=[], metavar="KEY=VALUE", help="settings, as for snakemake")
    add("--cluster", action="store_true", help="jobs run on other hosts; GPUs and memory of this one do not count")
    add("--environment", type=Path, help="look into this environment instead of the machine's own")
    add(
        "--explain",
        nargs="+",
        type=Path,
        metavar="LOG",
        help="explain logs of failed jobs instead; 1 if one is unknown",
    )
    add("--reference", action="store_true", help="print docs/doctor.md: everything it looks for")
    add("--verbose", action="store_true", help="show details: the file of each CUDA library, and why")
    add("--json", action="store_true", help="print JSON: findings, the worst status, the exit code")
    add("--fail-on", choices=("warning", "error"), default="warning", help="from what on the exit code is not 0")
    return parser.parse_args(argv)
