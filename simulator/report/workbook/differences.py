"""The sheet of how far every plan is from the first of the ranking, paired by replication."""

import math

from simulator.report import format as form
from simulator.report.workbook.comparison import number_format, unit_text
from simulator.report.workbook.formulas import Term, half_width_of, mean_of
from simulator.report.workbook.replications import LiveEstimate, Replications
from simulator.report.workbook.spreadsheet import Sheet
from simulator.studies.comparison import Comparison, Difference
from simulator.studies.metric_kinds import is_better

PLAN, METRIC, UNIT, MEAN, LOW, HIGH, CHANCE, BETTER = range(8)
HEADS = ("plan", "metric", "unit", "difference", "low", "high", "by chance?", "for the")
FIRST = 4
LEAST = 1e-9
"""What is nearer to 0 is rounding."""
_SAME, _MAY_BE, _MORE, _UNKNOWN = "the same", "may be chance alone", "more than chance", "one replication"


def write_differences(sheet: Sheet, comparison: Comparison, replications: Replications) -> None:
    """Write every metric of every plan less that of the first of the ranking as simulated."""
    count, best = comparison.replications, form.one_line(comparison.ranking[0])
    sheet.widths(30, 38, 18, 16, 16, 16, 22, 10)
    sheet.columns(len(HEADS), count, 14)
    sheet.text(0, 0, "Differences", "title")
    said = (
        f"Every plan less {best}, the first as simulated, paired by replication; low to high is 95 % of chance alone."
    )
    sheet.text(1, 0, said, "subtitle")
    numbers = [f"replication {number}" for number in range(1, count + 1)]
    sheet.heads(FIRST - 1, (*HEADS, *numbers), left=3, texts_at=(CHANCE, BETTER))
    sheet.freeze(FIRST, 2)
    writer = _Writer(sheet, replications)
    for row, difference in enumerate(comparison.differences, FIRST):
        writer.difference(row, difference)
    sheet.made.autofilter(FIRST - 1, 0, FIRST + max(len(comparison.differences) - 1, 0), BETTER)


class _Writer:
    """Writes a row for each plan and metric."""

    def __init__(self, sheet: Sheet, replications: Replications) -> None:
        self._sheet, self._metrics = sheet, replications.metrics

    def difference(self, row: int, found: Difference) -> None:
        """Write a difference, of what needs prices as a formula, and whether chance may have made it."""
        metric, number = found.metric, number_format(found.metric)
        for column, text in (
            (PLAN, form.one_line(found.plan)),
            (METRIC, form.metric_label(metric)),
            (UNIT, unit_text(metric)),
        ):
            self._sheet.text(row, column, text)
        own, other = (self._metrics[plan].get(metric) for plan in (found.plan, found.against))
        if own is None or other is None:
            ends = ((MEAN, found.estimate.mean), (LOW, found.estimate.low), (HIGH, found.estimate.high))
            cells = [self._sheet.number(row, column, value, number) for column, value in ends]
        else:
            cells = self._live(row, own, other, number)
        self._say(row, metric, *cells)

    def _live(self, row: int, own: LiveEstimate, other: LiveEstimate, number: str) -> list[Term]:
        pairs = zip(own.replications, other.replications, strict=False)
        gaps = [
            self._sheet.formula(row, place, one - two, number).value
            for place, (one, two) in enumerate(pairs, len(HEADS))
        ]
        cells = self._sheet.cells((row, len(HEADS)), (row, len(HEADS) + len(gaps) - 1), gaps)
        mean = self._sheet.formula(row, MEAN, mean_of(cells), number)
        if len(gaps) == 1:
            return [mean, *(self._sheet.number(row, column, math.nan, number) for column in (LOW, HIGH))]
        half = half_width_of(cells)
        ends = ((LOW, mean - half), (HIGH, mean + half))
        return [mean, *(self._sheet.formula(row, column, end, number) for column, end in ends)]

    def _say(self, row: int, metric: str, mean: Term, low: Term, high: Term) -> None:
        """Write whether chance may have made it, and whether it is for the better."""
        text = (
            f'IF({low.text}="","{_UNKNOWN}",IF(AND(ABS({low.text})<{LEAST},ABS({high.text})<{LEAST}),"{_SAME}",'
            f'IF(AND({low.text}<=0,{high.text}>=0),"{_MAY_BE}","{_MORE}")))'
        )
        self._sheet.reckoned(row, CHANCE, text, _chance(low.value, high.value), look="after_number")
        if is_better(metric, 1.0) is None:
            return
        above, below = ("better", "worse") if is_better(metric, 1.0) else ("worse", "better")
        now = "" if abs(mean.value) < LEAST else above if mean.value > 0 else below
        text = f'IF(ABS({mean.text})<{LEAST},"",IF({mean.text}>0,"{above}","{below}"))'
        self._sheet.reckoned(row, BETTER, text, now, look="after_number")


def _chance(low: float, high: float) -> str:
    if math.isnan(low):
        return _UNKNOWN
    if max(abs(low), abs(high)) < LEAST:
        return _SAME
    return _MAY_BE if low <= 0 <= high else _MORE
