"""The sheet of every replication's bill, and of the means and intervals that follow."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from simulator.core.usage import Usage
from simulator.report import format as form
from simulator.report.workbook.formulas import Term, added, constant, half_width_of, mean_of
from simulator.report.workbook.inputs import Inputs
from simulator.report.workbook.reckoning import BillCells, Key, Reckoning, Step
from simulator.report.workbook.spreadsheet import COUNT, LOT_USD, SHARE, UNIT_USD, USD, Sheet
from simulator.report.workbook.usage import PlanUsage
from simulator.studies.comparison import COST, NET_VALUE, Comparison, PlanResult
from simulator.studies.consumption import COST_PER_1K, WASTED

PLAN, WHAT, STEP, MEAN, LOW, HIGH = range(6)
FIRST = 4
HEADS = ("plan", "what", "step", "mean", "low", "high")
FORMATS = {
    **dict.fromkeys((Step.UNITS, Step.POOLED), COUNT),
    **dict.fromkeys((Step.LIST, Step.PRICE), UNIT_USD),
    Step.SHARE: SHARE,
}
LOT = 1_000
"""Requests of which the cost is told."""


@dataclass(frozen=True)
class LiveEstimate:
    """A mean over replications with its interval, reckoned by formulas."""

    mean: Term
    low: Term | None
    high: Term | None
    replications: tuple[Term, ...]


@dataclass
class Replications:
    """The sheet, and where everything is on it."""

    sheet: Sheet
    row: int = FIRST
    metrics: dict[str, dict[str, LiveEstimate]] = field(default_factory=dict)
    """Those that need prices, by plan and name."""

    @classmethod
    def written(
        cls, sheet: Sheet, comparison: Comparison, usage: Mapping[str, PlanUsage], inputs: Inputs
    ) -> "Replications":
        """Write the bills of all replications of all plans."""
        found = cls(sheet)
        found._head(comparison.replications)
        for plan in comparison.plans.values():
            found.metrics[plan.name] = _Writer(found, comparison, plan, usage[plan.name], inputs).written()
            found.row += 1
        return found

    def estimate(self, row: int, replications: Sequence[Term], number: str, look: str = "number") -> LiveEstimate:
        """Write mean and interval before the replications of a row."""
        values = [each.value for each in replications]
        cells = self.sheet.cells((row, HIGH + 1), (row, HIGH + len(values)), values)
        mean = self.sheet.formula(row, MEAN, mean_of(cells), number, look)
        if len(values) == 1:
            return LiveEstimate(mean, None, None, tuple(replications))
        half = half_width_of(cells)
        low = self.sheet.formula(row, LOW, mean - half, number, look)
        high = self.sheet.formula(row, HIGH, mean + half, number, look)
        return LiveEstimate(mean, low, high, tuple(replications))

    def _head(self, replications: int) -> None:
        self.sheet.widths(22, 40, 28, 15, 15, 15)
        self.sheet.columns(HIGH + 1, replications, 15)
        self.sheet.text(0, 0, "Replications", "title")
        said = "The bill of every replication, per 30-day month. Low and high are 95 % of chance alone."
        self.sheet.text(1, 0, said, "subtitle")
        numbers = [f"replication {number}" for number in range(1, replications + 1)]
        self.sheet.heads(FIRST - 1, (*HEADS, *numbers), left=3)
        self.sheet.freeze(FIRST, HIGH + 1)


class _Writer:
    """Writes what follows from the bills of a plan."""

    def __init__(
        self, at: Replications, comparison: Comparison, plan: PlanResult, usage: PlanUsage, inputs: Inputs
    ) -> None:
        self._at, self._comparison, self._plan = at, comparison, plan
        self._usage, self._inputs = usage, inputs
        self._rows: dict[Key, int] = {}
        self._number = 0

    def written(self) -> dict[str, LiveEstimate]:
        """Write all bills, and return what is told of them in the comparison."""
        self._claim_rows()
        bills = [self._bill(number) for number in range(1, self._usage.replications + 1)]
        for key, row in self._rows.items():
            if key.step in (Step.COST, Step.UNUSED):
                terms = [self._costs_of(bill, key) for bill in bills]
                self._at.estimate(row, terms, USD)
        totals = [bill.total for bill in bills]
        found = {COST: self._at.estimate(self._rows[Key(Step.TOTAL)], totals, USD, "strong")}
        return {**found, **self._derived(bills)}

    def _costs_of(self, bill: BillCells, key: Key) -> Term:
        if key.step is Step.COST:
            return bill.costs[key.place]
        return bill.unused[list(self._inputs.commitments).index(key.place)]

    def _claim_rows(self) -> None:
        """Give what a line costs the first rows, whatever is written before."""
        keys = [Key(Step.COST, place) for place in range(len(self._usage.priced))]
        keys += [Key(Step.UNUSED, number) for number in self._inputs.commitments]
        for key in (*keys, Key(Step.TOTAL)):
            self._claim(key)
        self._derived_from = self._at.row
        self._at.row += sum(name in self._plan.metrics for name in (COST_PER_1K, WASTED, NET_VALUE))

    def _claim(self, key: Key) -> int:
        if key not in self._rows:
            self._rows[key] = self._at.row
            self._label(self._at.row, self._what(key), self._step(key), "strong" if key.step is Step.TOTAL else "text")
            self._at.row += 1
        return self._rows[key]

    def _label(self, row: int, what: str, step: str, look: str) -> None:
        self._at.sheet.text(row, PLAN, form.one_line(self._plan.name), look)
        self._at.sheet.text(row, WHAT, what, look)
        self._at.sheet.text(row, STEP, step, look)

    def _what(self, key: Key) -> str:
        if key.step is Step.TOTAL:
            return "cost"
        if key.step in (Step.UNUSED, Step.IN_REACH, Step.SHARE):
            name = form.one_line(self._comparison.book.commitments[key.place].name)
            return f"unused {name}" if key.step is Step.UNUSED else name
        return self._usage.priced[key.place].usage.item

    def _step(self, key: Key) -> str:
        if key.step is Step.COVERED:
            return f"covered by {form.one_line(self._comparison.book.commitments[key.commitment].name)}"
        return Step.COST.value if key.step in (Step.TOTAL, Step.UNUSED) else key.step.value

    def _bill(self, number: int) -> BillCells:
        def keep(key: Key, term: Term) -> Term:
            look = "strong" if key.step is Step.TOTAL else "number"
            return self._at.sheet.formula(self._claim(key), HIGH + number, term, FORMATS.get(key.step, USD), look)

        return Reckoning(self._usage, self._inputs, self._comparison.book, number, keep).bill()

    def _derived(self, bills: Sequence[BillCells]) -> dict[str, LiveEstimate]:
        """Write the other metrics that need prices, of each replication."""
        reckoned = {COST_PER_1K: self._per_lot, WASTED: self._wasted, NET_VALUE: self._net}
        found = {}
        for row, name in enumerate((name for name in reckoned if name in self._plan.metrics), self._derived_from):
            self._label(row, form.metric_label(name), "", "text")
            number = LOT_USD if name == COST_PER_1K else USD
            terms = [
                self._at.sheet.formula(row, HIGH + place, reckoned[name](place, bill), number)
                for place, bill in enumerate(bills, 1)
            ]
            found[name] = self._at.estimate(row, terms, number)
        return found

    def _per_lot(self, number: int, bill: BillCells) -> Term:
        return bill.total / self._usage.requests[number] * constant(LOT)

    def _net(self, number: int, bill: BillCells) -> Term:
        return self._usage.value[number] - bill.total

    def _wasted(self, number: int, bill: BillCells) -> Term:
        """Return what is spent on what nobody read, as `Bill.wasted_usd_per_month` has it."""
        parts = []
        for name, is_in in _WASTED.items():
            held = [cost for each, cost in zip(self._usage.priced, bill.costs, strict=True) if is_in(each.usage)]
            if held and name in self._usage.unread:
                parts.append(self._usage.unread[name][number] * added(held))
        return added(parts)


_WASTED: Mapping[str, Callable[[Usage], bool]] = {
    "unread_batch_fraction": lambda usage: usage.computes_ahead and not usage.after_events,
    "unread_nearline_fraction": lambda usage: usage.computes_ahead and usage.after_events,
    "unread_held_fraction": lambda usage: usage.holds,
}
"""The lines that each share of what was never read is of."""
