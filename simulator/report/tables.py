"""The plans side by side, for a terminal of any width.

Plan names are never read as markup. Data frames are in `frames`, so that the command line need not import pandas.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from rich import box
from rich.cells import cell_len
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from simulator.core.selection import Standing
from simulator.core.units import write_share
from simulator.report import format as form
from simulator.report.layout import ANY_WIDTH, Fitted, said
from simulator.report.names import heads
from simulator.report.provenance import provenance
from simulator.studies.comparison import COST, NET_VALUE, VALUE, Comparison, PlanResult
from simulator.studies.consumption import EMISSIONS
from simulator.studies.saturation import Verdict
from simulator.studies.words import of_chance

WIDTH = 80
NARROWEST_COLUMN = 9
"""Of a plan in the comparison; as many plans stand side by side as have so much."""
LABEL_WIDTH = 16
NAME_LINES = 4
SHORT_NAME_LINES = 3
TITLE_LINES = 2
CHANCE = "  chance, 95 %"
LEADING = frozenset(
    {
        *("rank", "  choice", "bounds", "load", "cost per month", "net of cost", "spent on unread", "never read"),
        *("age mean", "age p95", "stale", "latency p50", "latency p99"),
    }
)
"""The rows that are shown first where there is little room."""
SHORT = frozenset(
    {
        *("cost per month", "net of cost", "  above rank 1", "  against rank 1", "  all at once", "  choice"),
        *("spent on unread", "never read", "age mean", "age p95", "latency p99"),
    }
)
"""The rows of an answer that has room on one screen."""
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
        _Row(CHANCE, lambda _, result: form.usd_within(result.metrics[COST])),
        *_where(COST, [("  above rank 1", _apart), *_CHOICE]),
        _metric("per 1k requests", "cost_usd_per_1k_requests"),
        _metric("spent on unread", "wasted_usd_per_month"),
        _metric("never read", "wasted_fraction"),
    ),
    (
        _metric("quality mean", "quality_mean"),
        _metric("value per month", VALUE),
        _metric("net of cost", NET_VALUE),
        _Row(CHANCE, _net_within),
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


def comparison_panel(comparison: Comparison, *, full: bool = True) -> RenderableType:
    """Return the plans side by side, best first; those that have no room stand in tables below each other.

    Parameters
    ----------
    comparison
        What is shown.
    full
        Whether all rows are shown, or those that decide.
    """
    title, about = form.one_line(comparison.scenario.name), " · ".join(provenance(comparison)[1:])
    return Group(
        Fitted(lambda width: [Text(heads([title], width, TITLE_LINES)[title], style="bold"), said(about, style="dim")]),
        Fitted(lambda width: _comparison_tables(comparison, width, full=full), ANY_WIDTH),
        *([said(chance_note(comparison, full=full), style="dim")] if comparison.replications > 1 else []),
    )


def chance_note(comparison: Comparison, *, full: bool) -> str:
    """Return what the intervals of the table are, and what they are not."""
    note, selection = f"± is {of_chance()}, without what is unknown of the inputs", comparison.selection
    if not selection.against:
        return f"{note}."
    if full:
        note += (
            f"; 'all at once' is {write_share(selection.confidence)} for all plans together. 'pairing saves' is how "
            "many times the replications it would take if plans did not see the same requests"
        )
    if selection.as_good:
        note += f"; 'as good' is within {write_share(selection.indifference_fraction)} of the cost"
    if any(each.more for each in selection.against.values()):
        note += ". '? +9' is not decided; nine more replications may do it"
    return f"{note}."


def _comparison_tables(comparison: Comparison, width: int, *, full: bool) -> Iterator[RenderableType]:
    """Yield as many tables as it takes, about as many plans in each, whose cells have room for every number."""
    sections = _ROWS if full else ([row for section in _ROWS for row in section if _is_short(comparison, row)],)
    texts = {
        (row.label, name): row.cell(comparison, plan)
        for section in sections
        for row in section
        for name, plan in comparison.plans.items()
    }
    room = width - LABEL_WIDTH
    least = max(NARROWEST_COLUMN, *map(cell_len, texts.values())) + 1
    tables = math.ceil(len(comparison.plans) / max(room // least, 1))
    each = math.ceil(len(comparison.plans) / tables)
    longest = max(cell_len(form.one_line(name)) for name in comparison.plans)
    column = max(min(room // each - 1, max(longest, least)), 1)
    head = heads(list(comparison.plans), column, NAME_LINES if full else SHORT_NAME_LINES)
    for first in range(0, len(comparison.plans), each):
        yield Text()
        yield _comparison_table(comparison, comparison.ranking[first : first + each], sections, head, column)


def _is_short(comparison: Comparison, row: _Row) -> bool:
    """Return whether a row is one of those that decide, and says something here."""
    plans = comparison.plans.values()
    if row.cell is _saturation:
        return any(plan.saturation.verdict is not Verdict.STABLE for plan in plans)
    if row.cell is _verdict:
        return any(plan.slo or plan.violations for plan in plans)
    return row.label in SHORT or (row.label == CHANCE and len(plans) == 1)


def _comparison_table(
    comparison: Comparison,
    names: Sequence[str],
    sections: Sequence[Sequence[_Row]],
    head: Mapping[str, str],
    column: int,
) -> Table:
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, padding=0)  # what divides columns is a blank
    table.add_column("", width=LABEL_WIDTH, no_wrap=True)
    for name in names:
        style = BEST if name == comparison.recommended else ""
        table.add_column(Text(head[name], style=style), justify="right", width=column)
    for section in sections:
        for row in section:
            _add_row(table, comparison, names, row)
        if len(_ROWS) == len(sections):
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
    return _told(comparison, lambda _: True)


def short_rows(comparison: Comparison) -> Iterator[tuple[Row, ...]]:
    """Yield those of them that decide."""
    return _told(comparison, lambda row: _is_short(comparison, row))


def _told(comparison: Comparison, is_shown: Callable[[_Row], bool]) -> Iterator[tuple[Row, ...]]:
    for section in _ROWS:
        rows = [
            Row(
                row.label.strip(),
                row.metric,
                {name: row.cell(comparison, plan) for name, plan in comparison.plans.items()},
            )
            for row in section
            if is_shown(row)
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
