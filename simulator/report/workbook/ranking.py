"""The sheet that ranks the plans anew whenever a price changes, as `Comparison.ranking` does."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from simulator.core.estimate import Estimate
from simulator.report import format as form
from simulator.report.brief import Brief
from simulator.report.workbook.bill_sheets import BillSheet
from simulator.report.workbook.formulas import Cells, Term, half_width_of, mean_of
from simulator.report.workbook.replications import LiveEstimate, Replications
from simulator.report.workbook.spreadsheet import USD, Sheet
from simulator.studies.comparison import COST, NET_VALUE

FIRST = 4
NAME, LINK, BOUNDS, LOAD, BROKEN, OVERLOADED, LOSS, AGE, RANK, BEFORE = range(10)
COST_MEAN, COST_LOW, COST_HIGH, COST_BEFORE, NET_MEAN, NET_LOW, NET_HIGH, WORSE, WORSE_LOW, WORSE_HIGH = range(10, 20)
LAST = WORSE_HIGH
HEADS = (
    *("plan", "bill", "bounds", "load", "breaks a bound", "overloaded", "what decides, the less the better"),
    *("age, s", "rank", "rank as simulated", "cost", "low", "high", "cost as simulated", "net value", "low", "high"),
    *("worse than the first by", "low", "high"),
)
_EMPTY = '""', ""
"""A formula that shows nothing: to look up an empty cell gives 0."""
AGELESS_S = 1e99
"""In place of the age of a plan that serves no predictions: it comes last among equals. [s]"""


@dataclass
class Ranking:
    """The sheet, from which all can be looked up by rank."""

    sheet: Sheet
    order: tuple[str, ...]
    """The plans by rank, as simulated."""
    values: dict[tuple[str, int], float | str] = field(default_factory=dict)
    """What is there as simulated, by plan and column."""

    def column(self, column: int) -> str:
        """Return the address of a column."""
        return self.sheet.span((FIRST, column), (FIRST + len(self.order) - 1, column))

    def text_at(self, rank: int, column: int) -> str:
        """Return a formula for what a column has of the plan that has a rank now."""
        return f"INDEX({self.column(column)},MATCH({rank},{self.column(RANK)},0))"

    def value_at(self, rank: int, column: int) -> float | str:
        """Return what that is as simulated."""
        return self.values.get((self.order[rank - 1], column), "")


def write_ranking(sheet: Sheet, brief: Brief, replications: Replications, bills: Mapping[str, BillSheet]) -> Ranking:
    """Write the sheet, a row for each plan in the scenario's order."""
    comparison = brief.comparison
    sheet.widths(30, 24)
    sheet.columns(BOUNDS, LAST + 2 * comparison.replications - BOUNDS + 1, 14)
    sheet.columns(NET_MEAN, NET_HIGH - NET_MEAN + 1, 14, hidden=not comparison.weighs_value)
    sheet.text(0, 0, "Ranking", "title")
    what = "net value" if comparison.weighs_value else "cost"
    said = (
        f"Plans that meet every bound first, overloaded ones last, then by {what}, then by age; USD per 30-day month."
    )
    sheet.text(1, 0, said, "subtitle")
    numbers = range(1, comparison.replications + 1)
    decides, worse = (f"replication {number}" for number in numbers), (f"worse in replication {n}" for n in numbers)
    sheet.heads(FIRST - 1, (*HEADS, *decides, *worse), left=4)
    sheet.freeze(FIRST, 1)
    writer = _Writer(Ranking(sheet, comparison.ranking), brief, replications)
    for place, name in enumerate(comparison.plans):
        writer.plan(FIRST + place, name, bills[name].sheet.link())
    for place, name in enumerate(comparison.plans):
        writer.against_first(FIRST + place, name)
    return writer.ranking


class _Writer:
    """Writes a row for each plan."""

    def __init__(self, ranking: Ranking, brief: Brief, replications: Replications) -> None:
        self.ranking = ranking
        self._sheet, self._comparison = ranking.sheet, brief.comparison
        self._metrics = replications.metrics
        self._told = {row.label: row.cells for group in brief.rows for row in group}

    def plan(self, row: int, name: str, link: str) -> None:
        """Write what a plan is ranked by, its rank, and what is told of it."""
        breaks, overloaded, _, age_s = self._comparison.plans[name].rank
        texts = {
            NAME: form.one_line(name),
            LINK: link,
            BOUNDS: self._told["bounds"][name],
            LOAD: self._told["load"][name],
        }
        for column, text in texts.items():
            self._sheet.text(row, column, text)
            self.ranking.values[name, column] = text
        self._sheet.number(row, BROKEN, float(breaks), "0")
        self._sheet.number(row, OVERLOADED, float(overloaded), "0")
        self._sheet.number(row, AGE, min(age_s, AGELESS_S), "General")
        for place, loss in enumerate(self._losses(name), 1):
            self._sheet.formula(row, LAST + place, loss, USD)
        self._sheet.formula(row, LOSS, self._loss(name), USD)
        rank = self._comparison.ranking.index(name) + 1
        self._sheet.reckoned(row, RANK, self._rank(row), rank, "0", "strong")
        self._sheet.number(row, BEFORE, rank, "0")
        self._estimate(row, name, (COST_MEAN, COST_LOW, COST_HIGH), self._metrics[name][COST])
        self._sheet.number(row, COST_BEFORE, self._kept(name, COST_BEFORE, self._metrics[name][COST].mean.value), USD)
        if NET_VALUE in self._metrics[name]:
            self._estimate(row, name, (NET_MEAN, NET_LOW, NET_HIGH), self._metrics[name][NET_VALUE])

    def _estimate(self, row: int, name: str, columns: tuple[int, int, int], found: LiveEstimate) -> None:
        for column, term in zip(columns, (found.mean, found.low, found.high), strict=True):
            if term is None:
                self._sheet.reckoned(row, column, *_EMPTY)
                continue
            self._sheet.formula(row, column, term, USD)
            self._kept(name, column, term.value)

    def _kept(self, name: str, column: int, value: float) -> float:
        self.ranking.values[name, column] = value
        return value

    def _losses(self, name: str) -> list[Term]:
        """Return what decides by replication, the less the better."""
        return [self._signed(each) for each in self._metrics[name][self._comparison.judged_by].replications]

    def _signed(self, term: Term) -> Term:
        return Term(f"-{term.text}", -term.value) if self._comparison.weighs_value else term

    def _loss(self, name: str) -> Term:
        """Return the mean; of a plan with fewer replications as `paired_mean` has it."""
        own, most = self._losses(name), self._comparison.replications
        mean = self._signed(self._metrics[name][self._comparison.judged_by].mean)
        if len(own) == most:
            return mean
        whole = next(each for each in self._comparison.plans if len(self._losses(each)) == most)
        row = FIRST + list(self._comparison.plans).index(whole)
        values = [each.value for each in self._losses(whole)[: len(own)]]
        alike = mean_of(self._sheet.cells((row, LAST + 1), (row, LAST + len(own)), values))
        return self._signed(self._metrics[whole][self._comparison.judged_by].mean) + (mean - alike)

    def _rank(self, row: int) -> str:
        """Return the formula of a rank: how many plans are before this one."""
        before = f"ROW({self.ranking.column(NAME)})<ROW({self._sheet.address(row, NAME)})"
        for column in (AGE, LOSS, OVERLOADED, BROKEN):
            all_of_them, own = self.ranking.column(column), self._sheet.address(row, column)
            before = f"({all_of_them}<{own})+({all_of_them}={own})*({before})"
        return f"1+SUMPRODUCT({before})"

    def against_first(self, row: int, name: str) -> None:
        """Write how much worse a plan is than the first of now, paired by replication."""
        most = self._comparison.replications
        first = f"MATCH(1,{self.ranking.column(RANK)},0)"
        pairs = zip(self._losses(name), self._losses(self._comparison.ranking[0]), strict=False)
        gaps = [one.value - other.value for one, other in pairs]
        left = LAST + 1 + most
        for place in range(most):
            own = self._sheet.address(row, LAST + 1 + place)
            other = f"INDEX({self.ranking.column(LAST + 1 + place)},{first})"
            gap = gaps[place] if place < len(gaps) else ""
            self._sheet.reckoned(row, left + place, f'IF(OR({own}="",{other}=""),"",{own}-{other})', gap, USD)
        self._worse(row, name, Cells(self._sheet.span((row, left), (row, left + most - 1)), tuple(gaps)))

    def _worse(self, row: int, name: str, gaps: Cells) -> None:
        found = Estimate.of(gaps.values)
        self._sheet.formula(row, WORSE, mean_of(gaps), USD)
        self._kept(name, WORSE, found.mean)
        if len(gaps.values) == 1:
            for column in (WORSE_LOW, WORSE_HIGH):
                self._sheet.reckoned(row, column, *_EMPTY)
            return
        half = half_width_of(gaps)
        for column, end in ((WORSE_LOW, mean_of(gaps) - half), (WORSE_HIGH, mean_of(gaps) + half)):
            text = f'IF(COUNT({gaps.text})<2,"",{end.text})'
            self._sheet.reckoned(row, column, text, end.value, USD)
            self._kept(name, column, end.value)
