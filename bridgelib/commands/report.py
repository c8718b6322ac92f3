"""Make the report: one page on what was trained, whether it works, and what the data are like."""

import argparse
import json
from collections.abc import Mapping
from datetime import datetime

from bridgelib.commands._paths import path
from bridgelib.config.schema import read_yaml
from bridgelib.config.settings import load_settings, read_words
from bridgelib.files import written_whole
from bridgelib.origins import with_release
from bridgelib.report.page import page
from bridgelib.report.reading import read_facts
from bridgelib.repository import REPOSITORY
from bridgelib.seals import sealed
from bridgelib.workflow.plan import WorkflowPlan
from bridgelib.workflow.reporting import subject_of

EXAMPLES = """\
  report.py --config machine=demo
  report.py --config machine=tasl experiments=my_runs.yaml --output report.html

Nothing is made anew for it: it says what is there, and what is missing. Called in the folder that the workflow was
called from, it also says what the jobs took, and why some failed.
"""


def main(argv: list[str] | None = None) -> None:
    """Write the page; print where it is."""
    options = parse_arguments(argv)
    config = {**read_yaml(REPOSITORY / "config" / "config.yaml"), **options.config}
    plan = WorkflowPlan(load_settings(config, REPOSITORY), REPOSITORY)
    output = options.output or path(plan.report)
    origin = with_release(plan.staleness.origin_of_report())
    subject = subject_of(plan, _as_words(config))
    text = page(read_facts(subject), origin, datetime.now())
    with sealed("report", output), written_whole(output) as partial:
        partial.write_text(text, encoding="utf-8")
    print(f"The report is in {output}")


def _as_words(config: Mapping[str, object]) -> dict[str, str]:
    return {key: value if isinstance(value, str) else json.dumps(value) for key, value in config.items()}


def parse_arguments(argv: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--config", nargs="*", default=[], metavar="KEY=VALUE", help="settings, as after snakemake --config")
    add("--output", type=path, metavar="HTML", help="write it here (default: <runs>/report/index.html)")
    options = parser.parse_args(argv)
    options.config = read_words(options.config)
    return options
