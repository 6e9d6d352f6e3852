"""A run at other prices, as tables for a terminal of 80 columns and as JSON."""

from collections.abc import Iterator, Sequence
from typing import Any

from rich import box
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from simulator.report import format as form
from simulator.report.answer import warned
from simulator.report.best_plan import best_now
from simulator.report.bill_tables import WIDE_BILL, bills
from simulator.report.json_report import finite, plan_json, study_json
from simulator.report.layout import Fitted, said
from simulator.report.names import called_in
from simulator.report.tables import BAD, BEST
from simulator.studies.consumption import COST
from simulator.studies.reprice import Repriced
from simulator.studies.warnings import warnings_of
from simulator.studies.words import of_chance


def repriced_report(repriced: Repriced, wanted: Sequence[str] = ()) -> Iterator[RenderableType]:
    """Yield what re-pricing prints: what is best now, old and new cost, the warnings, and some plans' new bills."""
    yield said(verdict(repriced), list(repriced.after.plans), style="bold")
    yield _changes(repriced)
    yield from warned(repriced.after)
    yield from bills(repriced.after, wanted)


def verdict(repriced: Repriced) -> str:
    """Return what is best at the new prices, and whether it was so before."""
    if repriced.after.recommended is None:
        return "No plan meets every bound; prices do not change that."
    return best_now(repriced.before, repriced.after)


def _changes(repriced: Repriced) -> RenderableType:
    return Fitted(lambda width: [_change_table(repriced, width)])


def _change_table(repriced: Repriced, width: int) -> Table:
    """Return what each plan costs before and now; where there is little room, now and the change alone."""
    was, now = (form.one_line(each.book.name) for each in (repriced.before, repriced.after))
    books = f"by {now}" if now == was and repriced.changed else f"{was} -> {now}"
    table = Table(
        title=Text(f"Cost per 30-day month: {books}{_with_keys(repriced)}", style="bold"),
        caption=Text(f"± is {of_chance()}", style="dim"),
        caption_justify="left",
        title_justify="left",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        padding=(0, 1, 0, 0),
        width=width,
    )
    heads = ("rank", "before", "now", "", "change", "")
    places = range(len(heads)) if width >= WIDE_BILL else (2, 4)
    table.add_column("plan", ratio=1)
    for place in places:
        table.add_column(heads[place], justify="right", no_wrap=True)
    called = called_in(repriced.after.ranking, width)
    for name in repriced.after.ranking:
        broken = len(repriced.after.plans[name].violations)
        style = BEST if name == repriced.after.recommended else BAD if broken else ""
        shown = f"{called[name]} (breaks {broken})" if broken else called[name]
        cells = list(_cells(repriced, name))
        table.add_row(Text(shown, style=style), *(cells[place] for place in places))
    return table


def _with_keys(repriced: Repriced) -> str:
    return f", with {', '.join(map(form.one_line, repriced.changed))}" if repriced.changed else ""


def _cells(repriced: Repriced, name: str) -> Iterator[Text]:
    before, after = repriced.before, repriced.after
    ranks = [each.ranking.index(name) + 1 for each in (before, after)]
    old, new = (each.plans[name].metrics[COST] for each in (before, after))
    yield Text(f"{ranks[1]}" if ranks[0] == ranks[1] else f"{ranks[0]} -> {ranks[1]}")
    yield Text(form.usd(old.mean))
    yield Text(form.usd(new.mean))
    yield Text(form.usd_within(new))
    yield Text(form.signed_usd(repriced.change(name).mean))
    yield Text(form.relative_change(old.mean, new.mean))


def repriced_json(repriced: Repriced) -> dict[str, Any]:
    """Return what ``predcost reprice --json`` prints: the run at its new prices, and each plan's cost before."""
    before, after = repriced.before, repriced.after
    plans = {
        name: {
            **plan_json(result),
            "before": {COST: before.plans[name].metrics[COST].as_dict()},
            "change": {COST: repriced.change(name).as_dict()},
        }
        for name, result in after.plans.items()
    }
    content = {
        **study_json(after),
        "prices": {"before": before.book.name, "now": after.book.name},
        "changed": list(repriced.changed),
        "plans": plans,
        "sizings": [sizing.as_dict() for sizing in after.sizings],
        "differences": [difference.as_dict() for difference in after.differences],
        "ranking": list(after.ranking),
        "selection": finite(after.selection.as_dict()),
        "recommended": after.recommended,
        "recommendation": [verdict(repriced)],
        "warnings": list(warnings_of(after)),
    }
    return {key: finite(value) for key, value in content.items()}
