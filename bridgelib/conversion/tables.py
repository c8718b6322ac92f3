"""The account of a tree as tables in plain text."""

from collections.abc import Mapping

from bridgelib.conversion.accounting import Account, TreeReport
from bridgelib.raw.remarks import REMARKS
from bridgelib.text import aligned, readable_bytes

COLUMNS = ("task", "found", "kept", "rejected", "passed over", "train", "val", "frames", "bytes", "language")
WHOLE_TREE = "whole tree"
EXAMPLES = 3  # of each kind of remark
REPAIRED = """\
When one is repaired: remove the shard of its dated folder, <numpy>/<task>/<date>.npz, and the report of its task,
<tfrecord>/<task>/report.json, and run the same command again.
Trajectories that come or go are noticed, files that change inside of one are not."""


def as_text(tree: TreeReport, listed: int = 20) -> str:
    """The account of a tree.

    One line for each task, the whole tree last; rejections by reason, the first `listed` by name, and the remedy;
    remarks by kind, and some of each by name: what deserves a look first.
    """
    accounts = [(task.task, task.account) for task in tree.tasks]
    outside = sum(entry.count for entry in tree.outside)
    if outside:
        accounts.append(("(outside dated folders)", Account(passed_over=outside)))
    lines = [_row(name, account) for name, account in (*accounts, (WHOLE_TREE, tree.total))]
    sections = [aligned(COLUMNS, lines, last_apart=True), *_tasks_without_data(tree, listed)]
    reasons = sorted(tree.total.rejected.items(), key=lambda item: (-item[1], item[0]))
    if reasons:
        sections.append(aligned(("rejected because", "trajectories"), [(reason, f"{n:,}") for reason, n in reasons]))
        rejected = [entry for task in tree.tasks for entry in task.rejected]
        lines = [(entry["trajectory"], entry["reason"], entry["detail"]) for entry in rejected[:listed]]
        if len(rejected) > listed:
            lines.append((f"… and {len(rejected) - listed:,} more", "", ""))
        sections.append(aligned(("rejected trajectory", "reason", "detail"), lines, text_columns=3))
        sections.append(REPAIRED)
    sections += _remarks(tree)
    return "\n\n".join(sections) + "\n"


def _remarks(tree: TreeReport) -> list[str]:
    """How many remarks there are of each kind, then some of each by name, the most worrying kind first."""
    remarks = sorted(tree.remarks, key=_worry)
    if not remarks:
        return []
    times, examples = tree.total.remarks, dict[str, list[Mapping]]()
    for entry in remarks:
        examples.setdefault(entry["remark"], []).append(entry)
    kinds = [(kind, REMARKS.get(kind, ""), f"{times[kind]:,}") for kind in examples]
    first = [entry for entries in examples.values() for entry in entries[:EXAMPLES]]
    named = [(_place(entry), entry["remark"], entry["detail"]) for entry in first]
    return [
        aligned(("remark", "what it means", "times"), kinds, text_columns=2),
        aligned(("worth a look first", "remark", "detail"), named, text_columns=3),
    ]


def _worry(entry: Mapping) -> int:
    """Where a remark's kind stands in the list; after all others where it is not in it."""
    kinds = list(REMARKS)
    return kinds.index(entry["remark"]) if entry["remark"] in REMARKS else len(kinds)


def _place(entry: Mapping) -> str:
    return entry["trajectory"] or (f"all of {entry['task']}" if entry["task"] else "the raw tree")


def _tasks_without_data(tree: TreeReport, listed: int) -> list[str]:
    """Tables of the tasks of which nothing was kept, that are not converted, and that are excluded."""
    empty = [(task.task, _why_empty(task.account)) for task in tree.tasks if not task.account.kept]
    excluded = [(entry.path, f"{entry.why}, {entry.count} dated folders") for entry in tree.excluded]
    tables = []
    for head, rows in (
        (("task with nothing kept", "because"), empty),
        (("task that is not converted", "because"), list(tree.unconverted.items())),
        (("excluded task", "by the machine profile"), excluded),
    ):
        more = [(f"… and {len(rows) - listed:,} more", "")] if len(rows) > listed else []
        tables += [aligned(head, [*rows[:listed], *more], text_columns=2)] if rows else []
    return tables


def _why_empty(account: Account) -> str:
    reasons = ", ".join(f"{count} {reason}" for reason, count in account.rejected.most_common())
    return f"of {account.found} found: {reasons}" if account.found else "there is no trajectory in it"


def _row(name: str, account: Account) -> tuple[str, ...]:
    counts = [account.found, account.kept, account.rejected.total(), account.passed_over]
    counts += [account.train, account.val, account.frames]
    coverage = f"{100 * account.instructed // account.kept} %" if account.kept else "-"
    return (name, *(f"{count:,}" for count in counts), readable_bytes(account.bytes), coverage)
