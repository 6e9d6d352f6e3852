"""What nobody reads, how old answers are, and how long users wait."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from simulator.report import format as form
from simulator.report.brief import Brief
from simulator.report.plan_styles import drawn_plans, plan_styles
from simulator.report.slides.cost_slides import WIDE, chance_caption, interval_notes, whiskers
from simulator.report.slides.deck import Bars, Column, Label, Paint, Series, Slide
from simulator.report.slides.naming import beside_bars
from simulator.report.slides.scales import away, axis, count_format, time_format, time_unit

PALE = 0.72
"""Fading of what is never read, and of a median beside its tail."""
LEAST_LABELLED = 0.1
"""A part of a bar has its number in it where it is so long, as a share of the axis."""


def service_slides(brief: Brief) -> Iterator[Slide]:
    """Yield those that apply."""
    yield from waste_slide(brief)
    yield from freshness_slide(brief)
    yield from latency_slide(brief)


def waste_slide(brief: Brief) -> Iterator[Slide]:
    """Yield the predictions of each plan, read and never read, where any plan keeps what it computes."""
    from simulator.report.charts.reads import Reads, read_title  # noqa: PLC0415  (matplotlib is imported with it)

    comparison = brief.comparison
    reads = {name: Reads.of(comparison.plans[name]) for name in drawn_plans(comparison)}
    keeps = any(comparison.scenario.plans[name].has_store for name in reads)
    if not keeps or not any(one.computed for one in reads.values()):
        return
    names = sorted(reads, key=lambda name: -reads[name].computed)
    horizon, styles = form.exact_duration(comparison.scenario.horizon_s), plan_styles(comparison)
    most = [reads[name].computed for name in names]
    scale = axis(f"Predictions computed in {horizon}", "", most)
    scale = replace(scale, number_format=count_format(scale.step or 1.0, 1))
    read, unread = [reads[name].read for name in names], [reads[name].unread for name in names]
    series = (
        Series("read", read, [Paint.of(styles[name]) for name in names], _counts(read, scale.high)),
        Series("never read", unread, [Paint.of(styles[name], PALE) for name in names], _counts(unread, scale.high)),
        Series(
            "computed (not shown)",
            most,
            [None] * len(names),
            [Label(away(count_format(computed)), beyond=True) for computed in most],
            formulas=[f"=B{row}+C{row}" for row in range(2, len(names) + 2)],
        ),
    )
    said = [
        f"{brief.plan_names[name]}: {form.count(one.computed)} computed, {form.about_share(one.unread_fraction)} never read"
        for name, one in ((name, reads[name]) for name in names)
    ]
    spent = interval_notes(brief, "wasted_usd_per_month", names)
    bars = Bars(
        [beside_bars(names)[name] for name in names],
        series,
        scale,
        f"Stacked bars of the predictions that each plan computes, read and never read. {'; '.join(said)}.",
        stacked=True,
        beside=[Column("share never read", [reads[name].unread_fraction for name in names])],
    )
    caption = f"Predictions computed in {horizon}: read (full colour) and never read (pale)"
    notes = [*said, "Spent on the never read, per month, its storage included:", *spent]
    yield Slide("waste", read_title(comparison), bars, caption, notes)


def _counts(values: Sequence[float], most: float | None) -> list[Label | None]:
    least = LEAST_LABELLED * (most or 1.0)
    return [Label(count_format(value)) if value > least else None for value in values]


def freshness_slide(brief: Brief) -> Iterator[Slide]:
    """Yield how old the predictions of each plan are when they are served, where any plan serves one."""
    from simulator.report.charts.distributions import age_title  # noqa: PLC0415

    bound_s = brief.comparison.scenario.slo.age_p95_s
    bound = "" if bound_s is None else f"; bound: {form.exact_duration(bound_s)} at p95"
    caption = f"Age when served: p95 (full colour), median (pale){bound}"
    yield from _times(brief, "freshness", age_title(brief.comparison), caption, ("age_p95_s", "age_p50_s"))


def latency_slide(brief: Brief) -> Iterator[Slide]:
    """Yield how long users wait, where there are requests."""
    from simulator.report.charts.distributions import latency_title  # noqa: PLC0415

    bound_s = brief.comparison.scenario.slo.latency_p99_s
    bound = "" if bound_s is None else f"; bound: {form.exact_duration(bound_s)} at p99"
    caption = f"What users wait: p99 (full colour), median (pale){bound}"
    yield from _times(brief, "latency", latency_title(brief.comparison), caption, ("latency_p99_s", "latency_p50_s"))


def _times(brief: Brief, name: str, title: str, caption: str, metrics: Sequence[str]) -> Iterator[Slide]:
    """Yield two bars for each plan: the tail, and the median."""
    comparison = brief.comparison
    plans = [plan for plan in drawn_plans(comparison) if all(m in comparison.plans[plan].metrics for m in metrics)]
    if not plans:
        return
    plans.sort(key=lambda plan: comparison.plans[plan].metrics[metrics[0]].mean)
    found = {metric: [comparison.plans[plan].metrics[metric] for plan in plans] for metric in metrics}
    unit_s, unit = time_unit([each.mean for each in found[metrics[0]]])
    ends = [end / unit_s for each in found[metrics[0]] for end in (each.mean, each.high) if end == end]  # noqa: PLR0124
    styles, what = plan_styles(comparison), form.capital(name if name == "latency" else "age")
    scale = axis(f"{what}, {unit}", "General", ends)
    series = []
    for metric, fading in zip(metrics, (0.0, PALE), strict=True):
        wide = WIDE * (scale.high or 1.0) * unit_s
        series.append(
            Series(
                form.metric_label(metric),
                [each.mean / unit_s for each in found[metric]],
                [Paint.of(styles[plan], fading) for plan in plans],
                [Label(time_format(each.mean / unit_s, unit), inside=each.half_width > wide) for each in found[metric]],
                [(below / unit_s, above / unit_s) for below, above in whiskers(found[metric])],
            )
        )
    notes = [
        f"{form.capital(form.metric_label(metric))}: {text}"
        for metric in metrics
        for text in interval_notes(brief, metric, plans)
    ]
    shown = [beside_bars(plans)[plan] for plan in plans]
    bars = Bars(shown, series, scale, f"Bar chart, two bars for each plan. {'; '.join(notes)}.")
    yield Slide(name, title, bars, caption + chance_caption(comparison), notes)
