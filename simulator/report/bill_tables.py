"""Bills for a terminal: every line's quantity, price and cost, and where its price was read."""

from collections.abc import Iterator, Sequence

from rich import box
from rich.cells import cell_len
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from simulator.report import format as form
from simulator.report.layout import Fitted, said, sentences
from simulator.report.names import shortened
from simulator.studies.comparison import Comparison, PlanResult

WIDE_BILL = 64
"""From so many columns on, a bill has a column for each of its parts."""
WIDEST_BILL = 100
LEAST_NAME = 24
"""Columns that a plan's name has in the title of its bill, which then takes two lines."""


def bills(comparison: Comparison, names: Sequence[str]) -> Iterator[RenderableType]:
    """Yield the bills of some plans, best first, and where their prices were read."""
    plans = [comparison.plans[name] for name in comparison.ranking if name in names]
    yield from map(bill_panel, plans)
    yield from sentences("Prices", sources(plans), style="dim")


def bill_panel(result: PlanResult) -> RenderableType:
    """Return a plan's bill: every line's quantity, price and cost per 30-day month, and how prices came about.

    Where there is little room, what is paid for stands below the item, so that the cost is never cut off.
    """
    terms = [said(f"{line.item}: {line.terms}", style="dim") for line in result.bill.lines if line.terms]
    table = Fitted(lambda width: [(_bill if width >= WIDE_BILL else _narrow_bill)(result, width)], WIDEST_BILL)
    return Group(table, *terms)


def _bill(result: PlanResult, width: int) -> Table:
    table = _bill_table(result, width)
    table.add_column("item", Text("total"), ratio=1)
    table.add_column("quantity", justify="right", no_wrap=True)
    table.add_column("unit", no_wrap=True)
    table.add_column("price", justify="right", no_wrap=True)
    _add_cost_column(table, result)
    for line in result.bill.lines:
        amounts = form.count(line.quantity), line.unit, form.price(line.price_usd), form.usd_on_bill(line.usd_per_month)
        table.add_row(Text(line.item), *(Text(amount) for amount in amounts))
    return table


def _narrow_bill(result: PlanResult, width: int) -> Table:
    table = _bill_table(result, width)
    table.add_column("item: quantity x price", Text("total"), ratio=1)
    _add_cost_column(table, result)
    for line in result.bill.lines:
        paid_for = f"{form.count(line.quantity)} {line.unit} x {form.price(line.price_usd)}"
        table.add_row(Text.assemble(f"{line.item}: ", (paid_for, "dim")), Text(form.usd_on_bill(line.usd_per_month)))
    return table


def _bill_table(result: PlanResult, width: int) -> Table:
    room = min(max(width - len(_TITLE), LEAST_NAME), width - len("Bill: "))
    return Table(
        title=Text(f"Bill: {shortened(result.name, room, cell_len)}, per 30-day month", style="bold"),
        title_justify="left",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        show_footer=True,
        width=width,
    )


_TITLE = "Bill: , per 30-day month"


def _add_cost_column(table: Table, result: PlanResult) -> None:
    total = Text(form.usd(result.bill.total_usd_per_month), style="bold")
    table.add_column("USD/month", total, justify="right", no_wrap=True)


def sources(plans: Sequence[PlanResult]) -> list[str]:
    """Return where the prices of bills were read, and when; a sentence each."""
    found: dict[str, dict[str, None]] = {}
    for plan in plans:
        for line in plan.bill.lines:
            found.setdefault(", ".join(filter(None, (line.source, line.date))), {})[line.item] = None
    return [f"{', '.join(items)}: {source}" for source, items in found.items()]
