"""What each plan costs, of what that is made, and what the next one would cost more."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

from simulator.core.estimate import Estimate
from simulator.report import format as form
from simulator.report.brief import Brief
from simulator.report.plan_styles import drawn_plans, plan_styles
from simulator.report.slides.deck import Axis, Bars, Column, Label, Paint, Series, Slide
from simulator.report.slides.naming import beside_bars, called
from simulator.report.slides.scales import axis, usd_axis_format, usd_format
from simulator.studies.comparison import COST, NET_VALUE, Comparison, PlanResult

PALEST = 0.72
"""Fading of the smallest item of a bill."""
LIGHT = 0.45
LEAST_NAMED = 0.17
"""A part of a bar is named in it where it is so long, as a share of the axis."""
MOST_ITEMS = 9
"""Of a difference; what the others add is one bar."""
WIDE = 0.008
"""Whiskers wider than this share of the axis would cross a label beyond the bar's end."""
MORE, LESS = Paint("#D55E00", "#E8690B", fading=LIGHT), Paint("#009E73", "#12B886", fading=LIGHT)
WHOLE = Paint("#595959", "#BFBFBF", fading=LIGHT)


def cost_slides(brief: Brief) -> Iterator[Slide]:
    """Yield them; the last only where there are two plans to compare."""
    yield cost_slide(brief)
    if any(plan.cost_usd_per_month > 0 for plan in brief.ranked):
        yield items_slide(brief)
    yield from difference_slide(brief)
    if brief.comparison.weighs_value:
        yield value_slide(brief)


def whiskers(estimates: Sequence[Estimate]) -> tuple[tuple[float, float] | None, ...]:
    """Return how far intervals reach below and above their means; nothing where there are none."""
    if any(math.isnan(each.low) for each in estimates):
        return ()
    return tuple((each.mean - each.low, each.high - each.mean) for each in estimates)


def interval_notes(brief: Brief, metric: str, names: Sequence[str]) -> Iterator[str]:
    """Yield a line for each plan: the mean and its interval."""
    for name in names:
        found = brief.comparison.plans[name].metrics.get(metric)
        if found is None:
            continue
        ends = "" if math.isnan(found.low) else f" ({_ends(metric, found)})"
        yield f"{brief.plan_names[name]}: {form.metric_text(metric, found.mean)}{ends}"


def _ends(metric: str, found: Estimate) -> str:
    return f"95 % of chance alone: {form.metric_text(metric, found.low)} to {form.metric_text(metric, found.high)}"


def chance_caption(comparison: Comparison) -> str:
    """Return what whiskers are, where there are any."""
    return "; whiskers: 95 % of chance alone" if comparison.replications > 1 else ""


def money_slide(brief: Brief, name: str, metric: str, title: str, caption: str) -> Slide:
    """Return a bar for each plan, with its interval."""
    comparison = brief.comparison
    best_first = -1.0 if metric == NET_VALUE else 1.0
    plans = sorted(drawn_plans(comparison), key=lambda plan: best_first * comparison.plans[plan].metrics[metric].mean)
    found = [comparison.plans[plan].metrics[metric] for plan in plans]
    ends = [end for each in found for end in (each.mean, each.low, each.high) if not math.isnan(end)]
    axis_ = axis(f"{form.capital(form.metric_label(metric))}, USD", "General", ends)
    assert axis_.step is not None and axis_.high is not None and axis_.low is not None
    span = axis_.high - axis_.low
    labels = [Label(_signed_format(each.mean), inside=each.half_width > WIDE * span) for each in found]
    styles, shown = plan_styles(comparison), brief.plan_names
    series = Series(
        form.metric_label(metric),
        [each.mean for each in found],
        [Paint.of(styles[plan]) for plan in plans],
        labels,
        whiskers(found),
    )
    spoken = "; ".join(f"{shown[plan]} {form.usd(each.mean)}" for plan, each in zip(plans, found, strict=True))
    bars = Bars(
        [beside_bars(plans)[plan] for plan in plans],
        [series],
        with_money(axis_),
        f"Bar chart of the {form.metric_label(metric)} of each plan: {spoken}.",
        beside=_ends_beside(found),
    )
    return Slide(name, title, bars, caption, [title, *interval_notes(brief, metric, plans), brief.chance])


def _signed_format(amount: float) -> str:
    return usd_format(amount) if amount >= 0 else f"{usd_format(amount)};{usd_format(amount, '-')}"


def with_money(axis_: Axis) -> Axis:
    """Return an axis with amounts of money on it."""
    return replace(axis_, number_format=usd_axis_format(axis_.step or 1.0))


def _ends_beside(found: Sequence[Estimate]) -> tuple[Column, ...]:
    if any(math.isnan(each.low) for each in found):
        return ()
    return (
        Column("low, 95 % of chance", [each.low for each in found]),
        Column("high, 95 % of chance", [each.high for each in found]),
    )


def cost_slide(brief: Brief) -> Slide:
    """Return what each plan costs a month, the cheapest on top."""
    from simulator.report.charts.cost import cost_title  # noqa: PLC0415  (matplotlib is imported with it)

    comparison = brief.comparison
    caption = f"Cost per 30-day month, cheapest first{chance_caption(comparison)}"
    return money_slide(brief, "cost", COST, cost_title(comparison), caption)


def value_slide(brief: Brief) -> Slide:
    """Return what each plan brings in, the most on top."""
    from simulator.report.charts.net_value import net_value_title  # noqa: PLC0415

    comparison = brief.comparison
    caption = f"Value by the scenario's own weights, less cost, per 30-day month{chance_caption(comparison)}"
    return money_slide(brief, "value", NET_VALUE, net_value_title(comparison), caption)


def items_slide(brief: Brief) -> Slide:
    """Return the bills as bars, item by item; an item is named in its bar where there is room."""
    comparison = brief.comparison
    plans = sorted(drawn_plans(comparison), key=lambda plan: comparison.plans[plan].cost_usd_per_month)
    amounts = {plan: _by_item(comparison.plans[plan]) for plan in plans}
    items = sorted(
        {item for found in amounts.values() for item in found},
        key=lambda item: (-max(found.get(item, 0.0) for found in amounts.values()), item),
    )
    scale = axis("Cost, USD per 30-day month", "", [math.fsum(found.values()) for found in amounts.values()], 1.0)
    styles = plan_styles(comparison)
    series = []
    for item in items:
        values = [amounts[plan].get(item, 0.0) for plan in plans]
        fading = [PALEST * _rank(amounts[plan], item) / max(len(amounts[plan]) - 1, 1) for plan in plans]
        paints = [Paint.of(styles[plan], fade) for plan, fade in zip(plans, fading, strict=True)]
        labels = [
            Label(usd_format(value), named=True) if value > LEAST_NAMED * (scale.high or 1) else None
            for value in values
        ]
        series.append(Series(item, values, paints, labels))
    bills = [
        f"{brief.plan_names[plan]}: "
        + ", ".join(f"{item} {form.usd_on_bill(amount)}" for item, amount in _largest_first(amounts[plan]))
        for plan in plans
    ]
    bars = Bars(
        [beside_bars(plans)[plan] for plan in plans],
        series,
        with_money(scale),
        f"Stacked bars of each plan's bill. {'; '.join(bills)}.",
        stacked=True,
    )
    caption = "Items of each bill, per 30-day month; what has no name here is in the notes and in the chart's data"
    return Slide("items", _items_title(brief, amounts), bars, caption, bills)


def _by_item(plan: PlanResult) -> dict[str, float]:
    found: dict[str, float] = {}
    for line in plan.bill.lines:
        found[line.item] = found.get(line.item, 0.0) + line.usd_per_month
    return found


def _largest_first(amounts: dict[str, float]) -> list[tuple[str, float]]:
    return sorted(amounts.items(), key=lambda pair: (-pair[1], pair[0]))


def _rank(amounts: dict[str, float], item: str) -> int:
    return next((place for place, (name, _) in enumerate(_largest_first(amounts)) if name == item), 0)


def _items_title(brief: Brief, amounts: dict[str, dict[str, float]]) -> str:
    name = brief.comparison.ranking[0]
    total = math.fsum(amounts[name].values())
    if not total:
        return f"{form.capital(called(brief.comparison, name))} costs nothing"
    item, amount = _largest_first(amounts[name])[0]
    return form.capital(f"{item} is {form.about_share(amount / total)} of what {called(brief.comparison, name)} costs")


def difference_slide(brief: Brief) -> Iterator[Slide]:
    """Yield what each item of the bill adds to the difference between the best plan and the next, as a waterfall.

    Every step begins where the one before ends, on a bar that cannot be seen; what adds comes first, so that none
    lies below 0.
    """
    comparison = brief.comparison
    pair = compared_pair(comparison)
    if pair is None:
        return
    cheap, dear = sorted(pair, key=lambda name: comparison.plans[name].cost_usd_per_month)
    gap = comparison.difference(dear, cheap, COST)
    steps = _steps(_by_item(comparison.plans[cheap]), _by_item(comparison.plans[dear]))
    if not steps or gap.mean <= 0:
        return
    one, other = called(comparison, dear), called(comparison, cheap)
    title, caption = _gap_title(gap, one, other), f"What each item of the bill adds to the cost of {one}, per month"
    known = () if math.isnan(gap.low) else (gap.low, gap.high)
    ends = [0.0, gap.mean, *known, *(begin + max(amount, 0.0) for _, amount, begin in steps)]
    scale = with_money(axis("Difference of the cost, USD per 30-day month", "", ends))
    notes = [title, *(f"{item}: {form.signed_usd(amount)}" for item, amount, _ in steps)]
    if known:
        notes.append(
            f"All of it: {form.usd(gap.mean)} (95 % of chance alone: {form.usd(gap.low)} to {form.usd(gap.high)})"
        )
    yield Slide("difference", title, _waterfall(steps, gap, scale, notes), caption + chance_caption(comparison), notes)


def compared_pair(comparison: Comparison) -> tuple[str, str] | None:
    """Return the best plan and the next that is not as good; with one plan none."""
    best, *others = comparison.ranking
    if not others:
        return None
    near = {*comparison.selection.as_good, *comparison.selection.near}
    return best, next((name for name in others if name not in near), others[0])


def _gap_title(gap: Estimate, dear: str, cheap: str) -> str:
    said = f"{form.capital(dear)} costs {form.usd(gap.mean)} a month more than {cheap}"
    if math.isnan(gap.low):
        return said
    if gap.includes_zero:
        return f"{form.capital(dear)} costs {form.usd(gap.mean)} a month more than {cheap}, by chance perhaps"
    low, high = form.usd(gap.low), form.usd(gap.high)
    return said if low == high else f"{said}, {low} to {high} by chance alone"


def _steps(before: dict[str, float], after: dict[str, float]) -> list[tuple[str, float, float]]:
    """Return the items that differ, what each adds, and where it begins; those that add first, the largest first."""
    gaps = {item: after.get(item, 0.0) - before.get(item, 0.0) for item in {**before, **after}}
    told = sorted(((item, gap) for item, gap in gaps.items() if gap), key=lambda pair: (-abs(pair[1]), pair[0]))
    if len(told) > MOST_ITEMS:
        rest = math.fsum(gap for _, gap in told[MOST_ITEMS - 1 :])
        told = [*told[: MOST_ITEMS - 1], (f"{len(told) - MOST_ITEMS + 1} other items", rest)]
    told.sort(key=lambda pair: pair[1] < 0)
    begins = [math.fsum(gap for _, gap in told[:place]) for place in range(len(told))]
    return [(item, gap, begin) for (item, gap), begin in zip(told, begins, strict=True)]


def _waterfall(steps: Sequence[tuple[str, float, float]], gap: Estimate, scale: Axis, notes: Sequence[str]) -> Bars:
    """Return the steps and their sum; in its workbook all follows from one column, that of the changes."""
    rows = range(2, len(steps) + 2)
    begins, changes = [begin for *_, begin in steps], [amount for _, amount, _ in steps]
    lift = [min(begin, begin + change) for begin, change in zip(begins, changes, strict=True)]
    more, less = [max(change, 0.0) for change in changes], [max(-change, 0.0) for change in changes]
    beside = [abs(change) for change in changes]
    lift_by = [f"=MIN(SUM(G$1:G{row - 1}),SUM(G$1:G{row}))" for row in rows]
    whole = Label(usd_format(gap.mean, "+"))
    known = () if math.isnan(gap.low) else (*[None] * len(steps), *whiskers([gap]))
    unseen, unsaid = [None] * (len(steps) + 1), [None] * (len(steps) + 1)
    said = [Label(usd_format(change, "+" if change > 0 else "-"), beyond=True) for change in changes]
    series = (
        Series("lift (not shown)", [*lift, 0.0], unseen, unsaid, formulas=[*lift_by, ""]),
        Series("adds", [*more, 0.0], [MORE] * len(unseen), unsaid, formulas=[*(f"=MAX(G{row},0)" for row in rows), ""]),
        Series(
            "saves", [*less, 0.0], [LESS] * len(unseen), unsaid, formulas=[*(f"=MAX(-G{row},0)" for row in rows), ""]
        ),
        Series(
            "label (not shown)",
            [*beside, 0.0],
            unseen,
            [*said, None],
            formulas=[*(f"=ABS(G{row})" for row in rows), ""],
        ),
        Series(
            "all of it",
            [*[0.0] * len(steps), gap.mean],
            [WHOLE] * len(unseen),
            [*unsaid[:-1], whole],
            known,
            formulas=[*[""] * len(steps), f"=SUM(G2:G{len(steps) + 1})"],
        ),
    )
    spoken = f"Waterfall chart. {'; '.join(notes[1:])}."
    labels = [*(item for item, *_ in steps), "all of it"]
    change = Column("change: edit this", [*changes, None])
    return Bars(labels, series, scale, spoken, stacked=True, beside=[change])
