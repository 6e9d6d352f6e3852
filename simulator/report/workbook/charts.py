"""Native charts of the workbook, drawn from cells below them that follow from the bills."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from simulator.core.units import HOUR_S, MINUTE_S
from simulator.report import format as form
from simulator.report.plan_styles import drawn_plans, styles_of
from simulator.report.workbook import ranking as on
from simulator.report.workbook.bill_sheets import BillSheet
from simulator.report.workbook.formulas import Term, added
from simulator.report.workbook.native_chart import ROWS, Look, place
from simulator.report.workbook.ranking import Ranking
from simulator.report.workbook.replications import Replications
from simulator.report.workbook.spreadsheet import SECONDS, USD, Sheet
from simulator.report.workbook.usage import PlanUsage
from simulator.studies.comparison import COST, Comparison

MOST_ITEMS = 7
"""So many items of bills have a colour of their own."""
NAME_LETTERS = 28
TOP, LEFT, RIGHT = 3, 0, 7
"""Where charts begin: the row, and the columns."""
REST = "all else"
ITEM_PALETTE = ("#332288", "#88CCEE", "#CC6677", "#DDCC77", "#117733", "#882255", "#44AA99", "#999933")
"""Of items, other than those of plans: Paul Tol's muted scheme (https://sronpersonalpages.nl/~pault/), which
colour-blind readers tell apart."""
WIDE_RANGE = 50.0
"""Times of which the longest is so many times the shortest are drawn on a log axis."""
SHADES = ("#56B4E9", "#0072B2", "#1A1A1A")
"""Of the median and the higher percentiles."""
_WHOLE_USD, _WHOLE_FROM_USD = "$#,##0", 100.0
_UNITS = ((2 * HOUR_S, HOUR_S, "h"), (2 * MINUTE_S, MINUTE_S, "min"), (1.0, 1.0, "s"), (0.0, 1e-3, "ms"))


@dataclass(frozen=True)
class Charts:
    """The sheet in the making."""

    sheet: Sheet
    comparison: Comparison
    usage: Mapping[str, PlanUsage]
    bills: Mapping[str, BillSheet]
    replications: Replications
    ranking: Ranking

    def write(self) -> None:
        """Write the charts, and the cells that they are drawn from below."""
        self.sheet.widths(30, *[14.0] * 13)
        self.sheet.text(0, 0, "Charts", "title")
        self.sheet.text(1, 0, "Drawn from the cells below, which follow from the sheet Prices.", "subtitle")
        row = self._costs(TOP + 2 * ROWS)
        row = self._within(row)
        row = self._times(row, "age", "Age at p95", LEFT)
        self._times(row, "latency", "Latency at p95", RIGHT)
        self.sheet.freeze(1)
        self.sheet.pages = 1

    @property
    def _plans(self) -> tuple[str, ...]:
        """The plans that have room, the first of the ranking as simulated first."""
        drawn = drawn_plans(self.comparison)
        return tuple(name for name in self.comparison.ranking if name in drawn)

    @property
    def _usd(self) -> str:
        """How charts write money: with cents where all of it is little."""
        most_usd = max(plan.cost_usd_per_month for plan in self.comparison.plans.values())
        return _WHOLE_USD if most_usd >= _WHOLE_FROM_USD else USD

    @property
    def _short(self) -> Mapping[str, str]:
        return form.short_names(list(self.comparison.plans), NAME_LETTERS)

    def _costs(self, row: int) -> int:
        """Draw what each plan costs, item by item, and return the row behind its cells."""
        items = self._items()
        self._table_heads(row, "USD a month, by item of the bill", [*items, "total"])
        first = row + 2
        for number, name in enumerate(self._plans):
            self.sheet.text(first + number, 0, self._short[name])
            costs = enumerate(self._costs_of(name, items), 1)
            cells = [self.sheet.formula(first + number, column, each, USD) for column, each in costs]
            self.sheet.formula(first + number, 1 + len(items), added(cells), USD)
        chart = self.sheet.book.chart("bar", "stacked")
        for number in range(len(items)):
            fill = {"color": ITEM_PALETTE[number]}
            chart.add_series({**self._series(row + 1, 1 + number, len(self._plans)), "fill": fill, "gap": 60})
        described = "A bar for each plan, stacked by the items of its bill, the first of the ranking on top."
        look = Look("Cost of each plan by item of its bill", "USD per 30-day month", described, self._usd)
        place(self.sheet, chart, look, TOP, LEFT)
        return first + len(self._plans) + 1

    def _items(self) -> list[str]:
        """Return the items of all bills, the dearest first; the cheapest together where there are many."""
        totals = dict.fromkeys(self._unused, 0.0)
        for plan in self.comparison.plans.values():
            for line in plan.bill.lines:
                totals[line.item] = totals.get(line.item, 0.0) + line.usd_per_month
        items = sorted(totals, key=lambda item: -totals[item])
        return items if len(items) <= MOST_ITEMS + 1 else [*items[:MOST_ITEMS], REST]

    @property
    def _unused(self) -> list[str]:
        return [f"unused {each.name}" for each in self.comparison.book.commitments]

    def _costs_of(self, name: str, items: Sequence[str]) -> list[Term]:
        """Return what each item costs a plan."""
        found: dict[str, list[Term]] = {item: [] for item in items}
        bill = self.bills[name].bill
        lines = [each.usage.item for each in self.usage[name].priced]
        for item, cost in zip([*lines, *self._unused], [*bill.costs, *bill.unused], strict=True):
            found[item if item in found else REST].append(cost)
        return [added(costs) for costs in found.values()]

    def _within(self, row: int) -> int:
        """Draw what each plan costs with its interval."""
        self._table_heads(row, "Cost a month, mean of the bills of all replications", ["mean", "less", "more"])
        first, last = row + 2, row + 1 + len(self._plans)
        for number, name in enumerate(self._plans, first):
            found = self.replications.metrics[name][COST]
            self.sheet.text(number, 0, self._short[name])
            self.sheet.formula(number, 1, found.mean, USD)
            if found.low is not None and found.high is not None:
                self.sheet.formula(number, 2, found.mean - found.low, USD)
                self.sheet.formula(number, 3, found.high - found.mean, USD)
        less, more = (f"={self.sheet.span((first, column), (last, column))}" for column in (2, 3))
        bars = {"y_error_bars": {"type": "custom", "minus_values": less, "plus_values": more}}
        styles = styles_of(self.comparison.plans)
        series = {
            **self._series(row + 1, 1, len(self._plans)),
            "points": [{"fill": {"color": styles[name].colour}} for name in self._plans],
            "data_labels": {"value": True, "num_format": self._usd, "position": "outside_end"},
            "gap": 60,
        }
        chart = self.sheet.book.chart("bar")
        chart.add_series({**series, **(bars if self.comparison.replications > 1 else {})})
        unit = "USD per 30-day month" + ("; whiskers: 95 % of chance alone" if self.comparison.replications > 1 else "")
        described = "A bar for each plan's cost, with its interval, the first of the ranking as simulated on top."
        look = Look(self._title(row), unit, described, self._usd, has_legend=False, is_in_cell=True)
        place(self.sheet, chart, look, TOP, RIGHT)
        return last + 2

    def _title(self, row: int) -> str:
        """Write what the chart of costs says, which plan is the first at the prices of now; return its cell."""
        said, first = "First of the ranking: ", self.ranking.text_at(1, on.NAME)
        value = f"{said}{self.ranking.value_at(1, on.NAME)}"
        self.sheet.reckoned(row, 5, f'"{said}"&{first}', value, look="strong")
        return self.sheet.address(row, 5)

    def _times(self, row: int, quantity: str, what: str, column: int) -> int:
        """Draw percentiles of how old answers are, or of how long users wait."""
        metrics = [f"{quantity}_{name}_s" for name in ("p50", "p95", "p99")]
        names = [name for name in self._plans if all(each in self.comparison.plans[name].metrics for each in metrics)]
        if not names:
            return row
        times = {name: [self.comparison.plans[name].metrics[each].mean for each in metrics] for name in names}
        shortest, longest = min(map(min, times.values())), max(map(max, times.values()))
        is_log = 0 < shortest * WIDE_RANGE < longest
        unit, unit_s = ("s", 1.0) if is_log else _unit(longest)
        self._table_heads(row, f"{quantity.capitalize()}, {unit}", ["p50", "p95", "p99"])
        for number, (name, each) in enumerate(times.items(), row + 2):
            self.sheet.text(number, 0, self._short[name])
            for place_, time_s in enumerate(each, 1):
                self.sheet.number(number, place_, time_s / unit_s, SECONDS)
        chart = self.sheet.book.chart("bar")
        for number, colour in enumerate(SHADES, 1):
            chart.add_series({**self._series(row + 1, number, len(names)), "fill": {"color": colour}, "gap": 60})
        described = f"Bars of the median, the 95th and the 99th percentile of each plan's {quantity}."
        title = self._range(what, {name: each[1] for name, each in times.items()})
        axis = f"{unit}, on a log scale" if is_log else unit
        place(self.sheet, chart, Look(title, axis, described, is_log=is_log), TOP + ROWS, column)
        return row + len(names) + 3

    def _range(self, what: str, times_s: Mapping[str, float]) -> str:
        """Return a title that says which plan has the shortest time and which the longest."""
        ends = [min(times_s, key=times_s.__getitem__), max(times_s, key=times_s.__getitem__)]
        said = [f"{self._short[name]} {form.duration(times_s[name])}" for name in ends]
        if len(times_s) == 1:
            return f"{what}: {said[0]}"
        shortest, longest = (form.duration(times_s[name]) for name in ends)
        if shortest == longest:
            return f"{what}: {shortest} for all plans"
        return f"{what}: from {said[0]} to {said[1]}"

    def _table_heads(self, row: int, title: str, heads: Sequence[str]) -> None:
        self.sheet.text(row, 0, title, "strong")
        self.sheet.heads(row + 1, ("plan", *heads))

    def _series(self, heads: int, column: int, rows: int) -> dict[str, Any]:
        first, last = heads + 1, heads + rows
        return {
            "name": f"={self.sheet.address(heads, column)}",
            "categories": f"={self.sheet.span((first, 0), (last, 0))}",
            "values": f"={self.sheet.span((first, column), (last, column))}",
        }


def _unit(most_s: float) -> tuple[str, float]:
    """Return the unit in which a time and all smaller ones are drawn."""
    return next((name, unit_s) for start_s, unit_s, name in _UNITS if most_s >= start_s)
