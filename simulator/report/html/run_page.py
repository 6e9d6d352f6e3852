"""The page of a run: the decision first, then what it rests on."""

from dataclasses import dataclass

from simulator.core.units import write_share
from simulator.report import format as form
from simulator.report.brief import Brief
from simulator.report.html import page_tables
from simulator.report.html.page import REBILLING, SORTING, json_of, page
from simulator.report.html.pictures import OnPicture, no_matter, pictures_of
from simulator.report.html.rebilling_data import rebilling_data
from simulator.report.html.settings import setting_groups
from simulator.report.plan_styles import PlanStyle, plan_styles
from simulator.studies.planner.beside import side_by_side

PICTURES = (
    "cost",
    "read_and_unread",
    "age_cdf",
    "latency_cdf",
    "week",
    "pareto",
    "cost_by_activity",
    "tornado",
    "completion_cdf",
)
"""The pictures that decide, the first ones first; all others are drawn on request."""
SECTIONS = (
    ("decision", "Answer"),
    ("comparison", "Comparison"),
    ("prices", "At other prices"),
    ("pictures", "Pictures"),
    ("bills", "Bills"),
    ("assumptions", "Assumptions"),
    ("sure", "How sure"),
    ("scenario", "Scenario"),
    ("again", "Make it again"),
)


def run_page(brief: Brief, on_picture: OnPicture = no_matter) -> str:
    """Return the report of a comparison as one HTML file; equal ones are equal to the last byte.

    Parameters
    ----------
    brief, on_picture
        What there is to say, and what is called with the name of each picture that is drawn.
    """
    from simulator.report.charts import CHARTS  # noqa: PLC0415  (matplotlib is imported to draw)

    comparison, data = brief.comparison, rebilling_data(brief.comparison)
    text = json_of(data)
    names = ("net_value", *PICTURES) if comparison.weighs_value else PICTURES
    pictures, left_out = pictures_of(comparison, CHARTS, names, on_picture, len(text))
    beside = tuple(side_by_side(comparison))
    context = {
        "title": brief.title,
        "provenance": brief.provenance[1:],
        "sections": SECTIONS,
        "brief": brief,
        "comparison": tuple(page_tables.comparison_tables(brief)),
        "settings": setting_groups(data["terms"]),
        "pictures": pictures,
        "left_out": left_out,
        "bills": _bills(brief),
        "prices": page_tables.price_table(brief.prices),
        "intervals": page_tables.interval_table(brief),
        "probability": _probability(brief),
        "beside": page_tables.beside_table(beside, brief) if beside else None,
        "leaves_out": tuple(dict.fromkeys(what for each in beside for what in each.estimated.leaves_out)),
    }
    return page("run.html.j2", context, (*SORTING, *REBILLING), text)


@dataclass(frozen=True)
class _Line:
    item: str
    quantity: str
    unit: str
    price: str
    usd: str
    detail: str


@dataclass(frozen=True)
class _Bill:
    name: str
    plan: int
    look: PlanStyle
    total: str
    lines: tuple[_Line, ...]


def _bills(brief: Brief) -> list[_Bill]:
    comparison = brief.comparison
    return [
        _Bill(
            brief.plan_names[result.name],
            list(comparison.plans).index(result.name),
            plan_styles(comparison)[result.name],
            form.usd(result.bill.total_usd_per_month),
            tuple(
                _Line(
                    line.item,
                    form.count(line.quantity),
                    line.unit,
                    form.price(line.price_usd),
                    form.usd_on_bill(line.usd_per_month),
                    line.detail,
                )
                for line in result.bill.lines
            ),
        )
        for result in brief.ranked
    ]


def _probability(brief: Brief) -> str:
    """Return how sure the choice is; empty where there is none or nothing says it."""
    selection = brief.comparison.selection
    if not selection.against or not selection.probability > 0:
        return ""
    within = f"within {write_share(selection.indifference_fraction)} of its cost"
    most = form.share(min(int(selection.probability * 1000) / 1000, 0.999))
    return f"That {form.one_line(selection.best or '')} is the best, {within}, has a probability of at least {most}."
