"""Print the results: the account of the data, errors and successes of the policies; and where the report is."""

import argparse
from pathlib import Path

from bridgelib.config.experiments import families
from bridgelib.config.schema import read_yaml
from bridgelib.config.settings import load_settings
from bridgelib.layout import table_paths
from bridgelib.repository import REPOSITORY
from bridgelib.workflow.plan import WorkflowPlan
from bridgelib.workflow.summary import runs_as_text


def main(argv: list[str] | None = None) -> None:
    """Print the tables of one machine."""
    options = parse_arguments(argv)
    config = read_yaml(REPOSITORY / "config" / "config.yaml")
    chosen = {key: value for key, value in vars(options).items() if value}
    plan = WorkflowPlan(load_settings({**config, **chosen}, REPOSITORY), REPOSITORY)
    report = table_paths(plan.machine.tfrecord, "data_report")["text"]
    print(report.read_text(encoding="utf-8") if report.is_file() else "No data report yet: snakemake data_report\n")
    done = [Path(path) for path in plan.done_files()]
    print(runs_as_text(done, families(plan.settings.experiments)))
    if plan.simulation:
        success = table_paths(plan.machine.runs, "success")["text"]
        print(success.read_text(encoding="utf-8") if success.is_file() else "No rollouts yet: snakemake success")
    print(f"To look at: {plan.report}" if Path(plan.report).is_file() else "No report yet: snakemake report")


def parse_arguments(argv: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--machine", help="a machine's name, or the path of its profile (default: as the workflow)")
    parser.add_argument("--experiments", help="the experiments file (default: as the workflow)")
    return parser.parse_args(argv)
