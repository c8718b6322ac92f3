"""The success table: policies and references beside each other, task by task, and what it says of each policy."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any

from bridgelib.errors import DataError
from bridgelib.evaluation.results import VERSION, difference
from bridgelib.evaluation.seeds import rate_over_seeds
from bridgelib.sim.tasks import TASKS

Result = Mapping[str, Any]
"""The result of one task; see `results.task_result`."""

_LADDER = ("expert", "replay", "relabelled", "nearest", "random")
_WIDTH = 38
_OTHER_WORDS = ", other words"
_OF_SEEDS = """\
A mean is that of the success rates of several seeds. Its 95 % interval is Student's over the seeds, widened to hold
Wilson's of all their episodes together."""


def success_summary(
    references: Mapping[str, Any],
    rollouts: Mapping[str, Mapping[str, Any]],
    seeds: Mapping[str, Sequence[str]] | None = None,
) -> dict[str, Any]:
    """Everything that the table shows, as JSON.

    Args:
        references: What references.json holds.
        rollouts: Experiment -> what its rollouts.json holds.
        seeds: Name -> the experiments that share it and differ in their seeds.

    Returns:
        tasks: Task -> rows in the order of the table: name, kind ("reference", "blind" or "policy") and the result
            without its scenes.
        seeds: Task -> rows of the means over seeds: name, and what `rate_over_seeds` gives.
        policies: Policy -> task -> whether its whole interval lies above that of every blind policy and of random
            actions; None where none of these was rolled out.
        differences: Pairs of policies, task by task, over the scenes that both were rolled out in.
    """
    _require_complete(references, rollouts)
    known = references["references"]
    rows = {name: ("reference", known[name]["tasks"]) for name in sorted(known, key=_LADDER.index)}
    for name, one in sorted(rollouts.items(), key=lambda item: not item[1]["policy"]["blind"]):
        rows[name] = ("blind" if one["policy"]["blind"] else "policy", one["tasks"])
        if held_out := one.get("held_out_tasks"):
            rows[f"{name}{_OTHER_WORDS}"] = ("policy", held_out)
    tasks = list(dict.fromkeys(task for _, results in rows.values() for task in results))
    policies = [name for name, (kind, _) in rows.items() if kind == "policy" and name in rollouts]
    return {
        "version": VERSION,
        "tasks": {
            task: [{"name": name, "kind": kind, **_brief(of[task])} for name, (kind, of) in rows.items() if task in of]
            for task in tasks
        },
        "seeds": {task: list(_means(task, rows, seeds or {})) for task in tasks},
        "policies": {name: _verdicts(name, rows, tasks) for name in policies},
        "differences": list(_differences({name: rows[name][1] for name in policies}, tasks)),
    }


def _require_complete(references: Any, rollouts: Mapping[str, Any]) -> None:
    """Refuse what is no such file, or is named like a reference.

    Raises:
        DataError: A part is missing, or a name stands for two things.
    """
    for name, content, keys in [
        ("references", references, ("references",)),
        *((name, content, ("policy", "tasks")) for name, content in rollouts.items()),
    ]:
        if not isinstance(content, Mapping) or not set(keys) <= content.keys():
            made_by = "rollout_references.py" if keys == ("references",) else "rollout_policy.py"
            do = f"name a file that {made_by} wrote"
            raise DataError(f"results of {name}", given="a file of another kind", allowed=f"JSON with {keys}", do=do)
    if taken := sorted({*rollouts} & {*_LADDER}):
        raise DataError(f"results of {taken[0]}", given="the name of a reference", do="give the policy another name")


def _brief(result: Result) -> dict[str, Any]:
    return {key: value for key, value in result.items() if key != "scenes"}


def _means(task: str, rows: Mapping[str, tuple], seeds: Mapping[str, Sequence[str]]) -> Iterator[dict[str, Any]]:
    """The rows of means of one task: one for each experiment of which two seeds or more were rolled out."""
    for family, names in seeds.items():
        for words in ("", _OTHER_WORDS):
            found = [rows[f"{name}{words}"][1] for name in names if f"{name}{words}" in rows]
            results = [of[task] for of in found if task in of]
            if len(results) > 1:
                yield {"name": f"{family}{words}", **rate_over_seeds(results)}


def _verdicts(name: str, rows: Mapping[str, tuple], tasks: Sequence[str]) -> dict[str, bool | None]:
    """Task -> whether the policy does better than what does not look."""
    verdicts = {}
    for task in (task for task in tasks if task in rows[name][1]):
        sightless = [
            of[task] for other, (kind, of) in rows.items() if task in of and (kind == "blind" or other == "random")
        ]
        low = rows[name][1][task]["interval"][0]
        verdicts[task] = all(low > other["interval"][1] for other in sightless) if sightless else None
    return verdicts


def _differences(policies: Mapping[str, Mapping[str, Result]], tasks: Sequence[str]) -> Iterator[dict[str, Any]]:
    for first, second in combinations(policies, 2):
        for task in tasks:
            if task in policies[first] and task in policies[second]:
                found = difference(policies[first][task], policies[second][task])
                if found:
                    yield {"first": first, "second": second, "task": task, **found}


def as_text(summary: Mapping[str, Any]) -> str:
    """The table in plain text."""
    lines = []
    for task, rows in summary["tasks"].items():
        head = f"{'successes':>12}  {'95 % interval':>14}  {'steps':>5}  {'left, cm':>8}"
        others = _has_other(task) or any(row["did_other"] for row in rows)
        lines += ["", f"{task:{_WIDTH}}{head}{'  did the other' if others else ''}"]
        lines += [_row(row, others) for row in rows]
        lines += [_row_of_seeds(row) for row in summary["seeds"][task]]
    told = [_OF_SEEDS] if any(summary["seeds"].values()) else []
    lines += ["", *_said_of_policies(summary), *_said_of_pairs(summary), *told, ""]
    return "\n".join(lines).lstrip("\n")


def _has_other(task: str) -> bool:
    """Whether something else can be done in its scenes: that nobody did it is worth saying there, and only there."""
    return task in TASKS and TASKS[task].other is not None


def _row(row: Mapping[str, Any], others: bool) -> str:
    low, high = row["interval"]
    steps = f"{row['steps_to_success'][1]:.0f}" if row["steps_to_success"] else "–"
    counts = f"{row['successes']} of {row['episodes']}"
    line = f"  {row['name']:{_WIDTH - 2}}{counts:>12}  {f'{low:.0%} to {high:.0%}':>14}  {steps:>5}"
    line += f"  {100 * row['distance'][1]:>8.1f}"
    return f"{line}  {row['did_other']:>13}" if others else line


def _row_of_seeds(row: Mapping[str, Any]) -> str:
    low, high = row["interval"]
    name, mean = f"{row['name']}, {row['seeds']} seeds", f"mean {row['rate']:.0%}"
    return f"  {name:{_WIDTH - 2}}{mean:>12}  {f'{low:.0%} to {high:.0%}':>14}"


def _said_of_policies(summary: Mapping[str, Any]) -> Iterator[str]:
    for name, verdicts in summary["policies"].items():
        judged = {task: verdict for task, verdict in verdicts.items() if verdict is not None}
        if judged and not any(judged.values()):
            yield f"{name} does not beat a policy that sees nothing, or random actions: it has not learned to look."
        elif worse := [task for task, verdict in judged.items() if not verdict]:
            yield f"{name} has learned to look, but not for {', '.join(worse)}."


def _said_of_pairs(summary: Mapping[str, Any]) -> Iterator[str]:
    """The differences whose interval leaves no doubt; the others are in the JSON."""
    for pair in summary["differences"]:
        low, high = pair["interval"]
        if low > 0 or high < 0:
            better, worse = (pair["first"], pair["second"]) if low > 0 else (pair["second"], pair["first"])
            low, high = (low, high) if low > 0 else (-high, -low)
            yield (
                f"{pair['task']}: {better} succeeds {abs(pair['difference']):.0%} more often than {worse} "
                f"(95 % interval {low:.0%} to {high:.0%}, the same {pair['scenes']} scenes)."
            )
