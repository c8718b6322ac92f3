"""The data report after a failed conversion: its own job never starts, since it waits for every task."""

from collections.abc import Sequence
from pathlib import Path

from bridgelib.conversion.tree_report import save, tree_report
from bridgelib.errors import BridgeError
from bridgelib.layout import table_paths
from bridgelib.workflow.plan import WorkflowPlan
from bridgelib.workflow.targets import targets_in

_REPORTING = {"all", "data_report"}


def report_on_the_rest(plan: WorkflowPlan, words: Sequence[str]) -> str:
    """Write the data report after a job has failed, if it was asked for and its own job could not.

    Its files get the oldest possible date, so that the next call that converts the rest makes them again.

    Args:
        plan: The plan of the workflow that failed.
        words: The words of its command line.

    Returns:
        The text of the report; empty where none is due, or none can be made.
    """
    targets, machine = targets_in(words), plan.machine
    if targets and not targets & _REPORTING:
        return ""
    root = Path(machine.tfrecord)
    try:
        tree = tree_report(root, Path(machine.raw), machine.depth, machine.exclude, Path(machine.numpy))
        if not tree.unconverted or not tree.tasks:
            return ""
        paths = table_paths(root, "data_report")
        return save(tree, paths["text"], paths["json"], provisional=True)
    except BridgeError as error:
        return f"{error}\n"
