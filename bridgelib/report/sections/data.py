"""The data: what became of them by task and reason, contact sheets, the numbers, the instructions."""

from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np

from bridgelib.conversion.accounting import Account, TreeReport
from bridgelib.data.dimensions import DIMENSIONS
from bridgelib.data.published import PUBLISHED
from bridgelib.report.bounds import ROWS, bounded
from bridgelib.report.drawing import histogram
from bridgelib.report.markup import Markup, element
from bridgelib.report.pictures import density
from bridgelib.report.reading import Facts
from bridgelib.report.tables import Cell, chip, number, table
from bridgelib.report.tasks import Shown, TaskLook
from bridgelib.report.texts import known, said
from bridgelib.text import readable_bytes

_HEAD = (
    *(("task", False), ("found", True), ("kept", True), ("rejected", True), ("remarks", True), ("unusual", True)),
    *(("train", True), ("val", True), ("frames", True), ("bytes", True), ("instructed", True)),
)
_OPEN = 4  # contact sheets that are open at first
_INSTRUCTIONS = 60


def data(facts: Facts) -> Iterator[Markup]:
    """The section."""
    tree = facts.subject.tree
    if tree is None or not (tree.tasks or tree.unconverted):
        yield element("p", said("data.nothing"))
        return
    yield from _account(facts, tree)
    yield from _sheets(facts)
    yield from _numbers(facts)
    yield from _instructions(facts)


def _account(facts: Facts, tree: TreeReport) -> Iterator[Markup]:
    total = tree.total
    counts = {key: f"{getattr(total, key):,}" for key in ("found", "kept", "frames", "passed_over")}
    rejected = f"{total.rejected.total():,}"
    yield element(
        "p", said("data.total", **counts, rejected=rejected, bytes=readable_bytes(total.bytes)), class_="headline"
    )
    rows = [_row(look.report.task, look.report.account, look.unusual) for look in facts.tasks]
    yield table(said("data.caption"), _HEAD, rows)
    for kind, counter in (("reason", total.rejected), ("remark", total.remarks)):
        if counter:
            head = ((kind, False), ("meaning", False), ("times", True))
            cells = [
                [Cell(element("code", key)), Cell(known(kind, key)), number(n)] for key, n in counter.most_common()
            ]
            yield table(said(f"data.by_{kind}"), head, cells)


def _row(task: str, account: Account, unusual: int) -> list[Cell]:
    counts = [account.found, account.kept, account.rejected.total(), account.remarks.total(), unusual]
    counts += [account.train, account.val, account.frames]
    return [
        Cell(task),
        *(number(count) for count in counts),
        Cell(readable_bytes(account.bytes), account.bytes),
        number(account.instructed / account.kept if account.kept else None, ".0f", 100),
    ]


def _sheets(facts: Facts) -> Iterator[Markup]:
    """A contact sheet for each task; where most is odd, first."""

    def worry(look: TaskLook) -> tuple:
        return (-look.report.account.remarks.total(), -look.unusual, look.report.task)

    looks, _ = bounded(sorted((look for look in facts.tasks if look.shown), key=worry), ROWS)
    if looks:
        yield element("h3", said("sheets.title"))
        yield element("p", said("sheets.means"), class_="dim")
    for place, look in enumerate(looks):
        kept = said("sheets.kept", count=f"{look.report.account.kept:,}", unusual=look.unusual)
        head = element("summary", element("b", look.report.task), element("span", kept, class_="dim"))
        sheet = element("div", [_shown(shown, look.report.task) for shown in look.shown], class_="sheet")
        yield element("details", head, sheet, open=place < _OPEN)


def _shown(shown: Shown, task: str) -> Markup:
    if shown.why:
        feature, score = shown.why
        why = chip(f"unusual.{feature}.{'more' if score > 0 else 'less'}", "warn")
    else:
        why = chip("unusual.none", "quiet")
    remarks = [[" ", element("span", remark, class_="chip warn")] for remark in dict.fromkeys(shown.remarks)]
    told = [why, remarks, " ", said("transitions", count=shown.length)]
    words = [element("br"), "“", shown.instruction, "”"] if shown.instruction.strip() else []
    name = [element("br"), shown.name.removeprefix(f"{task}/")] if shown.name else []
    image = element("img", src=shown.picture, alt=shown.name or f"{shown.length}", decoding="async")
    return element("figure", image, element("figcaption", told, words, name))


def _numbers(facts: Facts) -> Iterator[Markup]:
    samples = [look.sample for look in facts.tasks if look.sample is not None and len(look.sample.state)]
    if not samples:
        return
    weights = np.concatenate([np.full(len(sample.state), sample.weight) for sample in samples])
    for kind in ("state", "action"):
        rows = np.concatenate([getattr(sample, kind) for sample in samples]).astype(np.float64)
        yield element("h3", said(f"numbers.{kind}"))
        yield element("p", said(f"numbers.{kind}_means"), class_="dim")
        yield element("div", [_histogram(kind, place, rows[:, place], weights) for place in range(7)], class_="tiles")
    actions, reached, later = (
        np.concatenate([getattr(sample, kind)[:, :6] for sample in samples]) for kind in ("action", "reached", "later")
    )
    yield element("h3", said("numbers.reached"))
    yield element("p", said("numbers.reached_means"), class_="dim")
    tiles = [_reached(place, actions[:, place], reached[:, place], later[:, place], weights) for place in range(6)]
    yield element("div", tiles, class_="tiles")


def _histogram(kind: str, place: int, values: np.ndarray, weights: np.ndarray) -> Markup:
    low, high = np.quantile(values, (0.002, 0.998))
    margin = 0.05 * (high - low) or 0.5
    name = f"{kind}-{place}"
    drawn = histogram(values, weights, low - margin, high + margin, name)
    mean = np.average(values, weights=weights)
    std = np.sqrt(np.average((values - mean) ** 2, weights=weights))
    told = [element("b", DIMENSIONS[place]), f" {mean:.3g} ± {std:.3g}", element("br")]
    told += [f"{values.min():.3g} … {values.max():.3g}"]
    if kind == "action":
        published = f"{PUBLISHED.action.mean[place]:.2g} ± {PUBLISHED.action.std[place]:.2g}"
        told += [element("br"), said("numbers.published", numbers=published)]
    return element("figure", drawn, element("figcaption", told, id=name))


def _reached(place: int, action: np.ndarray, reached: np.ndarray, later: np.ndarray, weights: np.ndarray) -> Markup:
    """Commanded against reached motion as a picture, and how well they agree, in the same step and in the next."""
    ends = np.quantile(np.concatenate([action, reached]), (0.005, 0.995))
    reach = max(float(np.abs(ends).max()), 1e-6)
    box = [(-reach, reach)] * 2
    counts, _, _ = np.histogram2d(reached, action, bins=33, range=box, weights=weights)
    image = element("img", src=density(counts[::-1]), alt=DIMENSIONS[place], decoding="async")
    same, next_one = (_correlation(action, motion) for motion in (reached, later))
    told = said("numbers.correlation", same=f"{same:.2f}", next=f"{next_one:.2f}")
    return element("figure", image, element("figcaption", element("b", DIMENSIONS[place]), " ", told))


def _correlation(first: np.ndarray, second: np.ndarray) -> float:
    """Pearson's; 0 where one of them never changes."""
    if len(first) < 2 or not (first.std() and second.std()):
        return 0.0
    return float(np.corrcoef(first, second)[0, 1])


def _instructions(facts: Facts) -> Iterator[Markup]:
    counts: Counter[str] = Counter()
    for look in facts.tasks:
        counts.update(look.instructions)
    if not counts:
        return
    common: Sequence[tuple[str, int]] = counts.most_common(_INSTRUCTIONS)
    yield element("h3", said("instructions.title"))
    rows = [[Cell(text), number(count)] for text, count in common]
    caption = said("instructions.caption", count=f"{len(counts):,}", shown=min(len(counts), _INSTRUCTIONS))
    yield table(caption, (("instruction", False), ("trajectories", True)), rows)
