"""A run's workbook, sheet by sheet."""

from pathlib import Path

from simulator.core.errors import UserError
from simulator.report.brief import Brief
from simulator.report.workbook.assumptions import write_assumptions, write_notes
from simulator.report.workbook.bill_sheets import write_bills
from simulator.report.workbook.charts import Charts
from simulator.report.workbook.comparison import write_comparison
from simulator.report.workbook.differences import write_differences
from simulator.report.workbook.inputs import Inputs
from simulator.report.workbook.ranking import write_ranking
from simulator.report.workbook.replications import Replications
from simulator.report.workbook.spreadsheet import Spreadsheet
from simulator.report.workbook.summary import Summary
from simulator.report.workbook.usage import write_usage

MOST_REPLICATIONS = 8_000
"""Sheets have 16,384 columns, and some take two for each."""
INPUT_TAB, LIVE_TAB = "#D9B84A", "#0072B2"
"""Colours of the sheet that may be changed, and of those that show what follows."""


def write_run_workbook(brief: Brief, path: Path) -> None:
    """Write the workbook of a comparison.

    Parameters
    ----------
    brief, path
        What is to be said of it, and where to; what is there is replaced.

    Raises
    ------
    UserError
        If it has more replications than a sheet has columns for.
    """
    comparison = brief.comparison
    if comparison.replications > MOST_REPLICATIONS:
        raise UserError(
            f"a workbook has room for {MOST_REPLICATIONS:,} replications, each in columns of its own, and this run has "
            f"{comparison.replications:,}"
        )
    with Spreadsheet(path, brief.title) as book:
        summary, drawn = book.sheet("Summary", LIVE_TAB), book.sheet("Charts", LIVE_TAB)
        prices = book.sheet("Prices", INPUT_TAB)
        bill_sheets = {name: book.sheet(f"Bill {name}", LIVE_TAB) for name in comparison.ranking}
        compared, differences, assumptions, notes = map(
            book.sheet, ("Comparison", "Differences", "Assumptions", "Notes")
        )
        used, repeated, ranked = map(book.sheet, ("Usage", "Replications", "Ranking"))
        inputs = Inputs.written(prices, comparison)
        usage = write_usage(used, comparison)
        bills = write_bills(bill_sheets, comparison, usage, inputs)
        replications = Replications.written(repeated, comparison, usage, inputs)
        ranking = write_ranking(ranked, brief, replications, bills)
        Summary(summary, brief, inputs, ranking).write()
        Charts(drawn, comparison, usage, bills, replications, ranking).write()
        write_comparison(compared, comparison, replications, bills)
        write_differences(differences, comparison, replications)
        write_assumptions(assumptions, brief)
        write_notes(notes, brief)
