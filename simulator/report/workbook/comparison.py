"""The sheet of all metrics of all plans."""

from collections.abc import Mapping

from simulator.report import format as form
from simulator.report.metric_order import metrics_of_all
from simulator.report.workbook.bill_sheets import BillSheet
from simulator.report.workbook.replications import Replications
from simulator.report.workbook.spreadsheet import COUNT, LOT_USD, SECONDS, SHARE, USD, Sheet
from simulator.studies import metric_kinds
from simulator.studies.comparison import Comparison
from simulator.studies.consumption import STATED_RANGES
from simulator.studies.metric_kinds import Unit
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
    return LOT_USD if metric == "cost_usd_per_1k_requests" else BY_UNIT[metric_kinds.unit_of(metric)]


def write_comparison(
    sheet: Sheet, comparison: Comparison, replications: Replications, bills: Mapping[str, BillSheet]
) -> None:
    """Write every metric of every plan: mean, low and high, those that need prices as formulas."""
    sheet.widths(38, 30, 16, 20)
    sheet.columns(RANGE + 1, 3 * len(comparison.plans), 13)
    sheet.text(0, 0, "Comparison", "title")
    sheet.text(
        1, 0, "Every metric of every plan, mean over replications; what needs prices is reckoned anew.", "subtitle"
    )
    sheet.heads(FIRST - 1, ("metric", "its name in JSON", "unit", "low to high"), left=4)
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
