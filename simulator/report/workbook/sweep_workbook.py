"""A sweep's workbook: what it found, its points as tables to filter, and a native chart."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from simulator.prices.bill import find_prices
from simulator.prices.detail import price_text
from simulator.prices.price import Price
from simulator.report import format as form
from simulator.report.brief import STATED, Assumption
from simulator.report.metric_order import metrics_of_all
from simulator.report.plan_styles import MARKERS, MOST_PLANS, styles_of
from simulator.report.provenance import provenance_of
from simulator.report.scenario_lines import stated_lines
from simulator.report.sweep_tables import plans_with_room
from simulator.report.sweep_words import finding
from simulator.report.workbook.assumptions import write_table
from simulator.report.workbook.comparison import number_format, unit_text
from simulator.report.workbook.native_chart import Look, place
from simulator.report.workbook.spreadsheet import COUNT, USD, Sheet, Spreadsheet
from simulator.studies.comparison import COST
from simulator.studies.factors import Factor
from simulator.studies.sweep import Point, Sweep
from simulator.studies.words import of_chance

HEAD_ROW = 3
"""Of tables."""
FIRST = HEAD_ROW + 1
WIDEST = 8
"""Columns of the summary."""
_MARKS = (
    "USD. Green: the best plan that meets every bound. Red: breaks a bound, or is overloaded. Keys that are numbers "
    "are in s, USD, GiB or shares."
)
NOT_LIVE = (
    "The numbers of this workbook are those of the sweep, and no formulas: to change a price use 'predcost reprice' on "
    "the sweep, or the workbook of a single run, whose bills are reckoned anew."
)


def write_sweep_workbook(sweep: Sweep, path: Path) -> None:
    """Write the workbook of a sweep.

    Parameters
    ----------
    sweep, path
        What is written, and where to; what is there is replaced.
    """
    with Spreadsheet(path, form.one_line(sweep.scenario.name)) as book:
        summary, table = book.sheet("Summary"), book.sheet("By plan")
        best = book.sheet("Best plan") if len(sweep.factors) > 1 else None
        points, assumptions = book.sheet("Points"), book.sheet("Assumptions")
        _write_summary(summary, sweep)
        by_plan = _ByPlan(table, sweep)
        by_plan.write()
        if best is not None:
            _write_map(best, sweep)
        _write_points(points, sweep)
        write_table(
            assumptions, list(_assumptions(sweep)), "Every price that is used, and every value before the sweep."
        )


def _write_summary(sheet: Sheet, sweep: Sweep) -> None:
    sheet.widths(*[18.0] * WIDEST)
    keys = [factor.key for factor in sweep.factors]
    book = sweep.points[0].comparison.book.name
    sheet.text(0, 0, form.one_line(sweep.scenario.name), "title")
    told = provenance_of(sweep.scenario, sweep.points[0].comparison.replications, book, ("name", *keys))
    sheet.text(1, 0, " · ".join(told), "subtitle")
    sentences = [(f"Which plan is best over {form.listed(keys)}?", "lead"), (f"{finding(sweep)}.", "answer")]
    if len(sweep.points) < sweep.grid_points:
        some = f"{len(sweep.points):,} of {sweep.grid_points:,} points were simulated, most at borders between winners."
        sentences.append((some, "wrapped"))
    if sweep.points[0].comparison.replications > 1:
        sentences.append((f"Low and high are {of_chance()}, without what is unknown of the inputs.", "quiet"))
    sentences.append((NOT_LIVE, "quiet"))
    for row, (text, look) in enumerate(sentences, 2):
        sheet.paragraph(row, text, look, WIDEST - 1)
    row = 3 + len(sentences)
    sheet.heads(row, ("plan", "points at which it is best"), left=1)
    for place_, (plan, count) in enumerate(sweep.winners.items(), row + 1):
        sheet.text(place_, 0, "no plan meets every bound" if plan is None else form.one_line(plan), "wrapped")
        sheet.number(place_, 1, count, COUNT)
    sheet.freeze(2)


def _key_heads(sweep: Sweep) -> list[str]:
    return [factor.key for factor in sweep.factors]


def _write_keys(sheet: Sheet, row: int, sweep: Sweep, point: Point) -> None:
    """Write the values of the keys as the scenario states them, and as numbers where they are."""
    for column, level in enumerate(point.levels):
        sheet.text(row, column, level.text)
    for column, (factor, level) in enumerate(zip(sweep.factors, point.levels, strict=True), len(point.levels)):
        if factor.is_number:
            sheet.number(row, column, level.number, "General")
        else:
            sheet.text(row, column, level.text)


def _key_format(factor: Factor) -> str:
    """Return how an axis writes the values of a key."""
    return "0.##%" if all(level.text.endswith("%") for level in factor.levels) else "General"


def _judged(sweep: Sweep) -> str:
    return form.capital(form.metric_label(sweep.judged_by))


@dataclass(frozen=True)
class _ByPlan:
    """The sheet with a row for each point and a column for each plan."""

    sheet: Sheet
    sweep: Sweep

    @property
    def _left(self) -> int:
        """The first column of a plan."""
        return 2 * len(self.sweep.factors)

    def write(self) -> None:
        """Write what decides at each point, the best plan marked, and a chart below."""
        sweep, sheet = self.sweep, self.sheet
        names = [form.one_line(plan) for plan in sweep.plans]
        sheet.widths(*[22.0] * len(sweep.factors), *[20.0] * len(sweep.factors), *[18.0] * len(names), 26, 20)
        sheet.text(0, 0, f"{_judged(sweep)} by plan", "title")
        sheet.text(1, 0, _MARKS, "subtitle")
        numbers = [f"{key} as a number" for key in _key_heads(sweep)]
        heads = [*_key_heads(sweep), *numbers, *names, "best plan", "told from chance"]
        ends = (len(heads) - 2, len(heads) - 1)
        sheet.heads(HEAD_ROW, heads, left=len(sweep.factors), texts_at=ends)
        for row, point in enumerate(sweep.points, FIRST):
            self._row(row, point)
        last = FIRST + len(sweep.points) - 1
        sheet.made.autofilter(HEAD_ROW, 0, last, len(heads) - 1)
        sheet.freeze(FIRST, len(sweep.factors))
        if len(sweep.factors) == 1:
            self._chart(last)

    def _row(self, row: int, point: Point) -> None:
        _write_keys(self.sheet, row, self.sweep, point)
        for column, plan in enumerate(self.sweep.plans, self._left):
            found = point.comparison.plans[plan]
            is_bad = not found.meets_slo or found.is_overloaded
            look = "best" if plan == point.recommended else "bad" if is_bad else "number"
            self.sheet.number(row, column, found.metrics[self.sweep.judged_by].mean, USD, look)
        end = self._left + len(self.sweep.plans)
        best = "none meets every bound" if point.recommended is None else form.one_line(point.recommended)
        self.sheet.text(row, end, best, "after_number")
        self.sheet.text(row, end + 1, "yes" if point.is_decided else "no", "after_number")

    def _chart(self, last: int) -> None:
        """Draw a line for each plan along the key."""
        factor, drawn = self.sweep.factors[0], plans_with_room(self.sweep, MOST_PLANS)
        kind = ("scatter", "straight_with_markers") if factor.is_number else ("line", "")
        chart, styles = self.sheet.book.chart(*kind), styles_of(self.sweep.plans)
        for column, plan in enumerate(self.sweep.plans, self._left):
            if plan in drawn:
                colour = styles[plan].colour
                marker = {"type": _MARKERS[styles[plan].marker], "size": 7, "fill": {"color": colour}}
                line = {"color": colour, "width": 2.25}
                chart.add_series({**self._series(column, last), "line": line, "marker": {**marker, "border": line}})
        described = f"A line for each plan: {_judged(self.sweep).lower()} along {factor.key}."
        written, is_cost = _key_format(factor), self.sweep.judged_by == COST
        said = (finding(self.sweep), "USD", described, "$#,##0")
        look = Look(*said, from_zero=is_cost, along=factor.key, along_number=written)
        place(self.sheet, chart, look, last + 2, 0)

    def _series(self, column: int, last: int) -> dict[str, Any]:
        sheet, keys = self.sheet, 1 if self.sweep.factors[0].is_number else 0
        return {
            "name": f"={sheet.address(HEAD_ROW, column)}",
            "categories": f"={sheet.span((FIRST, keys), (last, keys))}",
            "values": f"={sheet.span((FIRST, column), (last, column))}",
        }


_KINDS = [
    "circle",
    "square",
    "triangle",
    "diamond",
    "short_dash",
    "plus",
    "x",
    "star",
    "long_dash",
    "circle",
    "square",
    "triangle",
]
_MARKERS = dict(zip(MARKERS, _KINDS, strict=True))
"""Matplotlib's marks as spreadsheets have them."""


def _write_map(sheet: Sheet, sweep: Sweep) -> None:
    """Write which plan is best over two keys, and what decides there, one below the other."""
    first, second = sweep.factors
    found = {point.place: point for point in sweep.points}
    sheet.widths(26, *[20.0] * len(second.levels))
    sheet.text(0, 0, "Best plan", "title")
    sheet.text(1, 0, f"Rows: {first.key}; columns: {second.key}; empty where nothing was simulated.", "subtitle")
    row = HEAD_ROW
    for what in ("best plan", f"{_judged(sweep)} of the best plan, USD"):
        sheet.heads(row, [what, *(level.text for level in second.levels)], left=1)
        for down, level in enumerate(first.levels, 1):
            sheet.text(row + down, 0, level.text, "strong")
            for across in range(len(second.levels)):
                point = found.get((down - 1, across))
                if point is not None:
                    _write_best(sheet, row + down, across + 1, point, as_name=what == "best plan")
        row += len(first.levels) + 2
    sheet.freeze(HEAD_ROW + 1, 1)
    _map_chart(sheet, sweep, row - len(first.levels) - 2, row)


def _write_best(sheet: Sheet, row: int, column: int, point: Point, *, as_name: bool) -> None:
    plan = point.recommended
    if as_name:
        sheet.text(row, column, "none meets every bound" if plan is None else form.one_line(plan), "right")
    elif plan is not None:
        sheet.number(row, column, point.comparison.plans[plan].metrics[point.comparison.judged_by].mean, USD)


def _map_chart(sheet: Sheet, sweep: Sweep, heads: int, row: int) -> None:
    """Draw what the best plan costs along the first key, a line for each value of the second."""
    first, second = sweep.factors
    chart = sheet.book.chart("line")
    for column in range(1, 1 + min(len(second.levels), MOST_PLANS)):
        ends = (heads + 1, heads + len(first.levels))
        chart.add_series(
            {
                "name": f"={sheet.address(heads, column)}",
                "categories": f"={sheet.span((ends[0], 0), (ends[1], 0))}",
                "values": f"={sheet.span((ends[0], column), (ends[1], column))}",
                "marker": {"type": "circle"},
            }
        )
    title = f"{_judged(sweep)} of the best plan; lines: {second.key}"
    look = Look(
        title,
        "USD",
        f"A line for each value of {second.key}.",
        "$#,##0",
        along=first.key,
        from_zero=sweep.judged_by == COST,
    )
    place(sheet, chart, look, row, 0)


def _write_points(sheet: Sheet, sweep: Sweep) -> None:
    """Write a row for each point and plan, with the means of all metrics, to filter and pivot."""
    metrics = _metrics(sweep)
    heads = [
        *_key_heads(sweep),
        *(f"{key} as a number" for key in _key_heads(sweep)),
        "plan",
        "best",
        "meets every bound",
    ]
    left = len(heads)
    sheet.widths(*[22.0] * len(sweep.factors), *[20.0] * len(sweep.factors), 26, 8, 12)
    sheet.columns(left, 2 + len(metrics), 16)
    sheet.text(0, 0, "Points", "title")
    sheet.text(
        1, 0, "A row for each point and plan; means over replications, and the interval of what decides.", "subtitle"
    )
    units = [", ".join(filter(None, (form.metric_label(metric), unit_text(metric)))) for metric in metrics]
    sheet.heads(
        HEAD_ROW,
        [*heads, *units[:1], "low", "high", *units[1:]],
        left=len(sweep.factors),
        texts_at=range(left - 3, left),
    )
    row = FIRST
    for point in sweep.points:
        for plan in sweep.plans:
            _write_point(sheet, row, left, sweep, point, plan, metrics)
            row += 1
    sheet.made.autofilter(HEAD_ROW, 0, row - 1, left + 1 + len(metrics))
    sheet.freeze(FIRST, len(sweep.factors))


def _metrics(sweep: Sweep) -> list[str]:
    """Return all metrics of all points, what decides first."""
    found = {sweep.judged_by: None}
    for point in sweep.points:
        found |= dict.fromkeys(metrics_of_all(point.comparison))
    return list(found)


def _write_point(
    sheet: Sheet, row: int, left: int, sweep: Sweep, point: Point, plan: str, metrics: Sequence[str]
) -> None:
    _write_keys(sheet, row, sweep, point)
    result = point.comparison.plans[plan]
    told = (form.one_line(plan), _yes(plan == point.recommended), _yes(result.meets_slo))
    for column, text in enumerate(told, left - 3):
        sheet.text(row, column, text, "after_number")
    first, *others = (result.metrics.get(metric) for metric in metrics)
    assert first is not None
    for column, value in enumerate((first.mean, first.low, first.high), left):
        sheet.number(row, column, value, USD)
    for column, (metric, found) in enumerate(zip(metrics[1:], others, strict=True), left + 3):
        if found is not None:
            sheet.number(row, column, found.mean, number_format(metric))


def _yes(told: bool) -> str:  # noqa: FBT001  (what is told)
    return "yes" if told else "no"


def _assumptions(sweep: Sweep) -> Iterator[Assumption]:
    """Yield every price that a point used, as it is listed, and every value of the scenario."""
    prices: dict[Price, None] = {}
    for point in sweep.points:
        for plan in point.comparison.plans.values():
            prices |= dict.fromkeys(each.listed for each in find_prices(plan.bill.usages, point.comparison.book))
    for price in prices:
        many = "" if price.per == 1 else f"{price.per:,.10g} "
        yield Assumption(price.meter, f"{price_text(price)} per {many}{price.unit}", price.source, price.date)
    for key, value in stated_lines(sweep.scenario):
        yield Assumption(key, value, STATED, "")
