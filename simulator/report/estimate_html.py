"""What an estimate shows of itself in a notebook."""

from collections.abc import Iterator
from html import escape

from simulator.report import format as form
from simulator.report.estimate_tables import SHOWN, UNKNOWN, bill_cell, estimate_cell, left_out
from simulator.report.notebook import folded, html_table, paragraphs, shown
from simulator.report.plan_styles import styles_of
from simulator.studies.consumption import COST
from simulator.studies.planner.estimating import Estimates

WIDTH, ROW, BAR, NAMES, AMOUNTS = 760, 28, 16, 200, 110
"""Of the picture of the costs. [pixels]"""
LETTERS = 28


def estimate_html(estimates: Estimates) -> str:
    """Return it: what every plan costs, in a picture and with all values; bill and gaps folded away."""
    plans = list(estimates.plans.values())
    names = [form.one_line(name) for name in estimates.plans]
    heads = ("", *names)
    rows = [
        (label, *(estimate_cell(plan, metric) for plan in plans))
        for group in SHOWN
        for label, metric in group
        if any(metric in plan.metrics for plan in plans)
    ]
    items = dict.fromkeys(line.item for plan in plans if plan.bill for line in plan.bill.lines)
    bill = [(item, *(bill_cell(plan, item) for plan in plans)) for item in items]
    title = f"{form.one_line(estimates.scenario.name)}: by closed forms, nothing is simulated"
    return shown(
        f"<p><strong>{escape(title)}</strong></p>",
        cost_bars(estimates),
        html_table(heads, rows),
        paragraphs(["~ marks what is approximate and ? what no closed form gives; all else is exact but for chance."]),
        folded("the bill by line, USD per 30-day month", html_table(heads, bill)),
        folded("what ~ leaves out, or ? lacks", paragraphs(left_out(plans))),
    )


def cost_bars(estimates: Estimates) -> str:
    """Return a picture of what every plan costs, as SVG: slanting lines mean a closed form."""
    title = "Cost per month by plan, by closed forms"
    height = ROW * len(estimates.plans)
    size = f'width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}" style="max-width: 100%; height: auto"'
    said = f"<title>{title}</title>{''.join(_bars(estimates))}"
    return f'<svg role="img" aria-label="{title}" {size} font-size="13" fill="currentColor">{said}</svg>'


def _bars(estimates: Estimates) -> Iterator[str]:
    costs = {name: plan.metrics[COST].value for name, plan in estimates.plans.items() if COST in plan.metrics}
    most = max(costs.values(), default=0.0) or 1.0
    styles, names = styles_of(estimates.plans), form.short_names(list(estimates.plans), LETTERS)
    for place, (name, plan) in enumerate(estimates.plans.items()):
        top, colour = place * ROW + (ROW - BAR) // 2, styles[name].colour
        slant = f"predcost-slant-{colour.removeprefix('#')}"
        yield f'<text x="{NAMES - 10}" y="{top + BAR - 3}" text-anchor="end">{escape(names[name])}</text>'
        length = costs.get(name, 0.0) / most * (WIDTH - NAMES - AMOUNTS)
        if name in costs:
            yield (
                f'<pattern id="{slant}" width="6" height="6" patternUnits="userSpaceOnUse" '
                f'patternTransform="rotate(45)"><rect width="3.5" height="6" fill="{colour}"/></pattern>'
                f'<rect x="{NAMES}" y="{top}" width="{max(length, 0.5):.1f}" height="{BAR}" fill="url(#{slant})" '
                f'stroke="{colour}"/>'
            )
        amount = estimate_cell(plan, COST) if name in costs else f"{UNKNOWN} no closed form"
        yield f'<text x="{NAMES + length + 8:.1f}" y="{top + BAR - 3}">{amount}</text>'
