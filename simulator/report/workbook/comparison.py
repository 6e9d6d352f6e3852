"""The sheets of all metrics of all plans, and of how far they are from the first of the ranking."""

from collections.abc import Mapping, Sequence

from simulator.report import format as form
from simulator.report.metric_order import metrics_of_all
from simulator.report.workbook.bill_sheets import BillSheet
from simulator.report.workbook.formulas import Cells, Term, half_width_of, mean_of
from simulator.report.workbook.replications import LiveEstimate, Replications
from simulator.report.workbook.spreadsheet import COUNT, SECONDS, SHARE, UNIT_USD, USD, Sheet
from simulator.studies import metric_kinds
from simulator.studies.comparison import Comparison, Difference
from simulator.studies.consumption import STATED_RANGES
from simulator.studies.metric_kinds import Unit, is_better
from simulator.studies.table_units import NUMBER, unit_of

LABEL, METRIC, UNIT, RANGE = range(4)
FIRST = 5
BY_UNIT = {Unit.USD: USD, Unit.SECONDS: SECONDS, Unit.SHARE: SHARE, Unit.PER_S: COUNT, Unit.NUMBER: COUNT}


def unit_text(metric: str) -> str:
    """Return what a metric is in, as the head of a column says it."""
    if metric_kinds.unit_of(metric) is Unit.SHARE:
        return "share"
    found = unit_of(metric)
    return "" if found == NUMBER else found


def number_format(metric: str) -> str:
    """Return how cells show a metric."""
    return UNIT_USD if metric == "cost_usd_per_1k_requests" else BY_UNIT[metric_kinds.unit_of(metric)]


def write_comparison(
    sheet: Sheet, comparison: Comparison, replications: Replications, bills: Mapping[str, BillSheet]
) -> None:
    """Write every metric of every plan: mean, low and high, those that need prices as formulas."""
    sheet.widths(38, 30, 16, 20)
    sheet.made.set_column(RANGE + 1, RANGE + 3 * len(comparison.plans), 13)
    sheet.text(0, 0, "Comparison", "title")
    sheet.text(
        1, 0, "Every metric of every plan, mean over replications; what needs prices is reckoned anew.", "subtitle"
    )
    sheet.heads(FIRST - 1, ("metric", "name in JSON", "unit", "low to high"), left=4)
    sheet.freeze(FIRST, 1, repeated=(FIRST - 2, FIRST - 1))
    metrics = metrics_of_all(comparison)
    for row, metric in enumerate(metrics, FIRST):
        what = "as assumptions allow" if metric in STATED_RANGES else "95 % of chance"
        for column, text in enumerate((form.metric_label(metric), metric, unit_text(metric), what)):
            sheet.text(row, column, text)
    for place, name in enumerate(comparison.plans):
        column = RANGE + 1 + 3 * place
        style = sheet.book.style("link")
        sheet.made.write_url(FIRST - 2, column, _internal(bills[name].sheet), style, form.one_line(name))
        sheet.heads(FIRST - 1, ("mean", "low", "high"), left=0, column=column)
        for row, metric in enumerate(metrics, FIRST):
            _write_metric(sheet, row, column, metric, comparison, name, replications)
    sheet.made.autofilter(FIRST - 1, 0, FIRST + len(metrics) - 1, RANGE + 3 * len(comparison.plans))


def _internal(sheet: Sheet) -> str:
    return f"internal:{sheet.link()[1:]}"


def _write_metric(
    sheet: Sheet, row: int, column: int, metric: str, comparison: Comparison, name: str, replications: Replications
) -> None:
    live, number = replications.metrics[name].get(metric), number_format(metric)
    if live is not None:
        for place, term in enumerate((live.mean, live.low, live.high)):
            if term is not None:
                sheet.formula(row, column + place, term, number)
    elif metric in comparison.plans[name].metrics:
        found = comparison.plans[name].metrics[metric]
        for place, value in enumerate((found.mean, found.low, found.high)):
            sheet.number(row, column + place, value, number)


DIFFERENCE_HEADS = ("plan", "against", "metric", "name in JSON", "unit", "difference", "low", "high", "chance", "for")
DIFFERENCE_FIRST = 4


def write_differences(sheet: Sheet, comparison: Comparison, replications: Replications) -> None:
    """Write how far every plan is from the first of the ranking as simulated, paired by replication."""
    sheet.widths(30, 22, 38, 30, 16, 16, 16, 16, 26, 10)
    sheet.made.set_column(
        len(DIFFERENCE_HEADS), len(DIFFERENCE_HEADS) + comparison.replications, 14, None, {"level": 1}
    )
    sheet.text(0, 0, "Differences", "title")
    said = (
        "Every plan less the first of the ranking as simulated, paired by replication; low and high are 95 % of chance."
    )
    sheet.text(1, 0, said, "subtitle")
    numbers = [f"replication {number}" for number in range(1, comparison.replications + 1)]
    sheet.heads(DIFFERENCE_FIRST - 1, (*DIFFERENCE_HEADS, *numbers), left=5)
    for column in (8, 9):
        sheet.text(DIFFERENCE_FIRST - 1, column, DIFFERENCE_HEADS[column], "head")
    sheet.freeze(DIFFERENCE_FIRST, 1)
    row = DIFFERENCE_FIRST
    for row, difference in enumerate(comparison.differences, DIFFERENCE_FIRST):
        _write_difference(sheet, row, difference, replications)
    sheet.made.autofilter(DIFFERENCE_FIRST - 1, 0, row, len(DIFFERENCE_HEADS) - 1)


def _write_difference(sheet: Sheet, row: int, difference: Difference, replications: Replications) -> None:
    metric, number = difference.metric, number_format(difference.metric)
    texts = (form.one_line(difference.plan), form.one_line(difference.against), form.metric_label(metric), metric)
    for column, text in enumerate((*texts, unit_text(metric))):
        sheet.text(row, column, text)
    own = replications.metrics[difference.plan].get(metric)
    other = replications.metrics[difference.against].get(metric)
    found = difference.estimate
    if own is None or other is None:
        cells = [
            sheet.number(row, 5 + place, value, number)
            for place, value in enumerate((found.mean, found.low, found.high))
        ]
    else:
        cells = _live_difference(sheet, row, own, other, number)
    mean, low, high = (cell.text for cell in cells)
    chance = f'IF({low}="","one replication",IF(AND({low}<=0,{high}>=0),"may be chance alone","more than chance"))'
    sheet.reckoned(row, 8, chance, _chance(found.low, found.high), look="text")
    better = is_better(metric, 1.0)
    if better is not None:
        above, below = ("better", "worse") if better else ("worse", "better")
        now = above if found.mean > 0 else below if found.mean < 0 else ""
        sheet.reckoned(row, 9, f'IF({mean}>0,"{above}",IF({mean}<0,"{below}",""))', now, look="text")


def _chance(low: float, high: float) -> str:
    if low != low:  # noqa: PLR0124  (NaN: one replication has no interval)
        return "one replication"
    return "may be chance alone" if low <= 0 <= high else "more than chance"


def _live_difference(sheet: Sheet, row: int, own: LiveEstimate, other: LiveEstimate, number: str) -> list[Term]:
    left = len(DIFFERENCE_HEADS)
    pairs: Sequence[tuple[Term, Term]] = list(zip(own.replications, other.replications, strict=False))
    gaps = [sheet.formula(row, left + place, one - two, number).value for place, (one, two) in enumerate(pairs)]
    cells: Cells = sheet.cells((row, left), (row, left + len(gaps) - 1), gaps)
    mean = sheet.formula(row, 5, mean_of(cells), number)
    if len(gaps) == 1:
        return [mean, *(sheet.number(row, column, float("nan"), number) for column in (6, 7))]
    half = half_width_of(cells)
    return [mean, sheet.formula(row, 6, mean - half, number), sheet.formula(row, 7, mean + half, number)]
