"""What each plan costs, item by item; what that buys is in `net_value`."""

import math
from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from simulator.prices.bill import BillLine
from simulator.report import format as form
from simulator.report.charts.claims import choice
from simulator.report.charts.labels import plan_labels
from simulator.report.charts.lettering import width_in, wrapped
from simulator.report.charts.look import (
    BOTTOM,
    HEIGHT_IN,
    RIGHT,
    ROOMY_ROW_IN,
    TOP,
    WIDTH_IN,
    Look,
    called,
    in_picture,
    looks,
    on_area,
    shown,
    slide,
    verdicts,
)
from simulator.report.charts.theme import in_style, theme, tint
from simulator.studies.comparison import COST, Comparison, PlanResult
from simulator.studies.words import of_chance

PALEST = 0.72
SHIFT, SHIFT_MORE_IN = 0.1, 0.45
"""Bars are so far above the middle of their rows, for the text below them, and more in lower rows. [rows, inches]"""
NARROWEST_IN = 0.04
"""Half an interval narrower than this is only written, for its whisker would be a blot. [inches]"""
_AXES_LEFT = 0.25
_TOTAL_IN = 2.3
"""Room for the total, right of the longest bar. [inches]"""


@in_style
def cost(comparison: Comparison) -> Figure:
    """Draw the cost per month of every plan as a bar of its bill's items, the cheapest on top.

    Returns
    -------
    Figure
        One horizontal bar per plan; items too small to be labelled in the bar are listed below it.
    """
    names = sorted(shown(comparison), key=lambda name: comparison.plans[name].cost_usd_per_month)
    figure = slide(comparison, cost_title(comparison), _subtitle(comparison))
    axes = figure.add_axes((_AXES_LEFT, BOTTOM, RIGHT - _AXES_LEFT, TOP - BOTTOM))
    most = max(_end(comparison.plans[name]) for name in names)
    width_of_axes_in = (RIGHT - _AXES_LEFT) * WIDTH_IN
    axes.set_xlim(0, most * width_of_axes_in / (width_of_axes_in - _TOTAL_IN) if most > 0 else 1.0)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.xaxis.set_major_formatter(lambda amount, _: form.usd(amount).removesuffix(".00"))
    axes.locator_params(axis="x", nbins=6)
    axes.grid(axis="x")
    axes.set_xlabel("Cost, USD per 30-day month")
    for place, name in enumerate(names):
        _bar(axes, place, comparison.plans[name], looks(comparison)[name], len(names))
    plan_labels(axes, names, verdicts(comparison), looks(comparison), _shift(len(names)))
    return figure


def cost_title(comparison: Comparison) -> str:
    """Return what the bills say, as a sentence that holds for this comparison."""
    plans = sorted(in_picture(comparison).values(), key=lambda plan: plan.cost_usd_per_month)
    first, best = plans[0], comparison.recommended
    name, amount = called(comparison, first.name), form.usd(first.cost_usd_per_month)
    if len(plans) == 1:
        said = f"{name} costs {amount} a month{'' if first.meets_slo else ', and breaks what it must keep'}"
    elif best is None:
        no_plan = "this is too little to choose by" if comparison.is_too_little else "no plan meets every bound"
        said = f"{no_plan}; {_cheapest(comparison, plans)}"
    elif comparison.weighs_value:
        said = _cheapest(comparison, plans)
        if first.name not in {best, *comparison.rivals} and said.startswith(name):
            said += f", but {'is overloaded' if first.meets_slo else 'breaks what it must keep'}"
    elif first.name in {best, *comparison.rivals} or not comparison.rivals:
        said = choice(comparison)
    else:
        said = f"of the plans that meet every bound, {choice(comparison)}"
    return form.capital(said)


def _cheapest(comparison: Comparison, plans: Sequence[PlanResult]) -> str:
    """Say which plan is the cheapest of all, if one surely is."""
    first = plans[0]
    gaps = {plan.name: comparison.difference(plan.name, first.name, COST) for plan in plans[1:]}
    if any(gap.includes_zero for gap in gaps.values()):
        return f"the cheapest plans cost about {form.usd(first.cost_usd_per_month)} a month"
    return f"{called(comparison, first.name)} is the cheapest, at {form.usd(first.cost_usd_per_month)} a month"


def _subtitle(comparison: Comparison) -> str:
    one = "; one replication, so that chance is not known"
    interval = f"; ± is {of_chance()}, of the total" if comparison.replications > 1 else one
    return f"Cost per 30-day month by item of the bill, cheapest first{interval}"


def _end(plan: PlanResult) -> float:
    estimate = plan.metrics[COST]
    return max(estimate.mean, plan.bill.total_usd_per_month, 0.0 if math.isnan(estimate.high) else estimate.high)


def _bar(axes: Axes, place: int, plan: PlanResult, look: Look, rows: int) -> None:
    row_in = (TOP - BOTTOM) * HEIGHT_IN / rows
    size, small = next((sizes for room_in, *sizes in _SIZES if row_in >= room_in), _SIZES[-1][1:])
    height = min(0.54, 1.1 / row_in)
    usd_per_in = axes.get_xlim()[1] / ((RIGHT - _AXES_LEFT) * WIDTH_IN)
    middle, start, unlabelled = place - _shift(rows), 0.0, []
    is_labelled = False
    for rank, line in enumerate(sorted(plan.bill.lines, key=lambda line: -line.usd_per_month)):
        fill, usd = tint(look.colour, PALEST * rank / max(len(plan.bill.lines) - 1, 1)), line.usd_per_month
        around = {"edgecolor": theme().paper, "linewidth": 1, "hatch": look.hatch or None}
        axes.barh(middle, usd, height, start, color=fill, label=line.item, **around)  # type: ignore[arg-type]
        text = _inside(line, usd / usd_per_in, size, two_lines=height * row_in >= 0.55)  # noqa: PLR2004
        if text:
            on_area(axes, (start + usd / 2, middle), text, fill, size)
            is_labelled = True
        elif usd > 0:
            unlabelled.append(f"{line.item} {form.usd_on_bill(usd)}")
        start += usd
    _total(axes, middle, plan, usd_per_in, size)
    if unlabelled:
        text = f"{'also ' if is_labelled else ''}{', '.join(unlabelled)}"
        room_in = (RIGHT - _AXES_LEFT) * WIDTH_IN
        below = middle + height / 2 + 0.04 / row_in
        axes.text(0, below, wrapped(text, small, room_in, 1), size=small, color=theme().quiet, va="top")


def _shift(rows: int) -> float:
    """Return how far bars are above the middle of their rows. [rows]"""
    return SHIFT if (TOP - BOTTOM) * HEIGHT_IN / rows >= SHIFT_MORE_IN else 1.8 * SHIFT


_SIZES = ((ROOMY_ROW_IN, 13.0, 12.0), (0.45, 10.5, 9.5), (0.0, 10.0, 8.5))
"""From which height of a row on, sizes of the amounts and of what stands below the bar. [inches, pt, pt]"""


def _inside(line: BillLine, room_in: float, size: float, *, two_lines: bool) -> str:
    """Return what is written into a bar's part; empty where it does not fit."""
    amount = form.usd_on_bill(line.usd_per_month)
    parts = [line.item, amount] if two_lines else [f"{line.item} {amount}"]
    return "\n".join(parts) if all(width_in(part, size) + 0.15 <= room_in for part in parts) else ""


def _total(axes: Axes, place: float, plan: PlanResult, usd_per_in: float, size: float) -> None:
    estimate = plan.metrics[COST]
    if estimate.half_width > NARROWEST_IN * usd_per_in:
        low, high = max(estimate.low, 0.0), estimate.high
        axes.errorbar(
            estimate.mean,
            place,
            xerr=[[estimate.mean - low], [high - estimate.mean]],
            color=theme().ink,
            capsize=5,
            linewidth=1.5,
        )
    begin = _end(plan) + 0.12 * usd_per_in
    total = axes.text(begin, place, form.usd(estimate.mean), size=size + 5, weight="bold", va="center")
    within = form.usd_within(estimate)
    after = begin + (width_in(total.get_text(), size + 5, bold=True) + 0.1) * usd_per_in
    axes.text(after, place, within, size=size, color=theme().quiet, va="center")
