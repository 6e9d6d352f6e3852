"""Tables for a terminal of 80 columns, or of fewer: the comparison, the bills, the recommendation.

Plan names are never read as markup. Data frames are in `frames`, so that the command line need not import pandas.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from rich import box
from rich.console import Console, ConsoleOptions, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from simulator.core.selection import Standing
from simulator.core.units import write_share
from simulator.report import format as form
from simulator.report.energy_basis import energy_basis
from simulator.report.provenance import provenance
from simulator.studies.comparison import COST, NET_VALUE, VALUE, Comparison, PlanResult
from simulator.studies.consumption import EMISSIONS
from simulator.studies.recommendation import answer, what_would_change
from simulator.studies.saturation import Verdict
from simulator.studies.warnings import warnings_of
from simulator.studies.words import of_chance

WIDTH = 80
WIDE_BILL = 64
"""From so many columns on, a bill has a column for each of its parts."""
NARROWEST_COLUMN = 9
"""Of a plan in the comparison; as many plans stand side by side as have so much."""
PLANS_PER_TABLE = 6
LABEL_WIDTH = 16
WIDEST_COLUMN = 18
NAME_LINES = 4
LEADING = frozenset(
    {
        *("rank", "  choice", "bounds", "load", "cost per month", "net of cost", "spent on unread", "never read"),
        *("age mean", "age p95", "stale", "latency p50", "latency p99"),
    }
)
"""The rows that are shown first where there is little room."""
BEST = "bold green"
BAD = "bold red"


@dataclass(frozen=True)
class _Row:
    label: str
    cell: Callable[[Comparison, PlanResult], str]
    metric: str = ""
    """What it shows, where that is a metric alone."""


def _metric(label: str, metric: str) -> _Row:
    def cell(_: Comparison, result: PlanResult) -> str:
        found = result.metrics.get(metric)
        return form.NOTHING if found is None else form.metric_text(metric, found.mean)

    return _Row(label, cell, metric)


def _rank(comparison: Comparison, result: PlanResult) -> str:
    return f"{comparison.ranking.index(result.name) + 1}"


def _net_within(comparison: Comparison, result: PlanResult) -> str:
    return form.usd_within(result.metrics[NET_VALUE]) if comparison.weighs_value else ""


def _apart(comparison: Comparison, result: PlanResult) -> str:
    """Return how far a plan is above rank 1 in what decides."""
    return "" if result.name == comparison.ranking[0] else form.signed_usd(comparison.gap(result.name).mean)


def _apart_within(comparison: Comparison, result: PlanResult) -> str:
    """Return how far chance alone may have moved that, all plans that are chosen from considered."""
    against = comparison.selection.against
    if result.name not in against:
        return ""
    gap = comparison.gap(result.name)
    return "± <$0.01" if gap.half_width < form.LEAST_CENTS_USD and gap.mean else form.usd_within(gap)


def _choice(comparison: Comparison, result: PlanResult) -> str:
    """Return how a plan stands in the choice, and about how many more replications it takes to know."""
    selection = comparison.selection
    if result.name not in selection.against:
        return "best" if result.name == selection.best and selection.against else ""
    against = selection.against[result.name]
    if against.standing is not Standing.UNDECIDED:
        return against.standing
    return "?" if against.more is None else f"? +{against.more:,}"


def _pairing(comparison: Comparison, result: PlanResult) -> str:
    """Return as good as how many times the replications a difference is because it is paired."""
    times = comparison.pairing(result.name, comparison.ranking[0], comparison.judged_by)
    return f"{float(f'{times:.2g}'):,.{0 if times >= 10 else 1}f} x" if math.isfinite(times) and times else ""  # noqa: PLR2004


def _where(judged_by: str, rows: Sequence[tuple[str, Callable[[Comparison, PlanResult], str]]]) -> tuple[_Row, ...]:
    """Return rows for comparisons that are judged by a metric."""

    def cell(of: Callable[[Comparison, PlanResult], str]) -> Callable[[Comparison, PlanResult], str]:
        return lambda comparison, result: of(comparison, result) if comparison.judged_by == judged_by else ""

    return tuple(_Row(label, cell(of)) for label, of in rows)


def _stated_range(_: Comparison, result: PlanResult) -> str:
    found = result.metrics.get(EMISSIONS)
    return form.NOTHING if found is None else form.stated_range(found.low, found.high)


def _verdict(_: Comparison, result: PlanResult) -> str:
    if result.violations:
        unsure = all(violation.metric in result.unsure_bounds for violation in result.violations)
        return f"breaks {len(result.violations)}{'?' if unsure else ''}"
    return "undecided" if result.unsure_bounds else "met"


def _saturation(_: Comparison, result: PlanResult) -> str:
    return _SATURATIONS[result.saturation.verdict]


_SATURATIONS = {Verdict.STABLE: "stable", Verdict.BACKLOGGED: "backlog", Verdict.OVERLOADED: "overload"}
"""Short enough for six plans side by side."""

_CHOICE = (("  all at once", _apart_within), ("  choice", _choice), ("  pairing saves", _pairing))
_ROWS: tuple[tuple[_Row, ...], ...] = (
    (
        _Row("rank", _rank),
        _Row("bounds", _verdict),
        _Row("load", _saturation),
        _metric("cost per month", COST),
        _Row("  chance, 95 %", lambda _, result: form.usd_within(result.metrics[COST])),
        *_where(COST, [("  above rank 1", _apart), *_CHOICE]),
        _metric("per 1k requests", "cost_usd_per_1k_requests"),
        _metric("spent on unread", "wasted_usd_per_month"),
        _metric("never read", "wasted_fraction"),
    ),
    (
        _metric("quality mean", "quality_mean"),
        _metric("value per month", VALUE),
        _metric("net of cost", NET_VALUE),
        _Row("  chance, 95 %", _net_within),
        *_where(NET_VALUE, [("  against rank 1", _apart), *_CHOICE]),
    ),
    (
        _metric("precomputed", "coverage"),
        _metric("cached", "cache_hit_ratio"),
        _metric("computed live", "computed_fraction"),
        _metric("default", "default_fraction"),
    ),
    (
        _metric("age mean", "age_mean_s"),
        _metric("age p95", "age_p95_s"),
        _metric("stale", "stale_fraction"),
    ),
    (
        _metric("latency p50", "latency_p50_s"),
        _metric("latency p99", "latency_p99_s"),
        _metric("wait p99", "wait_p99_s"),
        _metric("waited at all", "waited_fraction"),
        _metric("replicas mean", "replicas_mean"),
        _metric("replicas peak", "replicas_peak"),
    ),
    (
        _metric("CO2e per month", EMISSIONS),
        _Row("  kg, may be", _stated_range),
    ),
)


def comparison_report(comparison: Comparison) -> Iterator[RenderableType]:
    """Yield all that a run prints: the answer, and what would change it."""
    yield from answer_report(comparison)
    yield from changes_report(comparison)


def answer_report(comparison: Comparison) -> Iterator[RenderableType]:
    """Yield what is known as soon as all is simulated: the comparison, the bills, the warnings, the recommendation."""
    yield comparison_panel(comparison)
    for name in comparison.ranking:
        yield bill_panel(comparison.plans[name])
    yield from sources(comparison)
    yield from notes(comparison)


def comparison_panel(comparison: Comparison) -> RenderableType:
    """Return the plans side by side, in the scenario's order; those that have no room in tables below each other."""
    names = list(comparison.plans)

    def tables(width: int) -> Iterator[RenderableType]:
        room = max((width - LABEL_WIDTH - 1) // (NARROWEST_COLUMN + 1), 1)
        each = min(PLANS_PER_TABLE, room)
        for start in range(0, len(names), each):
            yield _comparison_table(comparison, names[start : start + each], width)

    return Group(
        Text(form.one_line(comparison.scenario.name), style="bold"),
        Text(" · ".join(provenance(comparison)[1:]), style="dim"),
        Fitted(tables),
        *([Text(_chance_note(comparison), style="dim")] if comparison.replications > 1 else []),
    )


def _chance_note(comparison: Comparison) -> str:
    """Return what the intervals of the table are, and what they are not."""
    note, selection = f"± is {of_chance()}, without what is unknown of the inputs", comparison.selection
    if not selection.against:
        return f"{note}."
    return (
        f"{note}; 'all at once' is {write_share(selection.confidence)} for all plans together. '? +9' is not decided; "
        "nine more replications may do it. 'pairing saves' is how many times the replications it would take if plans "
        "did not see the same requests."
    )


@dataclass(frozen=True)
class Fitted:
    """What is laid out for the width that there is."""

    lay_out: Callable[[int], Iterable[RenderableType]]
    """Takes the width."""

    def __rich_console__(self, _: Console, options: ConsoleOptions) -> Iterator[RenderableType]:
        """Yield it for a console."""
        yield from self.lay_out(min(options.max_width, WIDTH))


def notes(comparison: Comparison) -> Iterator[RenderableType]:
    """Yield the warnings and the recommendation, a sentence a line."""
    if any(EMISSIONS in result.metrics for result in comparison.plans.values()):
        yield Text(energy_basis(comparison.book), style="dim")
    yield from warned(comparison)
    yield from sentences("Recommendation", answer(comparison))


def changes_report(comparison: Comparison) -> Iterator[RenderableType]:
    """Yield what would change the recommendation, a sentence a line."""
    yield from sentences("What would change it", what_would_change(comparison))


def sentences(title: str, said: Sequence[str]) -> Iterator[RenderableType]:
    """Yield sentences below a title, a line each; nothing where there are none."""
    if said:
        yield Text(title, style="bold")
    for sentence in said:
        yield Padding(Text(sentence), (0, 0, 0, 2))


def warned(comparison: Comparison) -> Iterator[RenderableType]:
    """Yield the warnings, a sentence a line."""
    for sentence in warnings_of(comparison):
        yield Text.assemble(("Warning: ", "bold yellow"), sentence)


def bill_panel(result: PlanResult) -> RenderableType:
    """Return a plan's bill: every line's quantity, price and cost per 30-day month, and how prices came about.

    Where there is little room, what is paid for stands below the item, so that the cost is never cut off.
    """
    terms = [Text(f"{line.item}: {line.terms}", style="dim") for line in result.bill.lines if line.terms]
    table = Fitted(lambda width: [_bill(result, width) if width >= WIDE_BILL else _narrow_bill(result, width)])
    return Group(table, *terms)


def _bill(result: PlanResult, width: int) -> Table:
    table = _bill_table(result, width)
    table.add_column("item", Text("total"), overflow="fold", ratio=1)
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
    table.add_column("item: quantity x price", Text("total"), overflow="fold", ratio=1)
    _add_cost_column(table, result)
    for line in result.bill.lines:
        paid_for = f"{form.count(line.quantity)} {line.unit} x {form.price(line.price_usd)}"
        table.add_row(Text.assemble(f"{line.item}: ", (paid_for, "dim")), Text(form.usd_on_bill(line.usd_per_month)))
    return table


def _bill_table(result: PlanResult, width: int) -> Table:
    return Table(
        title=Text(f"Bill: {form.one_line(result.name)}, per 30-day month", style="bold"),
        title_justify="left",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        show_footer=True,
        width=width,
    )


def _add_cost_column(table: Table, result: PlanResult) -> None:
    total = Text(form.usd(result.bill.total_usd_per_month), style="bold")
    table.add_column("USD/month", total, justify="right", no_wrap=True)


def sources(comparison: Comparison) -> Iterator[RenderableType]:
    """Yield where the prices of all bills were read, and when."""
    found: dict[str, dict[str, None]] = {}
    for plan in comparison.plans.values():
        for line in plan.bill.lines:
            found.setdefault(", ".join(filter(None, (line.source, line.date))), {})[line.item] = None
    yield Text("Prices", style="bold")
    for source, items in found.items():
        yield Padding(Text(f"{', '.join(items)}: {source}", style="dim"), (0, 0, 0, 2))


def _comparison_table(comparison: Comparison, names: Sequence[str], full_width: int) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("", width=LABEL_WIDTH, no_wrap=True)
    width = max(min((full_width - LABEL_WIDTH - 1) // len(names) - 1, WIDEST_COLUMN), 1)
    short = form.short_names(list(comparison.plans), max((width - 1) * NAME_LINES, 2))
    for name in names:
        style = BEST if name == comparison.recommended else ""
        table.add_column(Text(short[name], style=style), justify="right", width=width, overflow="fold")
    for section in _ROWS:
        for row in section:
            _add_row(table, comparison, names, row)
        table.add_section()
    return table


def leading_rows(comparison: Comparison) -> dict[str, dict[str, str]]:
    """Return what decides, as people read it: by row, then by plan, without rows that say nothing."""
    chosen = [row for section in _ROWS for row in section if row.label in LEADING]
    rows = {row.label: {name: row.cell(comparison, plan) for name, plan in comparison.plans.items()} for row in chosen}
    return {label: cells for label, cells in rows.items() if set(cells.values()) - {"", form.NOTHING}}


@dataclass(frozen=True)
class Row:
    """A row of the comparison, as people read it."""

    label: str
    metric: str
    """What it shows, by the name that JSON has for it; empty where that is more than a metric's mean."""
    cells: Mapping[str, str]
    """By plan."""


def comparison_rows(comparison: Comparison) -> Iterator[tuple[Row, ...]]:
    """Yield the rows of the comparison, group by group, without those that say nothing."""
    for section in _ROWS:
        rows = [
            Row(
                row.label.strip(),
                row.metric,
                {name: row.cell(comparison, plan) for name, plan in comparison.plans.items()},
            )
            for row in section
        ]
        told = tuple(row for row in rows if set(row.cells.values()) - {"", form.NOTHING})
        if told:
            yield told


def _add_row(table: Table, comparison: Comparison, names: Sequence[str], row: _Row) -> None:
    cells = {name: row.cell(comparison, comparison.plans[name]) for name in names}
    if all(cell in ("", form.NOTHING) for cell in cells.values()):
        return
    table.add_row(Text(row.label), *(Text(cell, style=_style(comparison, name, row)) for name, cell in cells.items()))


def _style(comparison: Comparison, name: str, row: _Row) -> str:
    if row.cell is _verdict and not comparison.plans[name].meets_slo:
        return BAD
    if row.cell is _saturation and comparison.plans[name].saturation.verdict is Verdict.OVERLOADED:
        return BAD
    return BEST if name == comparison.recommended and row.label in {"rank", "cost per month", "net of cost"} else ""
