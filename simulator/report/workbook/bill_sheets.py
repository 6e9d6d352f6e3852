"""A sheet for each plan's bill: of its mean usage, every line and how it is reckoned."""

from collections.abc import Mapping
from dataclasses import dataclass

from simulator.prices.bill import MONTH_H
from simulator.report import format as form
from simulator.report.workbook.formulas import Term
from simulator.report.workbook.inputs import Inputs
from simulator.report.workbook.reckoning import BillCells, Key, Reckoning, Step
from simulator.report.workbook.spreadsheet import COUNT, SHARE, UNIT_USD, USD, Sheet
from simulator.report.workbook.usage import PlanUsage
from simulator.studies.comparison import Comparison, PlanResult

FIRST = 6
HEADS = ("item", "meter", "used a month", "unit", "charged units", "units that share the price")
PRICE_HEADS = ("price of a unit", "after discounts", "USD before commitments")
ITEM, METER, USED, UNIT, UNITS, POOLED, LIST, PRICE, BEFORE, COVERED = range(10)
FORMATS = {Step.UNITS: COUNT, Step.POOLED: COUNT, Step.LIST: UNIT_USD, Step.PRICE: UNIT_USD}
COLUMNS = {Step.UNITS: UNITS, Step.POOLED: POOLED, Step.LIST: LIST, Step.PRICE: PRICE, Step.BEFORE: BEFORE}


@dataclass(frozen=True)
class BillSheet:
    """The sheet of a plan's bill."""

    sheet: Sheet
    bill: BillCells


def write_bills(
    sheets: Mapping[str, Sheet], comparison: Comparison, usage: Mapping[str, PlanUsage], inputs: Inputs
) -> dict[str, BillSheet]:
    """Write the sheet of every plan."""
    return {
        name: _Writer(sheet, comparison, comparison.plans[name], usage[name], inputs).written()
        for name, sheet in sheets.items()
    }


class _Writer:
    """Writes a plan's bill."""

    def __init__(
        self, sheet: Sheet, comparison: Comparison, plan: PlanResult, usage: PlanUsage, inputs: Inputs
    ) -> None:
        self._sheet = sheet
        self._comparison, self._plan, self._usage, self._inputs = comparison, plan, usage, inputs
        self._cost = COVERED + len(inputs.commitments)
        """Column of what a line costs."""
        self._end = FIRST + len(usage.priced)
        """The row behind the lines."""
        self._total = self._end + len(inputs.commitments)

    def written(self) -> BillSheet:
        """Write it."""
        self._head()
        for place, priced in enumerate(self._usage.priced):
            row, usage = FIRST + place, priced.usage
            self._sheet.text(row, ITEM, usage.item)
            self._sheet.text(row, METER, usage.meter)
            self._sheet.formula(row, USED, self._usage.quantities[place][0], COUNT)
            self._sheet.text(row, UNIT, usage.unit, "after_number")
        for place in self._inputs.commitments:
            row, commitment = self._unused_row(place), self._comparison.book.commitments[place]
            self._sheet.text(row, ITEM, f"unused {form.one_line(commitment.name)}")
            self._sheet.text(row, METER, commitment.meters)
            self._sheet.number(row, UNITS, MONTH_H, COUNT)
            self._sheet.text(row, UNIT, "h", "after_number")
        for column in range(self._cost):
            self._sheet.text(self._total, column, "total" if column == 0 else "", "total")
        bill = Reckoning(self._usage, self._inputs, self._comparison.book, 0, self._keep).bill()
        self._explain()
        return BillSheet(self._sheet, bill)

    def _head(self) -> None:
        commitments = [self._comparison.book.commitments[place] for place in self._inputs.commitments]
        covered = [f"USD covered by {form.one_line(each.name)}" for each in commitments]
        heads = (*HEADS, *PRICE_HEADS, *covered, "USD per 30-day month", "how it came about when simulated")
        self._sheet.widths(26, 36, 15, 8, 15, 15, 15, 15, 15, *(15 for _ in covered), 16, 60)
        self._sheet.text(0, 0, f"Bill: {form.one_line(self._plan.name)}", "title")
        self._sheet.text(
            1, 0, "Quantity x price, per 30-day month, of the mean usage over the replications.", "subtitle"
        )
        self._sheet.made.write_url(2, 0, "internal:Summary!A1", self._sheet.book.style("link"), "back to Summary")
        self._sheet.heads(FIRST - 1, heads, left=2, texts_at=(UNIT, self._cost + 1))
        self._sheet.freeze(FIRST, 1)
        for place, line in enumerate(self._plan.bill.lines[: len(self._usage.priced)]):
            self._sheet.text(FIRST + place, self._cost + 1, line.detail, "note")

    def _unused_row(self, commitment: int) -> int:
        return self._end + list(self._inputs.commitments).index(commitment)

    def _keep(self, key: Key, term: Term) -> Term:
        """Write a cell of the bill where it belongs."""
        match key.step:
            case Step.COST:
                return self._sheet.formula(FIRST + key.place, self._cost, term, USD)
            case Step.COVERED:
                column = COVERED + list(self._inputs.commitments).index(key.commitment)
                return self._sheet.formula(FIRST + key.place, column, term, USD)
            case Step.UNUSED:
                return self._sheet.formula(self._unused_row(key.place), self._cost, term, USD)
            case Step.TOTAL:
                return self._sheet.formula(self._total, self._cost, term, USD, "total")
            case Step.IN_REACH | Step.SHARE:
                place = list(self._inputs.commitments).index(key.place)
                row = self._total + 3 + 2 * place + (key.step is Step.SHARE)
                name = form.one_line(self._comparison.book.commitments[key.place].name)
                self._sheet.text(row, ITEM, f"{name}: {key.step}", "quiet")
                return self._sheet.formula(row, USED, term, USD if key.step is Step.IN_REACH else SHARE)
            case _:
                return self._sheet.formula(FIRST + key.place, COLUMNS[key.step], term, FORMATS.get(key.step, USD))

    def _explain(self) -> None:
        row = self._total + 4 + 2 * len(self._inputs.commitments)
        said = (
            "This is the bill of the mean usage. Summary and Comparison show the mean of the bills of all "
            "replications: it is the same where every unit costs the same, and a little other where tiers, free units "
            "or commitments make units dearer or cheaper the more there are."
        )
        self._sheet.paragraph(row, said, "quiet", BEFORE)
