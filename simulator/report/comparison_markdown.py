"""A comparison as Markdown for a pull request: the verdict, the plans side by side, and what would change it."""

from collections.abc import Iterator, Sequence

from simulator.report import format as form
from simulator.report.answer import Wanted, against_title
from simulator.report.bill_tables import sources
from simulator.report.brief import Brief
from simulator.report.markdown import table, written
from simulator.report.tables import chance_note, short_rows
from simulator.studies.comparison import Comparison, PlanResult
from simulator.studies.headline import objections
from simulator.studies.recommendation import how_sure

_BILL_HEADS = ("item", "quantity", "unit", "price", "USD/month")
_BILL_ALIGNED = (":--", "--:", ":--", "--:", "--:")


def comparison_markdown(comparison: Comparison, wanted: Wanted) -> str:
    """Return what ``predcost run --format markdown`` prints."""
    return "\n".join(_lines(Brief(comparison), wanted)).rstrip() + "\n"


def _lines(brief: Brief, wanted: Wanted) -> Iterator[str]:
    comparison = brief.comparison
    choice, character = brief.verdict
    yield f"### {written(choice)}"
    yield ""
    yield written(character)
    yield ""
    if not wanted.full:
        yield from (f"{written(sentence)}\n" for sentence in how_sure(comparison))
    yield from _comparison(brief, wanted)
    if wanted.full:
        yield from _listed("Recommendation", brief.answer)
    else:
        yield from _listed(against_title(comparison), objections(comparison, brief.plan_names))
    yield from (f"> **Warning:** {written(warning)}\n" for warning in brief.warnings)
    yield from _listed("What would change it", brief.changes)
    if wanted.full:
        yield from _listed("Simulation and closed form are apart", brief.apart)
    billed = [plan for plan in brief.ranked if wanted.full or plan.name in wanted.bills]
    for plan in billed:
        yield from _bill(plan)
    yield from _listed("Prices", sources(billed))


def _comparison(brief: Brief, wanted: Wanted) -> Iterator[str]:
    """Yield the plans side by side, best first."""
    comparison = brief.comparison
    sections = brief.rows if wanted.full else tuple(short_rows(comparison))
    heads = ["", *(written(brief.plan_names[name]) for name in comparison.ranking)]
    rows = [
        [written(row.label), *(written(row.cells[name]) for name in comparison.ranking)]
        for section in sections
        for row in section
    ]
    aligned = [":--", *["--:"] * len(comparison.ranking)]
    yield from table(" · ".join(brief.provenance), heads, rows, aligned, is_folded=False)
    if comparison.replications > 1:
        yield f"<sub>{written(chance_note(comparison, full=wanted.full))}</sub>"
        yield ""


def _listed(title: str, told: Sequence[str]) -> Iterator[str]:
    if told:
        yield f"**{title}**"
        yield ""
        yield from (f"- {written(sentence)}" for sentence in told)
        yield ""


def _bill(plan: PlanResult) -> Iterator[str]:
    lines = plan.bill.lines
    rows = [
        (
            line.item,
            form.count(line.quantity),
            line.unit,
            form.price(line.price_usd),
            form.usd_on_bill(line.usd_per_month),
        )
        for line in lines
    ]
    total = form.usd(plan.bill.total_usd_per_month)
    cells = [[written(cell) for cell in row] for row in rows]
    title = f"Bill: {form.one_line(plan.name)}, {total} per 30-day month"
    yield from table(
        title, _BILL_HEADS, [*cells, ("**total**", "", "", "", f"**{total}**")], _BILL_ALIGNED, is_folded=True
    )
