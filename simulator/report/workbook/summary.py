"""The first sheet: the decision, and the ranking as it is at the prices of now."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from simulator.report.brief import Brief
from simulator.report.workbook import ranking as on
from simulator.report.workbook.inputs import Inputs
from simulator.report.workbook.ranking import Ranking
from simulator.report.workbook.spreadsheet import USD, WARN, Sheet

AS_SIMULATED = "All prices are as they were when it was simulated."


@dataclass(frozen=True)
class _Column:
    head: str
    of: int
    """Column of the sheet Ranking."""
    width: float
    number: str = ""


def _columns(*, weighs_value: bool, has_intervals: bool) -> tuple[_Column, ...]:
    within = (on.COST_LOW, on.COST_HIGH, on.NET_LOW, on.NET_HIGH, on.WORSE_LOW, on.WORSE_HIGH)
    found = (
        _Column("bounds", on.BOUNDS, 11),
        _Column("load", on.LOAD, 10),
        _Column("cost", on.COST_MEAN, 14, USD),
        _Column("low", on.COST_LOW, 14, USD),
        _Column("high", on.COST_HIGH, 14, USD),
        _Column("cost as simulated", on.COST_BEFORE, 14, USD),
        _Column("net value", on.NET_MEAN, 16, USD),
        _Column("low", on.NET_LOW, 16, USD),
        _Column("high", on.NET_HIGH, 16, USD),
        _Column("worse than the first by", on.WORSE, 14, USD),
        _Column("low", on.WORSE_LOW, 14, USD),
        _Column("high", on.WORSE_HIGH, 14, USD),
    )
    left_out = () if weighs_value else (on.NET_MEAN, on.NET_LOW, on.NET_HIGH)
    return tuple(each for each in found if each.of not in left_out and (has_intervals or each.of not in within))


@dataclass(frozen=True)
class Summary:
    """The sheet in the making."""

    sheet: Sheet
    brief: Brief
    inputs: Inputs
    ranking: Ranking

    def write(self) -> None:
        """Write it, the decision first."""
        brief = self.brief
        self.sheet.widths(6, 38, *(column.width for column in self._columns), 28)
        self.sheet.text(0, 0, brief.title, "title")
        self.sheet.text(1, 0, " · ".join(brief.provenance[1:]), "subtitle")
        self._sentence(2, brief.question, "lead")
        self._state(3)
        row = self._sentences(4, brief.answer, "answer")
        row = self._table(row + 1)
        self._sentence(row, f"{brief.chance} {_PAIRED}" if brief.comparison.replications > 1 else brief.chance, "quiet")
        row += 1
        for title, sentences in (("Warnings", brief.warnings), ("What would change it", brief.changes)):
            if sentences:
                self._section(row + 1, title)
                row = self._sentences(row + 2, sentences, "wrapped")
        self.sheet.freeze(2)

    @property
    def _columns(self) -> tuple[_Column, ...]:
        comparison = self.brief.comparison
        return _columns(weighs_value=comparison.weighs_value, has_intervals=comparison.replications > 1)

    @property
    def _last(self) -> int:
        return len(self._columns) + 2

    def _sentence(self, row: int, text: str, look: str) -> None:
        self.sheet.paragraph(row, text, look, self._last)

    def _sentences(self, row: int, sentences: Iterable[str], look: str) -> int:
        for sentence in sentences:
            self._sentence(row, sentence, look)
            row += 1
        return row

    def _section(self, row: int, title: str) -> None:
        for column in range(self._last + 1):
            self.sheet.text(row, column, title if column == 0 else "", "section")

    def _state(self, row: int) -> None:
        """Write whether the sentences are of the prices that the table is reckoned with."""
        changed, moved = self.inputs.changed, self.inputs.moved
        text = (
            f'IF({moved}>0,"Rows of the sheet Prices were sorted or moved, so formulas read the wrong ones: undo it.",'
            f'IF({changed}>0,"Inputs on Prices that are not as simulated: "&{changed}&". The ranking, bills and charts '
            f'are reckoned anew; the sentences still tell of the prices as simulated.","{AS_SIMULATED}"))'
        )
        self._sentence(row, "", "quiet")
        self.sheet.reckoned(row, 0, text, AS_SIMULATED, look="quiet")
        alarm = {"type": "cell", "criteria": "!=", "value": f'"{AS_SIMULATED}"'}
        self.sheet.conditional(row, 0, row, self._last, alarm, {"bold": True, "font_color": WARN})

    def _table(self, row: int) -> int:
        """Write the plans in the order of their ranks of now, and return the row behind."""
        self._section(row, "Ranking at the prices of the sheet Prices, USD per 30-day month")
        row += 1
        heads = ("rank", "plan (opens its bill)", *(column.head for column in self._columns), "than the first")
        self.sheet.heads(row, heads, left=4, texts_at=[self._last])
        ranks = range(1, len(self.ranking.order) + 1)
        for rank in ranks:
            self._row(row + rank, rank)
        return row + len(ranks) + 1

    def _row(self, row: int, rank: int) -> None:
        sheet, ranking = self.sheet, self.ranking
        sheet.number(row, 0, rank, "0", "rank")
        link, name = (ranking.text_at(rank, column) for column in (on.LINK, on.NAME))
        sheet.reckoned(row, 1, f"HYPERLINK({link},{name})", ranking.value_at(rank, on.NAME), look="link")
        for place, column in enumerate(self._columns, 2):
            value = ranking.value_at(rank, column.of)
            text = ranking.text_at(rank, column.of)
            sheet.reckoned(row, place, text, value, column.number, "number" if column.number else "text")
        sheet.reckoned(row, self._last, *self._told(rank), look="after_number")

    def _told(self, rank: int) -> tuple[str, str]:
        """Return a formula for whether a plan is told from the first, and what it is as simulated."""
        if rank == 1:
            return '""', ""
        low, high = (self.ranking.text_at(rank, column) for column in (on.WORSE_LOW, on.WORSE_HIGH))
        same = f"AND(ABS({low})<{CENT_USD},ABS({high})<{CENT_USD})"
        told = f'IF({low}>0,"{_WORSE}",IF({high}<0,"{_BETTER}","{_MAY_BE}"))'
        text = f'IF({low}="","{_UNKNOWN}",IF({same},"{_SAME}",{told}))'
        ends = [self.ranking.value_at(rank, column) for column in (on.WORSE_LOW, on.WORSE_HIGH)]
        return text, _told_by(ends)


_PAIRED = "Low and high are its ends; 'worse than the first' is paired by replication, each plan on its own."
_UNKNOWN, _SAME = "chance not known", "the same to the cent"
_WORSE, _BETTER, _MAY_BE = "worse, not by chance alone", "better", "may be chance alone"
CENT_USD = 0.005
"""What is less is no cent."""


def _told_by(ends: Sequence[float | str]) -> str:
    low, high = ends
    if isinstance(low, str) or isinstance(high, str):
        return _UNKNOWN
    if max(abs(low), abs(high)) < CENT_USD:
        return _SAME
    return _WORSE if low > 0 else _BETTER if high < 0 else _MAY_BE
