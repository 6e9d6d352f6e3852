"""Native charts of the workbook, drawn from cells below them that follow from the bills."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from simulator.report import format as form
from simulator.report.plan_styles import PALETTE, drawn_plans, styles_of
from simulator.report.workbook import ranking as on
from simulator.report.workbook.bill_sheets import BillSheet
from simulator.report.workbook.formulas import Term, added
from simulator.report.workbook.ranking import Ranking
from simulator.report.workbook.replications import Replications
from simulator.report.workbook.spreadsheet import SECONDS, USD, Sheet
from simulator.report.workbook.usage import PlanUsage
from simulator.studies.comparison import COST, Comparison

MOST_ITEMS = 7
"""So many items of bills have a colour of their own."""
NAME_LETTERS = 28
ROWS = 22
"""That a chart is high."""
SIZE_PX = {"width": 860, "height": 420}
RIGHT_COLUMN = 7
REST = "all else"


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
        row = 3 + 2 * ROWS
        row = self._costs(row)
        row = self._within(row)
        for place, quantity in enumerate(("age", "latency")):
            row = self._times(row, quantity, place)
        self.sheet.freeze(1)

    @property
    def _plans(self) -> tuple[str, ...]:
        """The plans that have room, the first of the ranking as simulated first."""
        drawn = drawn_plans(self.comparison)
        return tuple(name for name in self.comparison.ranking if name in drawn)

    @property
    def _short(self) -> Mapping[str, str]:
        return form.short_names(list(self.comparison.plans), NAME_LETTERS)

    def _costs(self, row: int) -> int:
        """Draw what each plan costs, item by item."""
        items = self._items()
        self._table_heads(row, "USD a month, by item of the bill", [*items, "total"])
        first = row + 2
        for place, name in enumerate(self._plans):
            costs = self._costs_of(name, items)
            self.sheet.text(first + place, 0, self._short[name])
            cells = [self.sheet.formula(first + place, 1 + number, each, USD) for number, each in enumerate(costs)]
            self.sheet.formula(first + place, 1 + len(items), added(cells), USD)
        chart = self.sheet.book.chart("bar", "stacked")
        for number in range(len(items)):
            fill = {"color": PALETTE[number % len(PALETTE)]}
            chart.add_series({**self._series(row + 1, first, 1 + number), "fill": fill, "gap": 60})
        title = "Cost of each plan by item of its bill"
        self._place(
            chart, title, "USD per 30-day month", 3, 0, "A bar for each plan, stacked by the items of its bill."
        )
        return first + len(self._plans) + 1

    def _items(self) -> list[str]:
        """Return the items of all bills, the dearest first; the cheapest together where there are many."""
        totals: dict[str, float] = {}
        for plan in self.comparison.plans.values():
            for line in plan.bill.lines:
                totals[line.item] = totals.get(line.item, 0.0) + line.usd_per_month
        for each in self._unused_names().values():
            totals.setdefault(each, 0.0)
        items = sorted(totals, key=lambda item: -totals[item])
        return items if len(items) <= MOST_ITEMS + 1 else [*items[:MOST_ITEMS], REST]

    def _unused_names(self) -> dict[int, str]:
        commitments = enumerate(self.comparison.book.commitments)
        return {number: f"unused {each.name}" for number, each in commitments}

    def _costs_of(self, name: str, items: Sequence[str]) -> list[Term]:
        """Return what each item costs a plan."""
        found: dict[str, list[Term]] = {item: [] for item in items}
        bill = self.bills[name].bill
        lines = [each.usage.item for each in self.usage[name].priced]
        for item, cost in zip([*lines, *self._unused_names().values()], [*bill.costs, *bill.unused], strict=True):
            found[item if item in found else REST].append(cost)
        return [added(costs) for costs in found.values()]

    def _within(self, row: int) -> int:
        """Draw what each plan costs with its interval."""
        self._table_heads(row, "Cost a month, mean of the bills of all replications", ["mean", "less", "more"])
        first = row + 2
        for place, name in enumerate(self._plans):
            found = self.replications.metrics[name][COST]
            self.sheet.text(first + place, 0, self._short[name])
            self.sheet.formula(first + place, 1, found.mean, USD)
            if found.low is not None and found.high is not None:
                self.sheet.formula(first + place, 2, found.mean - found.low, USD)
                self.sheet.formula(first + place, 3, found.high - found.mean, USD)
        last = first + len(self._plans) - 1
        bars = {
            "type": "custom",
            "minus_values": f"={self.sheet.span((first, 2), (last, 2))}",
            "plus_values": f"={self.sheet.span((first, 3), (last, 3))}",
        }
        styles = styles_of(self.comparison.plans)
        points = [{"fill": {"color": styles[name].colour}} for name in self._plans]
        chart = self.sheet.book.chart("bar")
        labels = {
            "value": True,
            "num_format": "$#,##0",
            "position": "inside_base",
            "font": {"color": "white", "bold": True},
        }
        within = {} if self.comparison.replications == 1 else {"x_error_bars": bars, "y_error_bars": bars}
        chart.add_series(
            {**self._series(row + 1, first, 1), **within, "points": points, "data_labels": labels, "gap": 60}
        )
        chart.set_legend({"none": True})
        self._title_cell(row)
        place = self.sheet.address(row, 5)
        chart.set_title({"name": f"={place}", "name_font": _FONT, "overlay": False})
        self._place(
            chart,
            "",
            "USD per 30-day month; whiskers: 95 % of chance alone",
            3,
            RIGHT_COLUMN,
            "A bar for each plan, with its interval.",
        )
        return last + 2

    def _title_cell(self, row: int) -> None:
        """Write what the chart of costs says: which plan is the first at the prices of now."""
        first = self.ranking.text_at(1, on.NAME)
        value = f"First of the ranking: {self.ranking.value_at(1, on.NAME)}"
        self.sheet.reckoned(row, 5, f'"First of the ranking: "&{first}', value, look="strong")

    def _times(self, row: int, quantity: str, place: int) -> int:
        """Draw how old answers are, or how long users wait."""
        metrics = [f"{quantity}_{name}_s" for name in ("mean", "p50", "p95", "p99")]
        names = [name for name in self._plans if all(each in self.comparison.plans[name].metrics for each in metrics)]
        if not names:
            return row
        unit, unit_s = _unit(max(self._mean(name, metrics[-1]) for name in names))
        what = "Age of answers" if quantity == "age" else "Latency of requests"
        self._table_heads(row, f"{what}, {unit}", ["mean", "p50", "p95", "p99"])
        first = row + 2
        for number, name in enumerate(names):
            self.sheet.text(first + number, 0, self._short[name])
            for column, metric in enumerate(metrics, 1):
                self.sheet.number(first + number, column, self._mean(name, metric) / unit_s, SECONDS)
        chart = self.sheet.book.chart("bar")
        last = first + len(names) - 1
        for column in (2, 3, 4):
            fill = {"color": _SHADES[column - 2]}
            chart.add_series({**self._series(row + 1, first, column, last), "fill": fill, "gap": 60})
        self._place(
            chart,
            self._times_title(quantity, names),
            unit,
            3 + ROWS,
            place * RIGHT_COLUMN,
            f"Bars of the median, the 95th and the 99th percentile of each plan's {quantity}.",
        )
        return last + 2

    def _times_title(self, quantity: str, names: Sequence[str]) -> str:
        metric = f"{quantity}_p95_s"
        ordered = sorted(names, key=lambda name: self._mean(name, metric))
        low, high = ordered[0], ordered[-1]
        said = [f"{self._short[name]} {form.duration(self._mean(name, metric))}" for name in (low, high)]
        what = "Age at p95" if quantity == "age" else "Latency at p95"
        return f"{what}: {said[0]}" if low == high else f"{what}: from {said[0]} to {said[1]}"

    def _mean(self, name: str, metric: str) -> float:
        return self.comparison.plans[name].metrics[metric].mean

    def _table_heads(self, row: int, title: str, heads: Sequence[str]) -> None:
        self.sheet.text(row, 0, title, "strong")
        self.sheet.heads(row + 1, ("plan", *heads))

    def _series(self, heads: int, first: int, column: int, last: int | None = None) -> dict[str, Any]:
        end = first + len(self._plans) - 1 if last is None else last
        return {
            "name": f"={self.sheet.address(heads, column)}",
            "categories": f"={self.sheet.span((first, 0), (end, 0))}",
            "values": f"={self.sheet.span((first, column), (end, column))}",
        }

    def _place(self, chart: Any, title: str, unit: str, row: int, column: int, description: str) -> None:
        """Put a chart on the sheet, with plans from the top down."""
        if title:
            chart.set_title({"name": title, "name_font": _FONT})
        chart.set_y_axis({"reverse": True, "num_font": {"size": 10}})
        chart.set_x_axis(
            {
                "name": unit,
                "major_gridlines": {"visible": True, "line": {"color": "#D9D9D9"}},
                "min": 0,
                "name_font": {"bold": False, "size": 10},
            }
        )
        chart.set_size(SIZE_PX)
        said = f"{title}. {description}" if title else description
        self.sheet.made.insert_chart(row, column, chart, {"description": said, "object_position": 3})


_FONT = {"size": 13, "bold": True, "color": "#1A1A1A"}
_SHADES = ("#56B4E9", "#0072B2", "#1A1A1A")
_UNITS = ((7200.0, 3600.0, "h"), (120.0, 60.0, "min"), (1.0, 1.0, "s"), (0.0, 1e-3, "ms"))


def _unit(most_s: float) -> tuple[str, float]:
    """Return the unit in which a time and all smaller ones are drawn."""
    return next((name, unit_s) for start_s, unit_s, name in _UNITS if most_s >= start_s)
