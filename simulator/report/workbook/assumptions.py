"""The sheets of what the result rests on, and of how sure it is."""

from collections.abc import Sequence

from simulator.report import format as form
from simulator.report.brief import Assumption, Brief
from simulator.report.workbook.spreadsheet import Sheet

FIRST = 4
HEADS = ("what", "value", "source", "date")


def write_assumptions(sheet: Sheet, brief: Brief) -> None:
    """Write every input of the scenario, and every price of the bills."""
    said = "Every price of the bills as simulated, and every value of the scenario, defaults included."
    write_table(sheet, (*brief.prices, *brief.inputs), said)


def write_table(sheet: Sheet, assumptions: Sequence[Assumption], said: str) -> None:
    """Write assumptions, a row for each."""
    sheet.widths(62, 40, 70, 14)
    sheet.text(0, 0, "Assumptions", "title")
    sheet.text(1, 0, said, "subtitle")
    sheet.heads(FIRST - 1, HEADS, left=len(HEADS))
    sheet.freeze(FIRST, 1)
    for row, each in enumerate(assumptions, FIRST):
        for column, text in enumerate((each.what, each.value, each.source, each.date)):
            sheet.text(row, column, form.one_line(text) if text else "", "wrapped")
    sheet.made.autofilter(FIRST - 1, 0, FIRST + len(assumptions) - 1, len(HEADS) - 1)


def write_notes(sheet: Sheet, brief: Brief) -> None:
    """Write how sure it is, how the workbook reckons, and how to make it again."""
    sheet.widths(*[20.0] * 7)
    sheet.text(0, 0, "How sure it is, and how this workbook reckons", "title")
    row = 2
    notes = form.one_line(brief.comparison.book.notes) if brief.comparison.book.notes else ""
    parts: tuple[tuple[str, Sequence[str]], ...] = (
        ("Chance", (brief.chance, "Comparison and Differences have the interval of every metric.")),
        ("Simulation and closed forms", brief.apart),
        ("Warnings", brief.warnings),
        ("How it reckons", RECKONS),
        ("Where it is from", (*brief.provenance, *([f"Made again by: {brief.repeat}"] if brief.repeat else []))),
        ("Price book", (notes,) if notes else ()),
    )
    for title, sentences in parts:
        if sentences:
            row = _part(sheet, row, title, sentences)
    sheet.freeze(1)


def _part(sheet: Sheet, row: int, title: str, sentences: Sequence[str]) -> int:
    for column in range(7):
        sheet.text(row, column, title if column == 0 else "", "section")
    for number, sentence in enumerate(sentences, 1):
        sheet.paragraph(row + number, sentence, "wrapped", 6)
    return row + len(sentences) + 2


RECKONS = tuple(
    """\
Yellow cells on Prices are inputs. Bills, Replications, Ranking, Summary, Charts and what needs prices on Comparison \
and Differences are formulas that follow from them. Usage, ages, latencies and bounds do not depend on prices.
A sheet 'Bill ...' has the bill of the mean usage. The cost on Summary and Comparison is the mean of the bills of all \
replications, each on Replications. They are the same but for tiers, free units and commitments.
Lines of one meter share its tiers and free units. Discounts are off the price after these, one after another. \
Commitments cover what is left at their discount, in their order, and what they leave unused is paid; they are settled \
over the month as a whole, as if usage were the same in every hour.
Which lines an agreed discount or commitment holds for was settled by its meters when the workbook was made. To try a \
discount, set a share below 'Discounts to try' on Prices.
Sentences, and whether a plan is overloaded or breaks a bound, are those of the simulation: Summary says above the \
ranking when prices were changed since.
Energy and CO2e follow from the price book's figures for energy, and not from prices.""".splitlines()
)
