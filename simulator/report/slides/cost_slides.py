"""What each plan costs and brings in, and the items of its bill."""

import math
from collections.abc import Iterator, Mapping

from simulator.core.estimate import Estimate
from simulator.report import format as form
from simulator.report.brief import Brief
from simulator.report.plan_styles import drawn_plans, plan_styles
from simulator.report.slides.deck import Bars, Column, Label, Paint, Series, Slide
from simulator.report.slides.intervals import chance_caption, ends_of, interval_notes, interval_series, with_interval
from simulator.report.slides.naming import ROOMY, beside_bars, called
from simulator.report.slides.scales import money_axis, signed_usd_format, usd_format
from simulator.studies.comparison import COST, NET_VALUE, PlanResult

PALEST = 0.72
"""Fading of the smallest item of a bill."""
LEAST_NAMED = 0.17
"""A part of a bar is named in it where it is so long, as a share of the axis."""
NEARLY_ALL = 0.995


def cost_slides(brief: Brief) -> Iterator[Slide]:
    """Yield them; the items only where anything costs something, the value only where it is known."""
    from simulator.report.charts.cost import cost_title  # noqa: PLC0415  (matplotlib comes with the charts' titles)
    from simulator.report.charts.net_value import net_value_title  # noqa: PLC0415

    comparison = brief.comparison
    yield _cost_slide(brief, cost_title(comparison))
    if any(plan.cost_usd_per_month > 0 for plan in brief.ranked):
        yield _items_slide(brief)
    if comparison.weighs_value and len(comparison.plans) > 1:
        yield _value_slide(brief, net_value_title(comparison))


def _cost_slide(brief: Brief, title: str) -> Slide:
    """Return what each plan costs, the cheapest on top."""
    comparison = brief.comparison
    plans = sorted(drawn_plans(comparison), key=lambda plan: comparison.plans[plan].cost_usd_per_month)
    found = {plan: comparison.plans[plan].metrics[COST] for plan in plans}
    notes = list(interval_notes(brief, COST, plans))
    bars = _money_bars(brief, found, "Cost per month, USD", f"Bar chart of the cost of each plan. {'; '.join(notes)}.")
    caption = f"Cost per 30-day month{', cheapest first' if len(plans) > 1 else ''}{chance_caption(comparison)}"
    return Slide("cost", title, bars, caption, [title, *notes, brief.chance])


def _value_slide(brief: Brief, title: str) -> Slide:
    """Return what each plan brings in against the best one, paired by replication."""
    comparison, best = brief.comparison, brief.comparison.ranking[0]
    others = [plan for plan in comparison.ranking[1:] if plan in drawn_plans(comparison)]
    found = {plan: comparison.difference(plan, best, NET_VALUE) for plan in others}
    notes = [f"{brief.plan_names[plan]}: {with_interval(NET_VALUE, gap)}" for plan, gap in found.items()]
    against = f"Net value per month against {called(comparison, best)}"
    bars = _money_bars(brief, found, f"{against}, USD", f"Bar chart. {against}: {'; '.join(notes)}.")
    caption = f"{against}, by the scenario's own weights{chance_caption(comparison)}"
    whole = ["Net value, and not against another plan:", *interval_notes(brief, NET_VALUE, comparison.ranking)]
    return Slide("value", title, bars, caption, [title, *notes, *whole, brief.chance])


def _money_bars(brief: Brief, found: Mapping[str, Estimate], title: str, spoken: str) -> Bars:
    """Return a bar for each plan, with its interval."""
    plans, means = list(found), list(found.values())
    axis, styles, labels = money_axis(title, ends_of(means)), plan_styles(brief.comparison), beside_bars(list(found))
    paints = [Paint.of(styles[plan]) for plan in plans]
    formats = [signed_usd_format(each.mean) for each in means]
    series = interval_series(title, means, paints, formats, axis)
    ends = [Column("low", [_known(each.low) for each in means]), Column("high", [_known(each.high) for each in means])]
    return Bars([labels[plan] for plan in plans], [series], axis, spoken, beside=ends)


def _known(end: float) -> float | None:
    return None if math.isnan(end) else end


def _items_slide(brief: Brief) -> Slide:
    """Return the bills as bars, item by item; an item is named in its bar where there is room."""
    comparison = brief.comparison
    plans = sorted(drawn_plans(comparison), key=lambda plan: comparison.plans[plan].cost_usd_per_month)
    bills = {plan: by_item(comparison.plans[plan]) for plan in plans}
    most = {item: max(bill.get(item, 0.0) for bill in bills.values()) for bill in bills.values() for item in bill}
    axis = money_axis("Cost, USD per 30-day month", [math.fsum(bill.values()) for bill in bills.values()], room=1.0)
    styles, labels = plan_styles(comparison), beside_bars(plans)
    series = []
    for item in largest_first(most):
        values = [bills[plan].get(item, 0.0) for plan in plans]
        paints = [Paint.of(styles[plan], _fading(bills[plan], item)) for plan in plans]
        named = [
            Label(usd_format(value), named=True, valued=len(plans) <= ROOMY)
            if value > LEAST_NAMED * axis.span
            else None
            for value in values
        ]
        series.append(Series(item, values, paints, named))
    said = [f"{brief.plan_names[plan]}: {_bill_said(bills[plan])}" for plan in plans]
    spoken = f"Stacked bars of each plan's bill. {'; '.join(said)}."
    bars = Bars([labels[plan] for plan in plans], series, axis, spoken, stacked=True)
    caption = "Items of each bill, per 30-day month; those without a name here are in the notes and the chart's data"
    return Slide("items", _items_title(brief, bills), bars, caption, said)


def by_item(plan: PlanResult) -> dict[str, float]:
    """Return what a plan spends on each item of its bill. [USD per 30-day month]"""
    found: dict[str, float] = {}
    for line in plan.bill.lines:
        found[line.item] = found.get(line.item, 0.0) + line.usd_per_month
    return found


def largest_first(amounts: Mapping[str, float]) -> list[str]:
    """Return items, that with the largest amount first."""
    return sorted(amounts, key=lambda item: (-abs(amounts[item]), item))


def _fading(bill: Mapping[str, float], item: str) -> float:
    ranked = largest_first(bill)
    return PALEST * ranked.index(item) / max(len(ranked) - 1, 1) if item in bill else 0.0


def _bill_said(bill: Mapping[str, float]) -> str:
    return ", ".join(f"{item} {form.usd_on_bill(bill[item])}" for item in largest_first(bill)) or "nothing"


def _items_title(brief: Brief, bills: Mapping[str, Mapping[str, float]]) -> str:
    name = brief.comparison.ranking[0]
    total, first = math.fsum(bills[name].values()), next(iter(largest_first(bills[name])), "")
    if not total:
        return f"{form.capital(called(brief.comparison, name))} costs nothing"
    share = bills[name][first] / total
    part = "all" if share == 1 else "nearly all" if share > NEARLY_ALL else form.about_share(share)
    return form.capital(f"{part} of what {called(brief.comparison, name)} costs is {first}")
