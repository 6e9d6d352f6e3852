"""A difference as tables for a terminal of 80 columns, and as JSON."""

from collections.abc import Iterator, Sequence
from typing import Any

from rich import box
from rich.cells import cell_len
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from simulator.report import format as form
from simulator.report.diff_rows import CHANCE, HEADS, Row, rows_of
from simulator.report.diff_words import findings_said, headline, sentences
from simulator.report.json_report import finite, study_json
from simulator.report.layout import Fitted, said
from simulator.report.names import called_in
from simulator.report.tables import BAD, BEST
from simulator.studies.difference import Diff
from simulator.studies.gates import Finding, Ruling

_STYLES = {"better": BEST, "worse": BAD}
_RULINGS = {Ruling.BROKEN: BAD, Ruling.KEPT: BEST, Ruling.UNDECIDED: "bold yellow"}


def diff_report(diff: Diff, findings: Sequence[Finding] = (), *, is_all: bool = False) -> Iterator[RenderableType]:
    """Yield what `predcost diff` prints: what is different, plan by plan, what the scenarios say else, the gates."""
    names = [*diff.after.plans, *diff.before.plans]
    yield said(f"{headline(diff)}.", names, style="bold")
    yield Text(" -> ".join(map(form.one_line, diff.labels)), style="dim")
    if diff.changed:
        yield Fitted(lambda width: [_changed_table(diff, width)])
    for plan in diff.plans:
        if is_all or not diff.is_same(plan):
            yield Fitted(lambda width, plan=plan: [_plan_table(diff, plan, width, is_all=is_all)])  # type: ignore[misc]
    for sentence in sentences(diff):
        yield said(sentence, names, indent=2)
    for ruling, text in findings_said(findings):
        told = Text(text)
        told.stylize(_RULINGS[ruling], 0, len(ruling))
        yield told


def _plan_table(diff: Diff, plan: str, width: int, *, is_all: bool) -> Table:
    was = diff.plans[plan]
    called = called_in(list(dict.fromkeys((plan, was))), width)
    title = called[plan] if was == plan else f"{called[plan]}, which was {called[was]}"
    rows = rows_of(diff, plan, is_all=is_all)
    needed = sum(max(map(cell_len, column)) + _GAP for column in zip(HEADS, *(row.cells for row in rows), strict=True))
    is_wide = width >= needed
    table = _table(title, width)
    table.add_column(HEADS[0] if is_wide else "before -> now (95 % interval)", ratio=1)
    for head in HEADS[1:-1] if is_wide else ("",):
        table.add_column(head, justify="right", no_wrap=True)
    table.add_column(HEADS[-1], no_wrap=True)
    for row in rows:
        table.add_row(*_texts(row, row.cells if is_wide else _narrow(row)))
    if not rows:
        table.add_row(Text("what leads is the same; --all lists all", style="dim"))
    return table


_GAP = 2
"""Columns between two columns of a table."""


def _narrow(row: Row) -> tuple[str, str, str]:
    """Return a row's cells where there is little room: all but the difference in one."""
    what, before, now, difference, interval, told = row.cells
    values = f": {before} -> {now}" if before or now else ""
    return f"{what}{values}{f' ({interval})' if interval else ''}", difference, told


def _texts(row: Row, cells: Sequence[str]) -> Iterator[Text]:
    *numbers, told = cells
    style = "dim" if row.is_item or told == CHANCE else ""
    for cell in numbers:
        yield Text(cell, style=style)
    yield Text(told, style=_STYLES.get(told, style) if not row.is_item else style)


def _changed_table(diff: Diff, width: int) -> Table:
    table = _table("What the scenarios say else", width)
    for head, ratio in (("key", 4), ("before", 3), ("now", 3)):
        table.add_column(head, ratio=ratio)
    for change in diff.changed:
        table.add_row(*map(Text, (change.key, change.before_text, change.after_text)))
    return table


def _table(title: str, width: int) -> Table:
    return Table(
        title=Text(title, style="bold"),
        title_justify="left",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        padding=(0, 1, 0, 0),
        width=width,
    )


def _by_prices(diff: Diff, plan: str) -> dict[str, Any] | None:
    parts = diff.by_prices(plan)
    return None if parts is None else {"prices": parts[0].as_dict(), "all_else": parts[1].as_dict()}


def diff_json(diff: Diff, findings: Sequence[Finding] = ()) -> dict[str, Any]:
    """Return what `predcost diff --json` prints; what is not known is None."""
    iterations = {
        name: {"label": label, **study_json(each), "recommended": each.recommended, "prices": each.book.name}
        for name, label, each in zip(("before", "after"), diff.labels, (diff.before, diff.after), strict=True)
    }
    content = {
        **iterations,
        "headline": headline(diff),
        "pairing": str(diff.pairing),
        "replications": list(diff.replications),
        "differences": [change.as_dict() for plan in diff.plans for change in diff.changes(plan)],
        "changed": [change.as_dict() for change in diff.changed],
        "plans": {"added": list(diff.pairs.added), "removed": list(diff.pairs.removed), "renamed": diff.pairs.renamed},
        "bill": {plan: [item.as_dict() for item in diff.items(plan)] for plan in diff.plans},
        "by_prices": {plan: _by_prices(diff, plan) for plan in diff.plans},
        "not_compared": diff.not_compared,
        "gates": [finding.as_dict() for finding in findings],
        "said": list(sentences(diff)),
    }
    return {key: finite(value) for key, value in content.items()}
