"""What each plan costs, item by item; what that buys is in `net_value`."""

import math
from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from simulator.prices.bill import BillLine
from simulator.report import format as form
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
    plan_labels,
    shown,
    slide,
    verdicts,
)
from simulator.report.charts.theme import in_style, ink_on, theme, tint
from simulator.studies.comparison import COST, Comparison, PlanResult
from simulator.studies.words import of_chance

ALIKE = 0.01
"""Costs that differ by no more than this, relative to the smaller, are about the same, however sure that is."""
PAIR = 2
PALEST = 0.72
SHIFT = 0.1
"""Bars are so far above the middle of their rows, for the text below them. [rows]"""
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
    plan_labels(axes, names, verdicts(comparison), looks(comparison), SHIFT)
    return figure


def cost_title(comparison: Comparison) -> str:
    """Return what the bills say, as a sentence that holds for this comparison."""
    plans = sorted(in_picture(comparison).values(), key=lambda plan: plan.cost_usd_per_month)
    first, best = plans[0], comparison.recommended
    name, amount = called(comparison, first.name), form.usd(first.cost_usd_per_month)
    if len(plans) == 1:
        said = f"{name} costs {amount} a month{'' if first.meets_slo else ', and breaks what it must keep'}"
    elif best is None:
        said = f"no plan meets every bound; {name} is the cheapest, at {amount} a month"
    elif first.name not in {best, *comparison.rivals} and comparison.weighs_value:
        fails = "is overloaded" if first.meets_slo else "breaks what it must keep"
        said = f"{name} is the cheapest, at {amount} a month, but {fails}"
    elif first.name not in {best, *comparison.rivals}:
        amount = form.usd(comparison.plans[best].cost_usd_per_month)
        keeps = " and keeps up" if comparison.passes_over_overloaded else ""
        said = f"{called(comparison, best)} is the cheapest plan that meets every bound{keeps}, at {amount} a month"
    else:
        rivals = {best, *comparison.rivals}
        said = _against_the_next(comparison, [plan for plan in plans if plan.name in rivals], len(plans))
    return form.capital(said)


def _against_the_next(comparison: Comparison, plans: Sequence[PlanResult], drawn: int) -> str:
    """Say what the cheapest saves against the next of those that might be chosen, which is what a choice is between."""
    first = plans[0]
    name, amount = called(comparison, first.name), form.usd(first.cost_usd_per_month)
    if len(plans) == 1:
        return f"{name} is the only plan that meets every bound, at {amount} a month"
    tied = [plan for plan in plans if _alike(comparison, first, plan)]
    if len(tied) == len(plans):
        who = form.listed([called(comparison, plan.name) for plan in tied]) if len(tied) == PAIR else "all plans"
        meeting = "" if len(plans) == drawn or len(tied) == PAIR else " that meet every bound"
        return f"{who}{meeting} cost about the same: {amount} a month"
    following = next(plan for plan in plans if plan not in tied)
    other = called(comparison, following.name)
    then = ", the next" if len(plans) > PAIR else ""
    if comparison.replications > 1 and following.name in comparison.selection.near:
        return f"{name} costs {amount} a month, by chance perhaps no less than {other}{then}"
    if first.cost_usd_per_month == 0:
        return f"{name} costs nothing, {other}{then} {form.usd(following.cost_usd_per_month)} a month"
    fraction = form.ratio(first.cost_usd_per_month, following.cost_usd_per_month)
    if len(tied) == 1:
        return f"{name} costs {amount} a month, {fraction} {other}{then}"
    who = form.listed([called(comparison, plan.name) for plan in tied]) if len(tied) == PAIR else f"{len(tied)} plans"
    return f"{who} cost about the same, {amount} a month, {fraction} {other}"


def _alike(comparison: Comparison, one: PlanResult, other: PlanResult) -> bool:
    if one.name == other.name:
        return True
    gap = comparison.difference(other.name, one.name, COST)
    return abs(gap.mean) <= ALIKE * min(one.cost_usd_per_month, other.cost_usd_per_month)


def _subtitle(comparison: Comparison) -> str:
    interval = f"; ± is {of_chance()}, of the total" if comparison.replications > 1 else ""
    return f"Cost per 30-day month by item of the bill, cheapest first{interval}"


def _end(plan: PlanResult) -> float:
    estimate = plan.metrics[COST]
    return max(estimate.mean, plan.bill.total_usd_per_month, 0.0 if math.isnan(estimate.high) else estimate.high)


def _bar(axes: Axes, place: int, plan: PlanResult, look: Look, rows: int) -> None:
    row_in = (TOP - BOTTOM) * HEIGHT_IN / rows
    size, small = (13.0, 12.0) if row_in >= ROOMY_ROW_IN else (10.5, 9.5)
    height = min(0.54, 1.1 / row_in)
    usd_per_in = axes.get_xlim()[1] / ((RIGHT - _AXES_LEFT) * WIDTH_IN)
    middle, start, unlabelled = place - SHIFT, 0.0, []
    for rank, line in enumerate(sorted(plan.bill.lines, key=lambda line: -line.usd_per_month)):
        fill = tint(look.colour, PALEST * rank / max(len(plan.bill.lines) - 1, 1))
        axes.barh(
            middle,
            line.usd_per_month,
            height,
            start,
            color=fill,
            edgecolor=theme().paper,
            linewidth=1,
            hatch=look.hatch or None,
            label=line.item,
        )
        text = _inside(line, line.usd_per_month / usd_per_in, size, two_lines=height * row_in >= 0.55)  # noqa: PLR2004
        if text:
            axes.text(
                start + line.usd_per_month / 2, middle, text, size=size, color=ink_on(fill), ha="center", va="center"
            )
        elif line.usd_per_month > 0:
            unlabelled.append(f"{line.item} {form.usd_on_bill(line.usd_per_month)}")
        start += line.usd_per_month
    _total(axes, middle, plan, usd_per_in, size)
    if unlabelled:
        text = f"also {', '.join(unlabelled)}" if len(unlabelled) < len(plan.bill.lines) else ", ".join(unlabelled)
        room_in = (RIGHT - _AXES_LEFT) * WIDTH_IN
        below = middle + height / 2 + 0.04 / row_in
        white = {"facecolor": theme().paper, "edgecolor": "none", "pad": 1.0}
        axes.text(0, below, wrapped(text, small, room_in, 1), size=small, color=theme().quiet, va="top", bbox=white)


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
