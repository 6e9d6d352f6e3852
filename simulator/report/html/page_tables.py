"""Tables of a page: rows of cells that can be sorted by the numbers behind them."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from simulator.core.estimate import Estimate
from simulator.report import format as form
from simulator.report.brief import Assumption, Brief
from simulator.report.plan_styles import PlanStyle, plan_styles
from simulator.report.tables import Row
from simulator.studies.comparison import COST, NET_VALUE, VALUE
from simulator.studies.planner.beside import Apart

TITLES = {
    COST: "Rank, cost and choice",
    "quality_mean": "Quality and value",
    VALUE: "Quality and value",
    "coverage": "Where answers come from",
    "cache_hit_ratio": "Where answers come from",
    "computed_fraction": "Where answers come from",
    "default_fraction": "Where answers come from",
    "age_mean_s": "How old answers are",
    "latency_p50_s": "How late answers are, and what computes them",
    "kg_co2e_per_month": "Emissions",
}
"""Of groups of the comparison, by a metric that is in each."""
OF_INTERVALS = (COST, NET_VALUE, "age_mean_s", "latency_p99_s", "wasted_fraction")
SORTED_BY_TEXT = frozenset({"bounds", "load", "choice"})
"""Rows of the comparison that show no metric, and by whose words plans can be sorted."""
RANK = "rank"


@dataclass(frozen=True)
class Column:
    """What stands below one heading."""

    label: str
    is_number: bool = True
    is_sortable: bool = True


@dataclass(frozen=True)
class Cell:
    """A text, and the number that it is sorted by."""

    text: str
    number: float | None = None
    classes: str = "number"
    key: str = ""
    """What a page that bills anew calls it; empty where no price changes it."""


@dataclass(frozen=True)
class TableRow:
    """A row, its name first."""

    cells: tuple[Cell, ...]
    plan: int | None = None
    """The plan's place in the scenario."""
    look: PlanStyle | None = None
    """The plan's, in every picture too."""
    is_best: bool = False


@dataclass(frozen=True)
class Table:
    """A table of a page; its first column names the rows."""

    id: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[TableRow, ...]


def comparison_tables(brief: Brief) -> Iterator[Table]:
    """Yield the comparison, a table for each group of rows: a line for each plan, the first of the ranking first."""
    for number, rows in enumerate(brief.rows):
        keys = list(_keys(rows))
        columns = (
            Column("plan", is_number=False),
            *(
                Column(row.label, bool(row.metric) or row.label == RANK or not _is_word(row), _sorts(row))
                for row in rows
            ),
        )
        lines = (
            _plan_row(brief, name, [_cell(brief, row, key, name) for row, key in zip(rows, keys, strict=True)])
            for name in brief.comparison.ranking
        )
        title = next((TITLES[row.metric] for row in rows if row.metric in TITLES), "More")
        yield Table(f"comparison-{number + 1}", title, columns, tuple(lines))


def _is_word(row: Row) -> bool:
    return row.label in SORTED_BY_TEXT


def _sorts(row: Row) -> bool:
    return bool(row.metric) or row.label == RANK or _is_word(row)


def _keys(rows: Sequence[Row]) -> Iterator[str]:
    """Yield what a page calls the cells of rows: the metric, and of others the metric above and the label."""
    above = ""
    for row in rows:
        above = row.metric or above
        yield row.metric or (f"{above}/{row.label}" if above else row.label)


def _plan_row(brief: Brief, name: str, cells: Sequence[Cell]) -> TableRow:
    comparison = brief.comparison
    return TableRow(
        (Cell(brief.plan_names[name], None, ""), *cells),
        list(comparison.plans).index(name),
        plan_styles(comparison)[name],
        name == comparison.recommended,
    )


def _cell(brief: Brief, row: Row, key: str, name: str) -> Cell:
    number = brief.number(row, name)
    if row.label == RANK:
        number = float(brief.comparison.ranking.index(name) + 1)
    is_bad = row.cells[name].startswith("breaks") or row.cells[name] == "overload"
    classes = " ".join(filter(None, ("word" if _is_word(row) else "number", "bad" if is_bad else "")))
    return Cell(row.cells[name], number, classes, key)


def price_table(prices: Sequence[Assumption]) -> Table:
    """Return every price with where and when it was read."""
    columns = tuple(Column(label, is_number=False) for label in ("price of", "is", "read at", "on"))
    rows = (
        TableRow(
            (
                Cell(each.what, None, ""),
                Cell(each.value),
                Cell(each.source, None, "source"),
                Cell(each.date, None, "source"),
            )
        )
        for each in prices
    )
    return Table("prices-read", "Every price of the bills", columns, tuple(rows))


def interval_table(brief: Brief) -> Table:
    """Return what decides of each plan, with its interval of chance."""
    plans = brief.comparison.plans
    metrics = [metric for metric in OF_INTERVALS if any(metric in plan.metrics for plan in plans.values())]
    columns = (Column("plan", is_number=False), *(Column(form.metric_label(metric)) for metric in metrics))
    rows = (
        _plan_row(brief, name, [_interval(metric, plans[name].metrics.get(metric)) for metric in metrics])
        for name in brief.comparison.ranking
    )
    return Table("intervals", "Means, and how far chance alone may have moved them", columns, tuple(rows))


def _interval(metric: str, found: Estimate | None) -> Cell:
    if found is None:
        return Cell(form.NOTHING)
    mean, low, high = (form.metric_text(metric, value) for value in (found.mean, found.low, found.high))
    is_known = not math.isnan(found.low) and low != high
    return Cell(f"{mean} ({low} to {high})" if is_known else mean, found.mean)


def beside_table(rows: Sequence[Apart], brief: Brief) -> Table:
    """Return closed forms beside the simulation."""
    labels = ("plan", "metric", "simulated", "closed form", "apart")
    columns = tuple(Column(label, is_number=place > 1) for place, label in enumerate(labels))
    lines = (
        TableRow(
            (
                Cell(brief.plan_names[each.plan], None, ""),
                Cell(form.metric_label(each.metric), None, ""),
                Cell(form.metric_text(each.metric, each.simulated.mean), each.simulated.mean),
                Cell(form.metric_text(each.metric, each.estimated.value), each.estimated.value),
                Cell(form.relative_change(each.simulated.mean, each.estimated.value), each.off_fraction),
            ),
            look=plan_styles(brief.comparison)[each.plan],
        )
        for each in rows
    )
    return Table("beside", "Simulated, and by closed form", columns, tuple(lines))
